"""Validation's rules: templates, statements, EXPLAIN's answers, thresholds, schedules, channels."""

from __future__ import annotations

import datetime as dt
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.dialects.databricks import Databricks

from databricks_alerts.errors import WarehouseError
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule, read_rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.templates import render, render_query
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.validation import explain
from databricks_alerts.validation.analysis import analyze
from databricks_alerts.validation.channels import check_channels
from databricks_alerts.validation.explain import Column
from databricks_alerts.validation.messages import check_messages
from databricks_alerts.validation.schedule import cron_problem, is_time_zone
from databricks_alerts.validation.statement import check_statement, read_statement
from databricks_alerts.validation.threshold import check_threshold

SPARK = json.loads((Path(__file__).parent / "data/spark_explain.json").read_text())["cases"]
ROW: dict[str, Any] = {
    "alert_id": "COST-001",
    "alert_name": "Spike",
    "agent_domain": "COST",
    "severity": "WARNING",
    "alert_query_template": "SELECT 1 AS value",
    "threshold_column": "value",
    "threshold_operator": ">",
    "threshold_value_type": "DOUBLE",
    "threshold_value_double": 1.0,
    "threshold_value_string": None,
    "threshold_value_bool": None,
    "empty_result_state": "OK",
    "aggregation_type": None,
    "schedule_cron": "0 0 8 * * ?",
    "schedule_timezone": "UTC",
    "pause_status": "PAUSED",
    "is_enabled": True,
    "notification_channels": ["ops", "a@b.co"],
    "notify_on_ok": True,
    "retrigger_seconds": 0,
    "use_custom_template": False,
    "owner": "ada",
    "created_by": "ada",
    "created_at": dt.datetime(2026, 1, 1, tzinfo=dt.UTC),
    "tags": {"team": "x"},
}


SETTINGS = Settings(catalog="c", gold_schema="g", warehouse_id="w", parent_path="/a")


def rule(**changes: Any) -> Rule:
    found = read_rule({**ROW, **changes})
    assert isinstance(found, Rule), found
    return found


def problems(**changes: Any) -> list[str]:
    found = read_rule({**ROW, **changes})
    assert isinstance(found, list), found
    assert all(isinstance(item, Finding) for item in found)
    return [item.what for item in found]


# --- rows ---------------------------------------------------------------------------------------


def test_spellings_of_operators_and_of_no_aggregation_are_one() -> None:
    assert rule(threshold_operator="==").threshold_operator == "="
    assert rule(threshold_operator="<>").threshold_operator == "!="
    assert rule(threshold_operator=" is  null ").threshold is None
    assert rule(aggregation_type="NONE").aggregation_type is None
    assert rule(aggregation_type="FIRST").aggregation_type is None


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"severity": "LOUD"}, "severity is 'LOUD'; allowed are"),
        ({"alert_name": None}, "alert_name is NULL"),
        ({"threshold_value_double": None}, "threshold_value_double is NULL"),
        ({"threshold_value_string": "x"}, "threshold_value_string has a value"),
        ({"threshold_operator": "~"}, "threshold_operator is '~'"),
        ({"aggregation_type": "MODE"}, "aggregation_type is 'MODE'"),
        ({"retrigger_seconds": -1}, "retrigger_seconds is -1"),
        ({"threshold_value_double": float("nan")}, "threshold_value_double is nan"),
        ({"is_enabled": None}, "is_enabled is NULL"),
    ],
)
def test_a_bad_value_is_named_with_column_and_what_is_allowed(
    changes: dict[str, Any], said: str
) -> None:
    assert any(said in text for text in problems(**changes))


def test_all_problems_of_a_row_come_at_once() -> None:
    assert len(problems(severity="LOUD", pause_status="MAYBE", owner=None)) == 3


# --- templates ----------------------------------------------------------------------------------

NAMES = st.text(min_size=1, max_size=60)


@given(NAMES, NAMES)
def test_a_name_can_become_nothing_but_one_quoted_identifier(catalog: str, schema: str) -> None:
    query, unknown = render(
        "SELECT 1 FROM ${catalog}.${gold_schema}.t", {"catalog": catalog, "gold_schema": schema}
    )
    assert unknown == []
    assert query == f"SELECT 1 FROM {quote(catalog)}.{quote(schema)}.t"


