"""The linter's parts: duplicates, comments that silence, whose rules are looked at, the list."""

from __future__ import annotations

import datetime as dt
import itertools
import json
import operator
import re
from pathlib import Path
from typing import Any

import pytest
import sqlglot
from test_lint_corpus import CLEAN, COUNT, FOUND, subject
from typer.testing import CliRunner

from databricks_alerts.cli.app import app
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.lint import CHECKS, lint, of_pack
from databricks_alerts.lint.moments import moment
from databricks_alerts.lint.run import COMMENT
from databricks_alerts.lint.silence import ignores_of
from databricks_alerts.lint.thresholds import _stronger
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.scaffold.origin import project_files

ROOT = Path(__file__).parents[3]
DATA = ROOT / "tests"
SIGNS = {
    ">": operator.gt, ">=": operator.ge, "<": operator.lt,
    "<=": operator.le, "=": operator.eq, "!=": operator.ne,
}  # fmt: skip


# --- duplicates ---------------------------------------------------------------------------------

BASE = "SELECT count(*) AS n FROM c.s.t WHERE a = 1 AND (b > 2 OR c IS NULL) -- first"
SAME = [
    "select COUNT(*) as N\nfrom C.S.T where (b > 2 or c is null) and a = 1",
    "SELECT count(*) AS `n` FROM `c`.`s`.`t` WHERE ((a = 1) AND ((c IS NULL) OR (b > 2)))",
    "/* why */ SELECT count( * ) n FROM c.s.t WHERE a=1 AND (b>2 OR c IS NULL)",
]
OTHER = [
    "SELECT count(*) AS n FROM c.s.t WHERE a = 2 AND (b > 2 OR c IS NULL)",
    "SELECT count(*) AS n FROM c.s.u WHERE a = 1 AND (b > 2 OR c IS NULL)",
    "SELECT count(*) AS n FROM c.s.t WHERE a = 1 AND b > 2 OR c IS NULL",
    "SELECT count(*) AS n FROM c.s.t WHERE a = 1 AND (b > 2 OR c IS NOT NULL)",
    "SELECT count(*) AS n FROM c.s.t WHERE a = '1' AND (b > 2 OR c IS NULL)",
]


@pytest.mark.parametrize("query", SAME)
def test_two_spellings_of_one_query_are_duplicates(query: str) -> None:
    one, two = subject(BASE, key="A"), subject(query, key="B", value=10.0)
    (found,) = lint([one, two])
    assert (found.code, found.key) == ("L001", "B")
    assert "A (rules.yaml:1)" in found.what


@pytest.mark.parametrize("query", OTHER)
def test_another_query_is_no_duplicate(query: str) -> None:
    assert lint([subject(BASE, key="A"), subject(query, key="B")]) == []


@pytest.mark.parametrize("more", [{"value": 11}, {"operator": ">="}, {"aggregation": "MAX"}])
def test_another_threshold_is_another_rule(more: dict[str, Any]) -> None:
    assert lint([subject(BASE, key="A"), subject(BASE, key="B", **more)]) == []


QUERIES = [query for _, query, _ in FOUND] + [query for query, _ in CLEAN]


def test_a_query_is_a_duplicate_of_itself_printed_anew() -> None:
    for query in QUERIES:
        if "L001" in query or "|>" in query:  # silenced, or beyond sqlglot
            continue
        printed = sqlglot.transpile(query, read="databricks", write="databricks", pretty=True)[0]
        found = lint([subject(query, key="A"), subject(printed, key="B")])
        assert "L001" in [item.code for item in found if item.key == "B"], query


# --- thresholds ---------------------------------------------------------------------------------


def test_a_filter_is_stronger_than_a_threshold_exactly_where_it_lets_through_less() -> None:
    values = [number / 4 for number in range(-12, 25)]
    for sign, wanted in itertools.product(SIGNS, SIGNS):
        for limit, value in itertools.product([0.0, 1.0, 2.0], repeat=2):
            passing = [x for x in values if SIGNS[sign](x, limit)]
            means = all(SIGNS[wanted](x, value) for x in passing)
            assert _stronger(sign, limit, wanted, value) == means, (sign, limit, wanted, value)


# --- moments ------------------------------------------------------------------------------------

