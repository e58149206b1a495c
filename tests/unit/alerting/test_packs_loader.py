"""Packs are read strictly, and everything wrong is told at once, with its place."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.loader import find_pack, load_pack
from databricks_alerts.packs.records import rule_rows

MANIFEST = """\
name: small
version: 1.0.0
description: A small pack
defaults: {owner: me@example.com}
variables:
  limit: {description: A limit, type: number, minimum: 1, default: 10}
destinations:
  - {id: mail, name: Mail, type: EMAIL, owner: me@example.com, config: {addresses: [a@b.example]}}
tables:
  events: {at: TIMESTAMP, event_date: DATE, cost: DOUBLE}
"""
RULES = """\
domain: COST
rules:
  - id: A-1
    name: A rule
    severity: WARNING
    description: What it is
    runbook: What to do
    channels: [mail, someone@example.com]
    schedule: 0 0 8 * * ?
    notify_on_ok: true
    retrigger_seconds: 0
    threshold: {column: n, operator: ">", value: 1}
    query: SELECT count(*) AS n FROM ${catalog}.${gold_schema}.events WHERE cost > {{ var.limit }}
    tests:
      - name: nothing
        rows: {events: []}
        expect: {state: OK, value: 0}
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "pack.yaml").write_text(MANIFEST)
    (folder / "rules.yaml").write_text(RULES)
    return folder


def _problems(folder: Path) -> list[str]:
    with pytest.raises(ConfigurationError) as caught:
        load_pack(folder)
    return [line.replace(f"{folder}/", "") for line in str(caught.value).splitlines()]


def test_a_good_pack_knows_where_each_rule_stands(folder: Path) -> None:
    pack = load_pack(folder)
    located = pack.rule("A-1")
    assert (located.domain, located.rule.name) == ("COST", "A rule")
    assert str(located.source) == f"{folder / 'rules.yaml'}:3:5"


CHANGES = [
    # file, old, new, where, what
    ("rules.yaml", "name: A rule", "nmae: A rule", "4:5", "nmae: unknown key; allowed: id, name,"),
    ("rules.yaml", "    name: A rule\n", "", "3:5", "name: is missing"),
    ("rules.yaml", "severity: WARNING", "severity: HIGH", "5:5", "allowed: 'CRITICAL', 'WARNING'"),
    ("rules.yaml", "domain: COST", "domain: ' '", "1:1", "agent_domain is blank"),
    ("rules.yaml", 'operator: ">"', 'operator: "=>"', "12:28", "'=>' is not allowed; allowed: '>'"),
    ("rules.yaml", ", value: 1}", "}", "12:5", "operator > needs a value"),
    ("rules.yaml", "column: n,", "column: n, colour: red,", "12:28", "colour: unknown key"),
    ("rules.yaml", "notify_on_ok: true", 'notify_on_ok: "true"', "10:5", "found 'true'"),
    ("rules.yaml", "retrigger_seconds: 0", "retrigger_seconds: -1", "11:5", "found -1"),
    ("rules.yaml", "[mail,", "[mial,", "8:5", "'mial' is no destination of the pack"),
    ("rules.yaml", "var.limit", "var.limits", "13:5", "variable limits is unknown; pack.yaml has"),
    ("rules.yaml", "{{ var.limit }}", "'{{ var.limit }}'", "13:5", "limit stands in quotes"),
    ("rules.yaml", "${catalog}", "${catlog}", "13:5", "did you mean ${catalog}?"),
    ("rules.yaml", "events: []", "event: []", "16:16", "table event is unknown"),
    ("rules.yaml", "events: []", "events: [{costs: 1}]", "16:25", "column costs is unknown"),
    ("rules.yaml", "events: []", "events: [{at: noon}]", "16:25", "'noon' is not now, now-90m"),
    ("rules.yaml", "state: OK", "state: ok", "17:18", "'ok' is not allowed"),
    ("rules.yaml", "    name: A rule", "    name: A rule\n    name: B", "5:5", "not legal YAML"),
    ("rules.yaml", "rules:", "rules: [", "3:3", "not legal YAML"),
    ("pack.yaml", "name: small", "name: tiny", "1:1", "'tiny' is not the folder's name 'small'"),
    ("pack.yaml", "default: 10", "default: 0", "6:59", "0 is below the minimum 1"),
    ("pack.yaml", "default: 10", "default: ten", "6:59", "'ten' is not a number"),
    ("pack.yaml", "{addresses: [a@b.example]}", "{url: x}", "8:5", "addresses is missing; url is"),
    ("pack.yaml", "cost: DOUBLE", "cost: MONEY", "10:45", "found 'MONEY'"),
    ("pack.yaml", "{owner: me@", "{time_zone: Mars/Base, owner: me@", "4:12", "'Mars/Base' is no"),
    (
        "rules.yaml",
        "notify_on_ok",
        "time_zone: ../x\n    notify_on_ok",
        "10:5",
        "'../x' is no IANA",
    ),
    ("pack.yaml", "version: 1.0.0", "version: one", "2:1", "found 'one'"),
]