@given(NAMES)
def test_backticks_around_a_placeholder_do_not_quote_twice(name: str) -> None:
    values = {"catalog": name}
    assert render("SELECT `${catalog}`.x", values) == render("SELECT ${catalog}.x", values)


@given(NAMES)
def test_a_name_in_a_literal_never_ends_the_literal(name: str) -> None:
    query, _ = render("SELECT '${catalog}' AS a, 1 AS b", {"catalog": name})
    tokens = Databricks().tokenize(query)
    assert [token.text for token in tokens[-4:]] == [",", "1", "AS", "b"]
    assert len(tokens) == 8


@pytest.mark.parametrize("text", ["${catlog}", "{{ x }}", "${}", "${gold-schema}"])
def test_an_unknown_placeholder_is_found_with_its_place(text: str) -> None:
    _, unknown = render(f"SELECT 1\nFROM {text}.t", {"catalog": "c"})
    assert [(item.text, item.line, item.position) for item in unknown] == [(text, 2, 5)]


def test_placeholders_in_comments_are_no_findings() -> None:
    query, unknown = render("SELECT 1 -- like ${this} or {{that}}\n", {"catalog": "c"})
    assert unknown == []
    assert "${" not in query  # Spark would substitute it


# --- statements ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "query",
    [
        "SELECT 1",
        "WITH a AS (SELECT 1 AS x) SELECT x FROM a",
        "(SELECT 1) UNION ALL (SELECT 2)",
        "VALUES (1)",
        "SELECT 1;",
        "FROM t |> WHERE x = 1",  # pipe syntax: sqlglot does not parse all of it, Databricks does
        "SELECT 'DELETE FROM t; DROP TABLE t' AS text",
    ],
)
def test_one_reading_statement_passes(query: str) -> None:
    assert check_statement("K", read_statement(query)) is None


@pytest.mark.parametrize(
    "query",
    [
        "",
        "-- nothing",
        "DELETE FROM t",
        "INSERT INTO t SELECT 1",
        "UPDATE t SET a = 1",
        "MERGE INTO t USING s ON a = b WHEN MATCHED THEN DELETE",
        "CREATE TABLE t AS SELECT 1",
        "DROP TABLE t",
        "TRUNCATE TABLE t",
        "GRANT SELECT ON TABLE t TO `x`",
        "SET x = 1",
        "OPTIMIZE t",
        "CALL p()",
        "EXPLAIN SELECT 1",
        "SELECT 1; SELECT 2",
        "SELECT 1; DROP TABLE t",
        "SELECT 'abc",
        "WITH a AS (SELECT 1) DELETE FROM t",
        "FROM a INSERT INTO b SELECT 1",
    ],
)
def test_anything_else_is_a_finding(query: str) -> None:
    assert check_statement("K", read_statement(query)) is not None


# --- EXPLAIN ------------------------------------------------------------------------------------


@pytest.mark.parametrize("case", SPARK, ids=[case["case"] for case in SPARK])
def test_what_spark_answers_to_explain_is_read_rightly(case: dict[str, Any]) -> None:
    answer = case["explain"]
    if answer["raised"]:
        text = answer["message"].strip()
        problem = explain.read_problem(text)
        assert f"[{problem.condition}]" in text
        assert problem.sqlstate.startswith("42")
    elif answer["text"].startswith("Error occurred during query planning"):
        if "INTERNAL_ERROR" in answer["text"]:
            with pytest.raises(WarehouseError):
                explain.read_plan(answer["text"])
            return
        found = explain.read_plan(answer["text"])
        assert isinstance(found, explain.Problem)
        if "[" in answer["text"][:60]:
            assert found.condition == (case["run"]["class"] or found.condition)


class _Answers:
    """A warehouse that answers what it is told; everything that was sent is kept."""

    def __init__(self, answers: dict[str, list[dict[str, str]]]) -> None:
        self._answers, self.sent = answers, []  # type: ignore[var-annotated]

    def query(self, sql: str, _params: Any = None) -> list[dict[str, str]]:
        self.sent.append(sql)
        return next(rows for start, rows in self._answers.items() if sql.startswith(start))