PRESENT = dt.datetime(2027, 3, 17, 13, 47, 11, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("current_timestamp() - INTERVAL 7 DAY - INTERVAL 1 HOUR", "2027-03-10 12:47:11"),
        ("now() - INTERVAL '15 minutes'", "2027-03-17 13:32:11"),
        ("current_timestamp - INTERVAL 1 DAY 2 HOURS", "2027-03-16 11:47:11"),
        ("current_date() - 7", "2027-03-10 00:00:00"),
        ("date_sub(current_date(), 7)", "2027-03-10 00:00:00"),
        ("date_add(now(), -7)", "2027-03-10 00:00:00"),
        ("dateadd(HOUR, -2, current_date())", "2027-03-16 22:00:00"),
        ("timestampadd(MONTH, -1, now())", "2027-02-17 13:47:11"),
        ("add_months(current_date(), -2)", "2027-01-17 00:00:00"),
        ("date_trunc('HOUR', now()) - INTERVAL 1 HOUR", "2027-03-17 12:00:00"),
        ("date_trunc('WEEK', current_date())", "2027-03-15 00:00:00"),
        ("trunc(current_date(), 'MM')", "2027-03-01 00:00:00"),
        ("to_date(now() - INTERVAL 2 DAYS)", "2027-03-15 00:00:00"),
        ("now()::date", "2027-03-17 00:00:00"),
        ("now() - make_interval(0, 1)", None),
        ("current_date() - x", None),
        ("now() - INTERVAL 'x' HOUR", None),
        ("to_date(now() - INTERVAL 2 HOURS)", None),
        ("greatest(now(), ts)", None),
    ],
)
def test_what_is_counted_from_the_present_is_read(text: str, shown: str | None) -> None:
    found = moment(sqlglot.parse_one(text, read="databricks"))
    assert (found and f"{found.at(PRESENT):%Y-%m-%d %H:%M:%S}") == shown


@pytest.mark.parametrize("minutes", [1, 5, 10, 15, 16, 17, 20, 30, 60])
@pytest.mark.parametrize("every", [5, 15, 30])
def test_a_window_has_to_be_longer_than_the_time_between_two_runs(minutes: int, every: int) -> None:
    query = f"{COUNT} WHERE ts > now() - INTERVAL {minutes} MINUTES"
    found = lint([subject(query, schedule=f"0 */{every} * * * ?")])
    assert bool(found) == (minutes < every * 1.1)
    assert all(("never looked at:" in item.what) == (minutes < every) for item in found)


# --- silence ------------------------------------------------------------------------------------

RANDOM = "SELECT count(*) AS n FROM c.s.t WHERE rand() < 0.1"


@pytest.mark.parametrize(
    "comment",
    [
        "-- alerts: ignore L003 a sample is enough",
        "-- ALERTS:ignore l003: a sample is enough",
        "/* alerts: ignore L003 a sample is enough */",
        "-- see above; alerts: ignore L003 a sample is enough",
    ],
)
def test_a_comment_with_a_code_and_a_reason_silences(comment: str) -> None:
    assert lint([subject(f"{comment}\n{RANDOM}")]) == []
    assert lint([subject(f"{RANDOM}\n{comment}")]) == []


def test_several_codes_share_a_reason() -> None:
    query = f"{RANDOM} AND ts > now() - INTERVAL 1 HOUR -- alerts: ignore L003, L007 as agreed"
    assert lint([subject(query)]) == []


@pytest.mark.parametrize("comment", ["-- alerts: ignore L003", "/* alerts: ignore L003 */"])
def test_without_a_reason_nothing_is_silenced(comment: str) -> None:
    found = lint([subject(f"{comment}\n{RANDOM}")])
    assert [item.code for item in found] == ["L003", "L000"]
    assert "gives no reason" in found[1].what


def test_text_that_looks_like_such_a_comment_is_none() -> None:
    assert list(ignores_of("SELECT '-- alerts: ignore L003 x' AS `alerts: ignore L003 y`")) == []
    query = RANDOM.replace("rand()", "rand() + length('-- alerts: ignore L003 x')")
    assert [item.code for item in lint([subject(query)])] == ["L003"]


def test_each_complaint_says_why_it_matters_and_what_to_do() -> None:
    (found,) = lint([subject(RANDOM)])
    assert found.what == "the query has rand()"
    assert found.reason
    assert found.remedy


# --- whose rules --------------------------------------------------------------------------------


