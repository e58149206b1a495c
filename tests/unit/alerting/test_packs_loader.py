"""Packs are read strictly, and everything wrong is told at once, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.loader import find_pack, load_pack

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
    ("rules.yaml", "${catalog}", "${database}", "13:5", "placeholder ${database} is unknown"),
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
    bad = RULES.replace("mail,", "mial,").replace("${catalog}", "${c}")
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