def test_a_plan_that_shows_no_schema_is_followed_by_describe_query() -> None:
    """Some engines print the physical plan only, whatever EXPLAIN asks for."""
    from databricks_alerts.validation.analysis import explained

    physical = "== Physical Plan ==\n*(1) Project [1 AS c#0]"
    columns = [{"col_name": "c", "data_type": "int", "comment": ""}]
    warehouse = _Answers({"EXPLAIN": [{"plan": physical}], "DESCRIBE QUERY": columns})
    found = explained("SELECT 1 AS c", warehouse)  # type: ignore[arg-type]
    assert (found.problem, found.columns) == (None, [Column("c", "int")])
    assert warehouse.sent == ["EXPLAIN EXTENDED SELECT 1 AS c", "DESCRIBE QUERY SELECT 1 AS c"]

    with pytest.raises(WarehouseError, match="no plan"):
        explain.read_plan("hello")


def test_a_position_is_counted_in_the_query_itself() -> None:
    found = explain.read_problem(
        "[UNRESOLVED_COLUMN.WITH_SUGGESTION] A column `x`. SQLSTATE: 42703; line 1 pos 24"
    )
    assert (found.line, found.position) == (1, 24 - len(explain.PREFIX))
    later = explain.read_problem("[X] y SQLSTATE: 42703; line 3 pos 4")
    assert (later.line, later.position) == (3, 4)


@pytest.mark.parametrize(
    ("condition", "sqlstate"),
    [
        ("INSUFFICIENT_PERMISSIONS", "42501"),
        ("INTERNAL_ERROR", "XX000"),
        ("PERMISSION_DENIED", ""),
        ("CONNECTION", "08S01"),
    ],
)
def test_trouble_of_the_warehouse_is_never_the_rules_fault(condition: str, sqlstate: str) -> None:
    assert not explain.is_rules_fault(condition, sqlstate)
    with pytest.raises(WarehouseError):
        explain.read_error(WarehouseError("x", condition=condition, sqlstate=sqlstate))


def test_the_output_schema_is_split_outside_of_types() -> None:
    line = "c: decimal(28,4), s: struct<a:int,b:map<string,int>>, a, b: int, t: string"
    assert explain.split_schema(line) == [
        ("c", "decimal(28,4)"),
        ("s", "struct<a:int,b:map<string,int>>"),
        ("a, b", "int"),
        ("t", "string"),
    ]


# --- thresholds ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "kind", "said"),
    [
        ({}, "decimal(28,4)", None),
        ({}, "string", "threshold_value_type is DOUBLE"),
        ({"aggregation_type": "COUNT"}, "string", None),
        ({"aggregation_type": "SUM"}, "string", "SUM needs a number"),
        ({"threshold_operator": "IS NULL"}, "struct<a:int>", None),
        ({}, "array<int>", "cannot be compared"),
    ],
)
def test_the_threshold_fits_the_column(
    changes: dict[str, Any], kind: str, said: str | None
) -> None:
    found = check_threshold(rule(**changes), [Column("VALUE", kind)])
    assert (found is None) if said is None else (found is not None and said in found.what)


def test_a_missing_threshold_column_is_found_with_the_nearest() -> None:
    found = check_threshold(rule(threshold_column="valeu"), [Column("value", "int")])
    assert found is not None
    assert "did you mean value?" in found.what


# --- schedules and channels ---------------------------------------------------------------------


@pytest.mark.parametrize(
    "cron",
    [
        "0 0 8 * * ?",
        "0 */15 * * * ?",
        "0 0 8 ? * 2",
        "0 0 8 ? * MON-FRI",
        "0 0 8 L * ?",
        "0 0 8 L-3 * ?",
        "0 0 8 LW * ?",
        "0 0 8 15W * ?",
        "0 0 8 ? * 6L",
        "0 0 8 ? * FRI#2",
        "0 0 8 1,15 JAN,JUN ? 2026-2030",
        "0 0/5 14,18 * * ?",
        "0 0 22-2 * * ?",
    ],
)
def test_legal_quartz_is_legal(cron: str) -> None:
    assert cron_problem(cron) is None


@pytest.mark.parametrize(
    "cron",
    [
        "0 0 8 * * 1",
        "0 0 8 ? * ?",
        "0 8 * * ?",
        "60 0 8 * * ?",
        "0 0 24 * * ?",
        "0 0 8 32 * ?",
        "0 0 8 ? 13 2",
        "0 0 8 ? * 8",
        "0 0 8 ? * FRI#6",
        "0 0 8 32W * ?",
        "? 0 8 * * ?",
        "0 0 8 * * ? 1969",
        "0 x 8 * * ?",
        "0 */0 8 * * ?",
        "",
    ],
)
def test_illegal_quartz_is_illegal(cron: str) -> None:
    assert cron_problem(cron)