@pytest.mark.parametrize(
    ("file", "old", "new", "where", "what"), CHANGES, ids=[f"{c[1]} -> {c[2]}" for c in CHANGES]
)
def test_a_mistake_is_told_with_its_place(
    folder: Path, file: str, old: str, new: str, where: str, what: str
) -> None:
    path = folder / file
    assert old in path.read_text()
    path.write_text(path.read_text().replace(old, new, 1))
    told = _problems(folder)
    assert [line for line in told if line.startswith(f"{file}:{where}: ") and what in line], told


def test_all_mistakes_of_all_files_are_told_at_once_in_order(folder: Path) -> None:
    (folder / "pack.yaml").write_text(MANIFEST.replace("default: 10", "default: 0"))
    bad = RULES.replace("mail,", "mial,").replace("${catalog}", "${catlog}")
    (folder / "rules.yaml").write_text(bad)
    (folder / "more.yaml").write_text(RULES.replace("severity: WARNING", "severity: LOW"))
    places = [line.split(": ")[0] for line in _problems(folder)]
    assert places == ["more.yaml:5:5", "pack.yaml:6:59", "rules.yaml:8:5", "rules.yaml:13:5"]


def test_an_id_given_in_two_files_is_told_at_both(folder: Path) -> None:
    (folder / "more.yaml").write_text(RULES)
    assert _problems(folder) == [
        "more.yaml:3:5: id: A-1 is given 2 times",
        "rules.yaml:3:5: id: A-1 is given 2 times",
    ]


def test_a_folder_without_a_manifest_is_no_pack(folder: Path) -> None:
    (folder / "pack.yaml").unlink()
    assert _problems(folder) == ["pack.yaml:1:1: cannot be read: No such file or directory"]


def test_an_unknown_pack_is_told_with_the_known_ones(folder: Path) -> None:
    assert find_pack("small", folder.parent) == folder
    with pytest.raises(ConfigurationError, match=r"no pack 'large'.*There is: small\."):
        find_pack("large", folder.parent)


def test_a_pack_name_cannot_leave_its_folder(folder: Path) -> None:
    with pytest.raises(ConfigurationError, match="no pack"):
        find_pack(f"../{folder.parent.name}/small", folder.parent)


@pytest.mark.slow
def test_a_file_nested_too_deeply_is_told(folder: Path) -> None:
    (folder / "rules.yaml").write_text("domain: " + "[" * 5000)
    assert _problems(folder) == ["rules.yaml:1:1: not legal YAML: nested too deeply"]


NASTY = st.sampled_from(
    [
        "{",
        "]",
        ": ",
        "- ",
        "&a ",
        "*a",
        "!!int x",
        "!!float y",
        "!x ",
        "? [a]",
        "\t",
        "'",
        "<<: *a",
        "\x00",
        "null",
        "{{ var.x }}",
        "${",
        "1e999",
        "0x1f",
        "2026-01-01",
        ".nan",
        "\n---\n",
        "%YAML 9",
        "é",
        "1_0",
        ">+",
        "#",
    ]
)


@given(at=st.integers(0, len(RULES)), cut=st.integers(0, 40), text=NASTY | st.text(max_size=5))
@settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None
)
def test_a_broken_file_is_a_pack_or_a_clear_error_and_never_a_crash(
    folder: Path, at: int, cut: int, text: str
) -> None:
    broken = RULES[:at] + text + RULES[at + cut :]
    (folder / "rules.yaml").write_text(broken, encoding="utf-8")
    try:
        load_pack(folder)
    except ConfigurationError as error:
        lines = str(error).splitlines()
        assert lines[0].startswith(f"{folder}/rules.yaml:")


SHORT = """\
rules:
  - id: A-1
    name: A rule
    schedule: 0 0 8 * * ?
    threshold: {column: n, operator: ">", value: 1}
    query: SELECT count(*) AS n FROM ${catalog}.${gold_schema}.events
"""


def _short(folder: Path, manifest: str = "name: small\n", rules: str = SHORT) -> Path:
    (folder / "rules.yaml").unlink()
    (folder / "pack.yaml").write_text(manifest)
    (folder / "my_costs.yaml").write_text(rules)
    return folder


