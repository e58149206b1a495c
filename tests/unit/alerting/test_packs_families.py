"""`for_each`: one rule a member, each with what is its own, and no value that means more."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlglot import exp

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.authored import ForEach, Manifest, PackRule, RuleDefaults
from databricks_alerts.packs.document import Problem
from databricks_alerts.packs.expansion import rules_of_family
from databricks_alerts.packs.families import REFERENCE
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.model import CompleteRule, Family, LocatedRule, Source
from databricks_alerts.packs.records import FAMILY_TAG, rule_rows
from databricks_alerts.rules.templates import render_values

MANIFEST = """\
name: small
tables:
  orders: {at: TIMESTAMP}
  invoices: {at: TIMESTAMP}
"""
RULES = """\
domain: QUALITY
rules:
  - id: QUAL-002
    name: Late rows in {{ each.label }}
    schedule: 0 0 8 * * ?
    threshold: {column: late, operator: ">", value: "{{ each.most }}"}
    query: |
      SELECT count(*) AS late, {{ each.label }} AS what
      FROM ${catalog}.${gold_schema}.`{{ each.table }}` -- {{ each.label }}
    for_each:
      key: table
      members:
        - {table: orders, label: Orders, most: 5}
        - {table: invoices, label: "Anna's bills", most: 7}
      overrides:
        invoices: {threshold: 9, severity: CRITICAL, schedule: 0 0 9 * * ?, owner: anna}
    tests:
      - name: no {{ each.label }}
        rows: {"{{ each.table }}": []}
        expect: {state: OK, value: 0}
      - name: of orders alone
        members: [orders]
        rows: {orders: [{at: now, times: 6}]}
        expect: {state: TRIGGERED, value: 6}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "pack.yaml").write_text(MANIFEST)
    (folder / "rules.yaml").write_text(RULES)
    return folder


def test_each_member_is_a_rule_with_its_values_put_in(folder: Path) -> None:
    pack = load_pack(folder)
    assert [item.rule.id for item in pack.rules] == ["QUAL-002@invoices", "QUAL-002@orders"]
    invoices, orders = (item.rule for item in pack.rules)
    assert (invoices.name, orders.name) == ("Late rows in Anna's bills", "Late rows in Orders")
    assert (invoices.threshold.value, orders.threshold.value) == (9, 5)
    assert (invoices.severity, orders.severity) == ("CRITICAL", "WARNING")
    assert (invoices.owner, orders.owner) == ("anna", None)
    assert invoices.query == (
        "SELECT count(*) AS late, 'Anna\\'s bills' AS what\n"
        "FROM ${catalog}.${gold_schema}.`invoices` -- Anna's bills\n"
    )
    assert [len(item.tests) for item in pack.rules] == [1, 2]
    assert pack.rules[0].tests[0].rows == {"invoices": ()}
    rows = rule_rows(pack, {}, "me")
    assert {row["tags"][FAMILY_TAG] for row in rows} == {"QUAL-002"}
    assert pack.chosen("QUAL-002") == list(pack.rules)


CHANGES = [
    # old, new, line, what
    ("table: invoices, l", "table: orders, l", 12, "the member orders is given 2 times"),
    ("table: invoices, l", "table: my bills, l", 14, "'my bills' cannot be part of a rule's id"),
    ("table: invoices, l", "tabel: invoices, l", 14, "a member has no table, it has tabel, label"),
    ("        invoices: {thr", "        invoiced: {thr", 16, "invoiced, which is not there; did"),
    ("{threshold: 9, s", "{treshold: 9, s", 16, "treshold: unknown key; allowed: name, threshold"),
    ("{threshold: 9, severity: CRITICAL, schedule: 0 0 9 * * ?, owner: anna}", "{}", 16, "nothing"),
    ("members: [orders]", "members: [order]", 22, "the member order, which is not there; did you"),
    ("label: Orders, ", "", 4, "the member orders: it has no label for {{ each.label }}, it"),
    ("label: Orders, ", "label: 'a {{ b', ", 13, "the member orders: label is 'a {{ b'; a value"),
    ("label: Orders, ", 'label: "a\\nb", ', 13, "a value stands on one line"),
    ("label: Orders, ", "label: [x], ", 13, "a member is a number, a text, true or false, or a"),
    (
        "      key: table",
        "      limit: 1\n      key: table",
        13,
        "2 members, 1 are allowed; give fewer",
    ),
    ("      key: table", "      query: SELECT 1\n      key: table", 10, "either members or query"),
    ("      key: table", "      limit: 1001\n      key: table", 11, "less than or equal to 1000"),
    (
        "      overrides:",
        "      renamed_from: {bill: x}\n      overrides:",
        15,
        "the member bill, which is not there; remove it, or name one of invoices, orders",
    ),
    (
        "      overrides:",
        "      renamed_from: {invoices: orders}\n      overrides:",
        15,
        "invoices cannot be renamed from orders, which is a member itself",
    ),
    ("`{{ each.table }}`", "`{{ each.most }}`", 7, "cannot stand here: its value 5 is no name"),
    ("SELECT count(*)", "SELECT r{{ each.label }}, count(*)", 7, "raw literal with the r right"),
    ('value: "{{ each.most }}"', "value: 5", 0, ""),
]