def test_time_zones_are_those_that_java_knows() -> None:
    for name in ("UTC", "America/Los_Angeles", "GMT+02:00", "Z", "+05:30"):
        assert is_time_zone(name)
    for name in ("Mars/Base", "", "../etc/passwd", "GMT+99"):
        assert not is_time_zone(name)


def test_channels_are_destinations_that_will_be_there_or_addresses() -> None:
    assert check_channels(rule(), {"ops": ""}) == []
    (disabled,) = check_channels(rule(), {"ops": "is disabled"})
    assert "is disabled" in disabled.what
    (unknown,) = check_channels(rule(notification_channels=["opps"]), {"ops": ""})
    assert "did you mean 'ops'?" in unknown.what


def test_a_destination_without_a_row_goes_by_its_databricks_id() -> None:
    key = "9e1c0aa8-56d5-4c5b-8a3e-0d1b5d6c7e8f"
    named = rule(notification_channels=[key])
    assert check_channels(named, {}, lambda: {key}) == []
    (gone,) = check_channels(named, {}, lambda: {"another"})
    assert gone.what == f"the workspace has no destination with the Databricks id '{key}'"
    # Nobody asks the workspace for rules that name rows and addresses alone.
    assert check_channels(rule(), {"ops": ""}, lambda: pytest.fail("asked")) == []


@pytest.mark.parametrize("later", ["", "\n== Optimized Logical Plan ==\n\n"])
def test_an_exception_in_place_of_the_plan_is_the_rules_problem(later: str) -> None:
    # As Apache Spark 4.1 answers EXPLAIN EXTENDED.
    text = (
        "== Parsed Logical Plan ==\n'Project ['nope]\n\n== Analyzed Logical Plan ==\n"
        "org.apache.spark.sql.AnalysisException: [UNRESOLVED_COLUMN.WITH_SUGGESTION] A column, "
        "variable, or function parameter with name `nope` cannot be resolved. Did you mean one of "
        "the following? [`id`]. SQLSTATE: 42703; line 1 pos 24;\n'Project ['nope]\n"
        "+- Range (0, 3, step=1)\n" + later
    )
    problem = explain.read_plan(text)
    assert isinstance(problem, explain.Problem)
    assert problem.condition == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    assert (problem.line, problem.position) == (1, 7)
    assert problem.message.endswith("[`id`]. SQLSTATE: 42703")


def test_a_missing_right_in_place_of_the_plan_is_no_rules_fault() -> None:
    text = (
        "== Parsed Logical Plan ==\n'Project [*]\n\n== Analyzed Logical Plan ==\n"
        "org.apache.spark.sql.catalyst.ExtendedAnalysisException: [INSUFFICIENT_PERMISSIONS] "
        "Insufficient privileges: User does not have SELECT on Table 'a.b.c'. SQLSTATE: 42501\n"
    )
    with pytest.raises(WarehouseError, match="INSUFFICIENT_PERMISSIONS"):
        explain.read_plan(text)


# --- the form in which an alert runs -------------------------------------------------------------


@pytest.mark.parametrize(
    ("template", "query"),
    [
        ("SELECT 1 AS value;", "SELECT 1 AS value"),
        ("SELECT 1 AS value; -- done\n", "SELECT 1 AS value -- done\n"),
        ("SELECT 1 AS value -- done", "SELECT 1 AS value -- done\n"),
        ("SELECT ';' AS value /* ; */ ;", "SELECT ';' AS value /* ; */"),
    ],
)
def test_what_is_deployed_can_be_wrapped(template: str, query: str) -> None:
    assert render_query(template, SETTINGS) == (query, [])


class _Plans:
    """Answers EXPLAIN by what the statement holds; everything that was sent is kept."""

    def __init__(self, *answers: tuple[str, str]) -> None:
        self._answers, self.sent = answers, []  # type: ignore[var-annotated]

    def query(self, sql: str, _params: Any = None) -> list[dict[str, str]]:
        self.sent.append(sql)
        plan = next(plan for part, plan in self._answers if part in sql)
        return [{"plan": f"== Analyzed Logical Plan ==\n{plan}"}]