def test_a_rule_needs_no_more_than_what_it_computes_and_when(folder: Path) -> None:
    pack = load_pack(_short(folder))
    [located] = pack.rules
    rule = located.rule
    assert located.domain == "MY_COSTS"
    assert (rule.severity, rule.channels, rule.pause_status) == ("WARNING", (), "PAUSED")
    assert (rule.notify_on_ok, rule.retrigger_seconds, rule.time_zone) == (False, 0, "UTC")
    [row] = rule_rows(pack, {}, "ann")
    assert (row["owner"], row["alert_description"], row["agent_domain"]) == (
        "ann",
        None,
        "MY_COSTS",
    )


FIELDS = {
    "severity": ("INFO", "CRITICAL", "WARNING"),
    "description": ("a", "b", "c"),
    "runbook": ("a", "b", "c"),
    "channels": (["a@x.example"], ["b@x.example"], ["c@x.example"]),
    "notify_on_ok": (True, False, True),
    "retrigger_seconds": (60, 0, 120),
    "owner": ("a", "b", "c"),
    "time_zone": ("Europe/Paris", "UTC", "Asia/Tokyo"),
    "aggregation": ("SUM", "FIRST", "MAX"),
    "empty_result_state": ("ERROR", "OK", "TRIGGERED"),
    "pause_status": ("UNPAUSED", "PAUSED", "UNPAUSED"),
}


@given(
    field=st.sampled_from(sorted(FIELDS)),
    said=st.tuples(st.booleans(), st.booleans(), st.booleans()),
)
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_the_nearest_that_says_a_field_wins(
    tmp_path_factory: pytest.TempPathFactory, field: str, said: tuple[bool, bool, bool]
) -> None:
    folder = tmp_path_factory.mktemp("packs") / "small"
    folder.mkdir()
    of_pack, of_file, of_rule = FIELDS[field]
    manifest: dict[str, object] = {"name": "small"}
    rule: dict[str, object] = {
        "id": "A-1",
        "name": "A rule",
        "schedule": "0 0 8 * * ?",
        "threshold": {"column": "n", "operator": ">", "value": 1},
        "query": "SELECT 1 AS n",
    }
    rules: dict[str, object] = {"domain": "COST", "rules": [rule]}
    if said[0]:
        manifest["defaults"] = {field: of_pack}
    if said[1]:
        rules["defaults"] = {field: of_file}
    if said[2]:
        rule[field] = of_rule
    (folder / "pack.yaml").write_text(json.dumps(manifest))
    (folder / "cost.yaml").write_text(json.dumps(rules))
    found = getattr(load_pack(folder).rules[0].rule, field)
    wanted = next((v for s, v in zip(said[::-1], FIELDS[field][::-1], strict=True) if s), None)
    if wanted is not None:
        assert found == (tuple(wanted) if isinstance(wanted, list) else wanted)


def test_tags_of_all_three_add_up_and_the_nearest_wins(folder: Path) -> None:
    manifest = "name: small\ndefaults: {tags: {team: a, pack: a, of: pack}}\n"
    rules = "defaults: {tags: {team: b, file: b}}\n" + SHORT + "    tags: {team: c}\n"
    pack = load_pack(_short(folder, manifest, rules))
    assert pack.rules[0].rule.tags == {"team": "c", "file": "b", "pack": "a", "of": "pack"}


def test_a_query_may_stand_in_a_file_beside_the_rules(folder: Path) -> None:
    (folder / "sql").mkdir()
    (folder / "sql" / "events.sql").write_text("SELECT 1 AS n")
    rules = SHORT[: SHORT.index("    query:")] + "    query_file: sql/events.sql\n"
    assert load_pack(_short(folder, rules=rules)).rules[0].rule.query == "SELECT 1 AS n"


@pytest.mark.parametrize(
    ("given_", "said"),
    [
        ("query_file: gone.sql", "cannot read"),
        ("query_file: ../pack.yaml", "is not below"),
        ("query_file: /etc/hostname", "is not below"),
        ("query_file: empty.sql", "is empty"),
        ("query_file: binary.sql", "not UTF-8"),
        ("query_file: a.sql\n    query: SELECT 1", "either query or query_file"),
        ("tags: {}", "either query or query_file"),
    ],
)
def test_a_query_file_that_is_no_good_is_told_with_its_place(
    folder: Path, given_: str, said: str
) -> None:
    (folder / "empty.sql").write_text("\n")
    (folder / "binary.sql").write_bytes(b"\xff\xfe")
    rules = SHORT[: SHORT.index("    query:")] + f"    {given_}\n"
    [problem] = _problems(_short(folder, rules=rules))
    assert said in problem
    assert problem.startswith("my_costs.yaml:")