def test_our_own_pack_has_nothing_to_complain_about() -> None:
    pack = load_pack(project_files() / "packs" / "health_monitor")
    subjects = of_pack(pack, ROOT)
    assert lint(subjects) == []
    assert len(subjects) == 29
    assert re.fullmatch(r"packs/health_monitor/\w+\.yaml:\d+", subjects[0].place)


@pytest.mark.parametrize(
    "file", ["unit/alerting/data/spark_explain.json", "integration/data/dialect_queries.json"]
)
def test_no_query_is_too_strange_to_be_looked_at(file: str) -> None:
    document = json.loads((DATA / file).read_text(encoding="utf-8"))
    cases = document["cases"] if isinstance(document, dict) else document
    queries = [case.get("query", case.get("sql", "")) for case in cases]
    assert len(queries) >= 30
    found = lint([subject(query, key=str(n)) for n, query in enumerate(queries)])
    assert {item.code for item in found} <= {check.code for check in CHECKS}


# --- the command --------------------------------------------------------------------------------

PACK = """\
name: small
version: 1.0.0
description: A small pack
tables: {}
"""
RULES = """\
domain: COST
rules:
  - id: A-1
    name: A rule
    severity: WARNING
    description: What it is
    runbook: What to do
    channels: [someone@example.com]
    schedule: 0 0 8 * * ?
    notify_on_ok: true
    retrigger_seconds: 0
    threshold: {column: n, operator: ">", value: 1}
    query: |
      SELECT count(*) AS n FROM ${catalog}.${gold_schema}.t WHERE rand() < ${share}
"""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A project with one pack, and we in it."""
    made = tmp_path / "packs" / "small"
    made.mkdir(parents=True)
    (tmp_path / "Pulumi.yaml").write_text("name: x\nruntime: python\n")
    (made / "pack.yaml").write_text(PACK)
    (made / "cost.yaml").write_text(RULES)
    monkeypatch.chdir(tmp_path)
    return made


@pytest.mark.parametrize(
    "arguments",
    [[], ["small"], ["packs/small"], ["packs/small/cost.yaml", "packs/small/pack.yaml"]],
)
def test_packs_are_named_by_name_folder_or_file(folder: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["lint", *arguments, "--json"])
    assert result.exit_code == 1
    (found,) = json.loads(result.stdout)
    assert (found["code"], found["key"]) == ("L003", "A-1")
    assert found["place"] == "packs/small/cost.yaml:3"


def test_nothing_found_is_status_0(folder: Path) -> None:
    (folder / "cost.yaml").write_text(RULES.replace("WHERE rand() < ${share}", ""))
    result = CliRunner().invoke(app, ["lint", "--json"])
    assert (result.exit_code, json.loads(result.stdout)) == (0, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["nope"], "There is: small"),
        (["Pulumi.yaml"], "Pulumi.yaml belongs to no pack"),
        (["small", "-s", "dev"], "not both"),
    ],
)
def test_what_is_no_pack_is_refused(folder: Path, arguments: list[str], said: str) -> None:
    result = CliRunner().invoke(app, ["lint", *arguments])
    assert isinstance(result.exception, ConfigurationError)
    assert said in str(result.exception)


# --- what is published --------------------------------------------------------------------------


def test_the_page_lists_every_code_as_the_code_has_it() -> None:
    page = (ROOT / "docs" / "lint.md").read_text(encoding="utf-8")
    rows = [line for line in page.splitlines() if line.startswith("| L")]
    assert rows == [
        f"| {check.code} | {check.name} | {check.reason} | {check.remedy} |"
        for check in (COMMENT, *CHECKS)
    ]


def test_codes_and_names_are_given_once() -> None:
    every = (COMMENT, *CHECKS)
    assert [check.code for check in every] == [f"L{number:03}" for number in range(len(every))]
    assert len({check.name for check in every}) == len(every)


def test_pre_commit_runs_the_command_on_packs() -> None:
    from ruamel.yaml import YAML

    (hook,) = YAML(typ="safe").load((ROOT / ".pre-commit-hooks.yaml").read_text(encoding="utf-8"))
    assert hook["id"] == "alerts-lint"
    assert hook["entry"] == "alerts lint"
    assert hook["language"] == "python"
    pattern = re.compile(hook["files"])
    for path in ("packs/small/cost.yaml", "packs/small/sql/spend.sql", "packs/a/pack.yml"):
        assert pattern.search(path), path
    for path in ("stacks/Pulumi.dev.yaml", "README.md", "packs/README.md"):
        assert not pattern.search(path), path