def _failed(message: str) -> str:
    return f"org.apache.spark.sql.AnalysisException: {message}"


def test_an_aggregation_is_explained_in_the_form_in_which_it_runs() -> None:
    warehouse = _Plans(("WITH q AS", "sum(value): decimal(38,2)"))
    found = analyze(rule(aggregation_type="SUM"), "SELECT 1 AS value", warehouse)  # type: ignore[arg-type]
    assert (found.findings, found.columns) == ([], ["sum(value)"])
    assert warehouse.sent == [
        "EXPLAIN EXTENDED WITH q AS (SELECT 1 AS value) SELECT sum(`value`) FROM q"
    ]


def test_an_aggregated_interval_is_no_number() -> None:
    warehouse = _Plans(("WITH q AS", "max(value): interval day to second"))
    found = analyze(rule(aggregation_type="MAX"), "SELECT 1 AS value", warehouse)  # type: ignore[arg-type]
    assert "interval day to second" in found.findings[0].what


def test_the_querys_own_error_keeps_its_own_place() -> None:
    error = _failed("[UNRESOLVED_COLUMN] `x`. SQLSTATE: 42703; line 2 pos 3")
    query = "SELECT 1 AS value,\n   x AS y"
    found = analyze(rule(aggregation_type="SUM"), query, _Plans(("", error)))  # type: ignore[arg-type]
    [finding] = found.findings
    assert (finding.where, finding.line, finding.position) == ("alert_query_template", 2, 3)


def test_a_column_that_only_the_wrapping_misses_is_the_thresholds_fault() -> None:
    error = _failed("[UNRESOLVED_COLUMN] `value`. SQLSTATE: 42703")
    warehouse = _Plans(("WITH q AS", error), ("SELECT", "valeu: int"))
    found = analyze(rule(aggregation_type="SUM"), "SELECT 1 AS valeu", warehouse)  # type: ignore[arg-type]
    [finding] = found.findings
    assert (finding.where, finding.check) == ("threshold_column", "threshold")
    assert "did you mean valeu?" in finding.what


def test_what_only_the_wrapping_breaks_is_told_of_the_aggregation() -> None:
    error = _failed("[STRANGE] no such thing. SQLSTATE: 42000; line 1 pos 60")
    warehouse = _Plans(("WITH q AS", error), ("SELECT", "value: vector(3)"))
    found = analyze(rule(aggregation_type="SUM"), "SELECT 1 AS value", warehouse)  # type: ignore[arg-type]
    [finding] = found.findings
    assert (finding.where, finding.line) == ("aggregation_type", None)
    assert "no such thing" in finding.what


def test_an_engine_that_cannot_name_a_planned_querys_types_blames_nobody() -> None:
    class Nameless(_Plans):
        def query(self, sql: str, _params: Any = None) -> list[dict[str, str]]:
            if sql.startswith("DESCRIBE"):
                raise WarehouseError("[INTERNAL_ERROR] cast", condition="INTERNAL_ERROR")
            return super().query(sql)

    for aggregation in (None, "MAX"):
        warehouse = Nameless(("", "\nProject"))
        found = analyze(rule(aggregation_type=aggregation), "SELECT 1 AS v", warehouse)  # type: ignore[arg-type]
        assert found.findings == []


def test_an_unknown_type_does_not_make_a_rule_invalid() -> None:
    assert check_threshold(rule(), [Column("value", "vector(3)")]) is None


# --- messages -----------------------------------------------------------------------------------


def test_findings_of_templates_name_column_and_place() -> None:
    templates = {
        "use_custom_template": True,
        "custom_subject_template": "{{ALERT_NAM}}",
        "custom_body_template": "a\n {{#QUERY_RESULT_ROWS}}{{value}}{{x}}{{/QUERY_RESULT_ROWS}}",
    }
    found = check_messages(rule(**templates), ["value"])
    assert [(item.where, item.line, item.position) for item in found] == [
        ("alert_configurations.custom_subject_template", 1, 0),
        ("alert_configurations.custom_body_template", 2, 32),
    ]
    assert check_messages(rule(**{**templates, "use_custom_template": False}), None) == []