@pytest.mark.parametrize(("old", "new", "line", "what"), CHANGES)
def test_what_is_wrong_is_told_with_file_line_rule_and_remedy(
    folder: Path, old: str, new: str, line: int, what: str
) -> None:
    assert old in RULES
    (folder / "rules.yaml").write_text(RULES.replace(old, new, 1))
    if not what:
        load_pack(folder)
        return
    with pytest.raises(ConfigurationError) as caught:
        load_pack(folder)
    [first, *_] = [text for text in str(caught.value).splitlines() if what in text] or [""]
    assert first.startswith(f"{folder}/rules.yaml:{line}:"), str(caught.value)


def test_an_empty_family_and_a_threshold_where_none_is_taken(folder: Path) -> None:
    text = RULES.replace('operator: ">", value: "{{ each.most }}"', "operator: IS NULL")
    (folder / "rules.yaml").write_text(text)
    with pytest.raises(ConfigurationError, match="operator IS NULL takes none; remove it"):
        load_pack(folder)
    head, _, _ = RULES.partition("      members:")
    (folder / "rules.yaml").write_text(head + "      members: []\n")
    with pytest.raises(ConfigurationError, match=r"members gives no member, .*; mend it"):
        load_pack(folder)


@pytest.mark.parametrize(
    ("old", "new", "what"),
    [
        ("members: [orders]", "members: [orders]", "names members, but the rule has no for_each"),
        ("name: Late rows in {{ each.label }}", "name: x", "stands for a member, but the rule has"),
    ],
)
def test_words_of_families_in_a_rule_that_is_none(
    folder: Path, old: str, new: str, what: str
) -> None:
    head, _, rest = RULES.replace(old, new).partition("    for_each:")
    (folder / "rules.yaml").write_text(head + rest[rest.index("    tests:") :])
    with pytest.raises(ConfigurationError, match=what):
        load_pack(folder)


def test_members_that_nobody_could_tell_apart_are_told(folder: Path) -> None:
    (folder / "rules.yaml").write_text(
        RULES.replace("name: Late rows in {{ each.label }}", "name: x")
    )
    with pytest.raises(ConfigurationError) as caught:
        load_pack(folder)
    assert str(caught.value).startswith(
        f"{folder}/rules.yaml:4:5: QUAL-002: the members invoices, orders are all called 'x'; say"
    )


def test_the_example_of_the_readme_is_a_pack(folder: Path) -> None:
    readme = (Path(__file__).parents[3] / "packs" / "README.md").read_text()
    [block] = [part for part in readme.split("```") if "for_each:" in part and "id:" in part]
    (folder / "rules.yaml").write_text("rules:\n" + block.removeprefix("yaml\n"))
    bills, orders = load_pack(folder).rules
    assert (bills.rule.id, bills.rule.renamed_from) == ("QUAL-002@bills", "QUAL-002@invoices")
    assert (bills.rule.threshold.value, orders.rule.threshold.value) == (20, 5)
    assert orders.rule.query.endswith("`orders`\nWHERE region = 'EU'\n")


def test_what_all_members_have_wrong_is_told_once(folder: Path) -> None:
    (folder / "rules.yaml").write_text(
        RULES.replace("    for_each", "    channels: [x]\n    for_each")
    )
    with pytest.raises(ConfigurationError) as caught:
        load_pack(folder)
    assert str(caught.value).count("'x' is no destination") == 1


