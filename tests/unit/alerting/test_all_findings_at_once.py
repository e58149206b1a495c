"""Every check that can run on a broken row runs: any subset of broken columns is named whole."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from databricks_alerts.errors import ConfigurationError, SecretError
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS
from databricks_alerts.snapshot import read_snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation import ValidationReport, validate

T, R = TypeVar("T"), TypeVar("R")
SETTINGS = Settings(catalog="main", gold_schema="gold", warehouse_id="w", parent_path="/a")
CREATED = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
RULE: dict[str, Any] = {
    **{"alert_id": "R", "alert_name": "Rule", "agent_domain": "FINOPS", "severity": "WARNING"},
    **{"alert_query_template": "SELECT 1 AS value", "threshold_column": "value"},
    **{"threshold_operator": ">", "threshold_value_type": "DOUBLE", "threshold_value_double": 1.0},
    **{"threshold_value_string": None, "threshold_value_bool": None, "empty_result_state": "OK"},
    **{"aggregation_type": None, "schedule_cron": "0 0 8 * * ?", "schedule_timezone": "UTC"},
    **{"pause_status": "PAUSED", "is_enabled": True, "notification_channels": ["hook"]},
    **{"notify_on_ok": True, "retrigger_seconds": 0, "use_custom_template": False},
    **{"owner": "ada", "created_by": "ada", "created_at": CREATED, "tags": [("team", "x")]},
}
DESTINATION: dict[str, Any] = {
    **{"destination_id": "hook", "destination_name": "Hook", "destination_type": "WEBHOOK"},
    **{"config_json": '{"url": "https://a.example/"}', "owner": "ada", "is_enabled": True},
    **{"created_by": "ada", "created_at": CREATED, "tags": None},
}
# Each breaks its column whatever else is broken.
BROKEN_RULE: dict[str, list[Any]] = {
    "alert_name": [None, ""],
    "agent_domain": [None, "", " ", "a\nb"],
    "severity": ["LOUD", None, "warning"],
    "alert_query_template": ["SELECT 1; SELECT 2", "DROP TABLE t", "SELECT ${x}", "SELECT nope"],
    "threshold_column": [None, "", "absent"],
    "threshold_operator": ["~", None, "=>"],
    "threshold_value_type": ["INT", None],
    "threshold_value_double": [float("nan")],
    "empty_result_state": ["MAYBE", None],
    "aggregation_type": ["MODE"],
    "schedule_cron": ["0 0 8 * * 1", "", None, "0 0 8 30 2 ?", "0 0 8 * * ? 1999"],
    "schedule_timezone": ["Mars/Base", None],
    "pause_status": ["RUNNING", None],
    "is_enabled": [None],
    "notification_channels": [["nobody"], None, ["hook", "a@b.c."], "hook", [None]],
    "notify_on_ok": [None],
    "retrigger_seconds": [-1],
    "use_custom_template": [None],
    "template_format": ["PLAIN", "html"],
    "parameters": ["{", "{}", "[1]", '[{"name": ""}]', '[{"name": "a"}, {"name": "a"}]', "null"],
    "warehouse_id": ["gone"],
    "folder": ["/Shared/x", "a//b", "..", "a/../b", "a/", "a\nb", "taken/by/a/notebook"],
    "run_as": ["nobody@example.com", "no such principal"],
    "runbook_url": ["wiki/page", "ftp://a/", "https://", "javascript:alert(1)", "https://a b/"],
    "threshold_value_aggregation": ["SUM", "MODE"],
    "owner": [None, ""],
    "created_by": [None],
    "created_at": [None],
}
BROKEN_DESTINATION: dict[str, list[Any]] = {
    "destination_name": [None, ""],
    "destination_type": ["PIGEON", None],
    "config_json": ["{", "[]", '{"url": 1}', '{"url": "{{secret}}"}'],
    "owner": [None],
    "created_by": [None, ""],
    "created_at": [None],
}


class Warehouse:
    """Two tables, and EXPLAIN's answer for queries of the columns `value` and `nope`."""

    def __init__(self, rules: Sequence[dict[str, Any]], destinations: list[dict[str, Any]]) -> None:
        self._tables = {"alert_configurations": rules, "notification_destinations": destinations}

    def query(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        if sql.startswith("DESCRIBE HISTORY"):
            return [{"version": 1}]
        if "VERSION AS OF" in sql:
            return [dict(row) for name, rows in self._tables.items() if name in sql for row in rows]
        if not sql.startswith("EXPLAIN"):
            return []
        if "nope" in sql or "unreadable" in sql:
            problem = "[UNRESOLVED_COLUMN] A column `nope`. SQLSTATE: 42703; line 1 pos 24"
            return [{"plan": f"Error occurred during query planning: \n{problem}"}]
        return [{"plan": "== Analyzed Logical Plan ==\nvalue: int\nProject [1 AS value#0]\n\n"}]

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        return [function(item) for item in items]

    @contextmanager
    def opening(self, statements: int) -> Iterator[None]:
        yield


class Around:
    """A workspace that has what good rows name."""

    def has_warehouse(self, key: str) -> bool:
        return key != "gone"

    def has_identity(self, name: str) -> bool | None:
        return False if name.startswith("no") else None

    def kind_at(self, path: str) -> str:
        return "NOTEBOOK" if path == "/a/taken" else ""


def report_of(
    *rules: dict[str, Any], destinations: Sequence[dict[str, Any]] = (DESTINATION,), **options: Any
) -> ValidationReport:
    warehouse = cast(SqlWarehouse, Warehouse(rules, list(destinations)))
    options = {"around": Around(), **options}
    return validate(read_snapshot(warehouse, SETTINGS), SETTINGS, warehouse, **options)


def named(findings: Sequence[Finding], column: str) -> bool:
    return any(column in item.where.split(".") or column in item.what for item in findings)


def subsets(broken: dict[str, list[Any]]) -> st.SearchStrategy[dict[str, Any]]:
    columns = {name: st.sampled_from(values) for name, values in broken.items()}
    return st.fixed_dictionaries({}, optional=columns)


def test_a_good_row_has_no_finding() -> None:
    assert report_of(RULE).findings == []
    optional = {"warehouse_id": "w-2", "folder": "team/finops", "run_as": "ada@example.com"}
    optional |= {"template_format": "MARKDOWN", "runbook_url": "https://wiki.example/x"}
    optional |= {"parameters": '[{"name": "n", "type": "NUMBER", "value": "1"}]'}
    assert report_of({**RULE, **optional}).findings == []
    assert report_of({**RULE, **dict.fromkeys(optional, " ")}).findings == []


@settings(max_examples=400, deadline=None)
@given(subsets(BROKEN_RULE))
def test_every_broken_column_of_a_rule_is_named(changes: dict[str, Any]) -> None:
    findings = report_of({**RULE, **changes}).findings
    unclear = set()
    if {"threshold_operator", "threshold_value_type"} & set(changes):
        unclear.add("threshold_value_double")  # whether it counts depends on them
    if "alert_query_template" in changes:
        unclear.add("threshold_column")  # no query, no columns
    sound = {"threshold_column": changes.get("threshold_column") == "absent"}
    for column in changes:
        if column not in unclear or not sound.get(column, True):
            assert named(findings, column), (column, findings)
    assert {item.key for item in findings} <= {"R"}
    text = " ".join(f"{item.what} {item.remedy}" for item in findings)
    assert "unreadable" not in text  # no stand-in is ever blamed
    blamed = {item.where.split(".")[-1] for item in findings}
    assert blamed <= set(changes) | {"threshold_column"}
    if "alert_query_template" not in changes and "threshold_column" not in changes:
        assert "threshold_column" not in blamed


@settings(max_examples=200, deadline=None)
@given(subsets(BROKEN_DESTINATION))
def test_every_broken_column_of_a_destination_is_named(changes: dict[str, Any]) -> None:
    report = report_of(RULE, destinations=[{**DESTINATION, **changes}])
    for column in changes:
        assert named(report.destination_findings, column), (column, report.destination_findings)
    assert {item.where.split(".")[-1] for item in report.destination_findings} == set(changes)
    # The rule that names it knows.
    assert bool(changes) is any("is invalid" in item.what for item in report.rules[0].findings)


def test_the_issues_row_is_told_whole() -> None:
    changes = {
        **{"agent_domain": " ", "alert_query_template": "SELECT 1; SELECT 2"},
        **{"schedule_cron": "0 0 8 * * 1", "schedule_timezone": "Mars/Base"},
        "notification_channels": ["nobody"],
    }
    findings = report_of({**RULE, **changes}).findings
    assert {item.where.split(".")[-1] for item in findings} == set(changes)
    assert len(findings) == len(changes)


def test_a_key_that_stands_twice_hides_nothing() -> None:
    findings = report_of({**RULE, "severity": "LOUD"}, {**RULE, "schedule_cron": "x"}).findings
    columns = {item.where.split(".")[-1] for item in findings}
    assert columns == {"alert_id", "severity", "schedule_cron"}


def test_a_disabled_row_is_nobodys_business() -> None:
    off = {"is_enabled": False}
    report = report_of({**RULE, **off, "severity": "LOUD", "notification_channels": []})
    assert report.findings == []
    broken = {**DESTINATION, **off, "destination_id": "other", "destination_type": "PIGEON"}
    assert report_of(RULE, destinations=[DESTINATION, broken]).findings == []


def test_a_copied_destination_is_found_and_its_original_is_not() -> None:
    known = {**DESTINATION, "databricks_destination_id": "d-1"}
    later = CREATED + dt.timedelta(days=1)
    copy = {**known, "destination_id": "a-copy", "created_at": later}
    (finding,) = report_of(RULE, destinations=[copy, known]).findings
    assert finding.key == "a-copy"
    assert finding.where.endswith("databricks_destination_id")


def test_references_are_looked_up_and_each_is_told_by_its_row() -> None:
    asked: list[str] = []

    def look_up(reference: str) -> str:
        asked.append(reference)
        if reference == "config/hook":
            raise ConfigurationError("{{config/hook}} is not set for this stack; set it")
        if reference.startswith("secrets/nobody"):
            raise SecretError("the secret {{secrets/nobody/x}} cannot be read: no; store it")
        return "value"

    def row(key: str, *texts: str, **changes: Any) -> dict[str, Any]:
        settings = dict(zip(("url", "username", "password"), texts, strict=False))
        made = {"destination_id": key, "config_json": json.dumps(settings), **changes}
        return {**DESTINATION, **made}

    report = report_of(
        RULE,
        {**RULE, "alert_id": "S", "alert_name": "S", "notification_channels": ["bad"]},
        destinations=[
            row("hook", "https://x/{{secrets/good/x}}"),
            row("bad", "{{secrets/nobody/x}}", "{{ config/hook }}", "{{secrets/good/x}}"),
            row("off", "{{secrets/nobody/y}}", is_enabled=False),
        ],
        look_up=look_up,
    )
    assert sorted(asked) == ["config/hook", "secrets/good/x", "secrets/nobody/x"]
    found = report.destination_findings
    assert [(item.key, item.check) for item in found] == [("bad", "secret")] * 2
    assert {item.remedy for item in found} == {"store it", "set it"}
    assert {result.alert_id: result.is_valid for result in report.rules} == {"R": True, "S": False}
    assert ALERTS not in str(found)