# Properties: whatever a family's members are.

KEYS = st.from_regex(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,9}", fullmatch=True)
TEXTS = st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S", "Zs"]), max_size=12)
NASTY = st.lists(
    st.sampled_from(["'", '"', "`", "\\", "--", "/*", "*/", "\n", "{", "}", ";", "x", " "]),
    max_size=12,
).map("".join)
VALUES = TEXTS | NASTY | st.integers(-(10**9), 10**9) | st.booleans() | st.floats(-1e9, 1e9)
FIELDS = st.fixed_dictionaries({"label": TEXTS, "most": st.integers(0, 99)})
OVERRIDES = st.fixed_dictionaries(
    {},
    optional={
        "threshold": st.integers(100, 199),
        "severity": st.sampled_from(["CRITICAL", "INFO"]),
        "schedule": st.just("0 0 9 * * ?"),
        "owner": st.sampled_from(["anna", "ben"]),
        "enabled": st.booleans(),
        "tags": st.dictionaries(st.sampled_from("ab"), st.just("x"), min_size=1),
    },
).filter(bool)


def _family(each: Mapping[str, Any], **more: Any) -> Family:
    rule = {
        "id": "F",
        "name": "{{ each.key }}",
        "query": "SELECT 1",
        "schedule": "0 0 8 * * ?",
        "threshold": {"column": "n", "operator": ">", "value": "{{ each.most }}"},
        **more,
    }
    written = PackRule.model_validate({**rule, "for_each": {"members": [], **each}})
    assert written.for_each
    return Family(
        written,
        written.query or "",
        (RuleDefaults(), RuleDefaults()),
        "QUALITY",
        written.for_each,
        lambda _: Source(Path("rules.yaml"), 1, 1),
    )


def _expanded(family: Family, members: Sequence[Any]) -> tuple[list[LocatedRule], list[Problem]]:
    problems: list[Problem] = []
    found = rules_of_family(family, members, Manifest(name="p"), problems)
    return found, problems


def _harmless(text: str) -> bool:
    return text.isprintable() and not any(mark in text for mark in ("{{", "}}", "${"))


@settings(deadline=None)
@given(
    st.dictionaries(KEYS, FIELDS, min_size=1, max_size=8),
    st.dictionaries(KEYS, OVERRIDES, max_size=4),
    st.randoms(),
)
def test_expansion_depends_on_members_only_and_overrides_reach_exactly_theirs(
    members: dict[str, dict[str, Any]], overrides: dict[str, dict[str, Any]], chance: random.Random
) -> None:
    members = {
        k: {**v, "label": v["label"] if _harmless(v["label"]) else ""} for k, v in members.items()
    }
    spoken = dict(zip(members, overrides.values(), strict=False))
    family = _family({"overrides": spoken})
    listed = [{"key": key, **fields} for key, fields in members.items()]
    found, problems = _expanded(family, listed)
    chance.shuffle(listed)
    again, _ = _expanded(family, listed)
    assert not problems
    assert [item.rule for item in found] == [item.rule for item in again]
    assert sorted(item.rule.id for item in found) == sorted(f"F@{key}" for key in members)
    plain = {item.rule.id: item.rule for item in _expanded(_family({}), listed)[0]}
    for located in found:
        rule = located.rule
        assert _said(rule) == _said(plain[rule.id]) | spoken.get(rule.member or "", {})


def _said(rule: CompleteRule) -> dict[str, Any]:
    return {
        "threshold": rule.threshold.value,
        "severity": rule.severity,
        "schedule": rule.schedule,
        "owner": rule.owner,
        "enabled": rule.enabled,
        "tags": dict(rule.tags),
    }


@settings(deadline=None)
@given(st.lists(KEYS, min_size=1, max_size=6), KEYS)
def test_a_key_given_twice_and_an_override_of_nobody_are_always_told(
    keys: list[str], other: str
) -> None:
    family = _family(
        {"overrides": {other: {"severity": "INFO"}}},
        threshold={"column": "n", "operator": ">", "value": 1},
    )
    _, problems = _expanded(family, keys)
    text = "\n".join(problem.message for problem in problems)
    assert ("times; each needs" in text) == (len(set(keys)) < len(keys))
    assert ("which is not there" in text) == (other not in keys)


PLACES = [
    "SELECT {{ each.v }} AS n FROM t",
    "SELECT '{{ each.v }}' AS n FROM t",
    'SELECT "x{{ each.v }}y" AS n FROM t',
    "SELECT 1 AS n FROM t -- {{ each.v }}\nWHERE a = 1",
    "SELECT 1 AS n /* {{ each.v }} */ FROM t",
    "SELECT 1 AS n FROM `{{ each.v }}` WHERE a = 1",
    "SELECT r'{{ each.v }}' AS n FROM t",
]


@settings(deadline=None)
@given(VALUES, st.sampled_from(PLACES))
def test_no_value_changes_what_a_query_is_made_of(value: Any, template: str) -> None:
    """The statement has the shape that any other value would give it."""
    filled, unknown = render_values(template, REFERENCE, {"v": value})
    if unknown:
        assert unknown[0].problem
        return
    assert _shape(filled) == _shape(
        REFERENCE.sub("x" if "`" in template else _plain(template), template)
    )


def _plain(template: str) -> str:
    return "'x'" if template.startswith("SELECT {{") else "x"


def _shape(query: str) -> list[str]:
    """The kinds of nodes in the query's tree; a literal's kind is left open."""
    kinds = []
    for node in sqlglot.parse_one(query, dialect="databricks").walk(bfs=False):
        if isinstance(node, exp.Literal | exp.Boolean | exp.RawString):
            kinds.append("value")
        elif not isinstance(node, exp.Neg | exp.Paren | exp.Cast | exp.DataType):
            kinds.append(type(node).__name__)
    return kinds


def test_for_each_has_one_source_of_members() -> None:
    with pytest.raises(ValueError, match="either members or query"):
        ForEach()


EVERYWHERE = """\
domain: QUALITY
rules:
  - id: QUAL-003
    name: "{{ each.key }}"
    description: "{{ each.key }}"
    runbook: "{{ each.key }}"
    owner: "{{ each.key }}@example.com"
    schedule: 0 0 {{ each.hour }} * * ?
    channels: ["{{ each.key }}@example.com"]
    tags: {team: "{{ each.key }}"}
    message: {subject: "{{ each.key }}", body: "of {{ each.key }}"}
    parameters: [{name: p, type: STRING, value: "{{ each.key }}"}]
    warehouse_id: "{{ each.key }}"
    folder: "{{ each.key }}"
    run_as: "{{ each.key }}@example.com"
    runbook_url: https://example.com/{{ each.key }}
    threshold: {column: "{{ each.key }}", operator: ">", value_column: "{{ each.key }}_limit"}
    query: SELECT 1 AS `{{ each.key }}`, 2 AS `{{ each.key }}_limit` WHERE :p = {{ each.key }}
    enabled: false
    for_each:
      members: [{key: orders, hour: 7}, {key: bills, hour: 8}]
      overrides:
        bills: {enabled: true, folder: elsewhere, message: {body: "bills alone"}}
"""


def test_a_members_values_reach_every_field(folder: Path) -> None:
    (folder / "rules.yaml").write_text(EVERYWHERE)
    said = {item.rule.id.partition("@")[2]: item.rule for item in load_pack(folder).rules}
    orders, bills = said["orders"], said["bills"]
    assert "each." not in repr((orders, bills)).replace("for_each", "")
    assert (orders.enabled, bills.enabled) == (False, True)
    assert (orders.folder, bills.folder) == ("orders", "elsewhere")
    assert orders.message is not None
    assert (orders.message.subject, orders.message.body) == ("orders", "of orders")
    assert orders.parameters is not None
    assert orders.parameters[0].value == "orders"
    assert orders.threshold.value_column == "orders_limit"
    # What a pack's author can write as a text is in this test; a new field fails here.
    texts = {name for name in vars(orders) if isinstance(getattr(orders, name), str)}
    fixed = {"id", "query", "family", "severity", "aggregation", "empty_result_state"}
    for name in texts - fixed - {"pause_status", "time_zone"}:
        assert "orders" in getattr(orders, name) or name == "schedule", name
