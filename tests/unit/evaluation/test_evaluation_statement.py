"""What is sent, and how values and verdicts are read."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlglot.dialects.databricks import Databricks

from databricks_alerts.evaluation import (
    Condition,
    Operand,
    Outcome,
    evaluation_statement,
    from_api,
    plain,
    read_outcome,
    result_columns,
    text_of,
    wrapped,
)
from databricks_alerts.evaluation.statement import MET, THRESHOLD, VALUE, literal

SUM = Condition(Operand("v", "SUM"), "GREATER_THAN", 10.0)


def test_an_aggregation_is_wrapped_as_documented() -> None:
    query = "SELECT 1 AS column_name"
    found = wrapped(query, Operand("column_name", "SUM"))
    assert found == "WITH q AS (SELECT 1 AS column_name) SELECT sum(`column_name`) FROM q"


def test_value_threshold_and_verdict_come_in_one_statement() -> None:
    assert evaluation_statement("SELECT 1 AS v", SUM) == (
        "WITH q AS (SELECT 1 AS v) SELECT *, `__alert_value` * 1D > `__alert_threshold` "
        "AS `__alert_met` FROM (SELECT sum(`v`) AS `__alert_value`, "
        "CAST('10.0' AS DOUBLE) AS `__alert_threshold` FROM q) AS evaluated"
    )


def test_an_aggregated_query_is_sent_as_it_is_written_and_another_one_closed() -> None:
    query = "SELECT 1 AS v; -- done"
    assert f"({query})" in evaluation_statement(query, SUM)
    first = Condition(Operand("v"), "GREATER_THAN", 10.0)
    assert "(SELECT 1 AS v -- done\n)" in evaluation_statement(query, first)


@given(st.text(max_size=30))
def test_any_text_is_one_literal_and_any_name_one_name(text: str) -> None:
    found = Databricks().tokenize(literal(text))
    assert len(found) == 1
    statement = evaluation_statement("SELECT 1", Condition(Operand(text), "EQUAL", text))
    plain_statement = evaluation_statement("SELECT 1", Condition(Operand("v"), "EQUAL", "x"))
    if text:
        assert len(Databricks().tokenize(statement)) == len(Databricks().tokenize(plain_statement))


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, "NULL"),
        (True, "TRUE"),
        (5, "CAST('5.0' AS DOUBLE)"),
        (1e300, "CAST('1e+300' AS DOUBLE)"),
        (float("nan"), "CAST('NaN' AS DOUBLE)"),
        (float("-inf"), "CAST('-Infinity' AS DOUBLE)"),
        ("it's \\ ${x}", "'it\\'s \\\\ \\u0024{x}'"),
    ],
)
def test_a_threshold_is_a_typed_literal(value: Any, expected: str) -> None:
    assert literal(value) == expected


def test_the_apis_words_become_a_condition() -> None:
    document = {
        "source": {"name": "v", "aggregation": "AGGREGATION_UNSPECIFIED", "display": "shown"},
        "comparison_operator": "LESS_THAN",
        "threshold": {"column": {"name": "w", "aggregation": "AVG"}},
        "empty_result_state": "OK",
    }
    expected = Condition(Operand("v"), "LESS_THAN", Operand("w", "AVG"), "OK")
    assert from_api(document) == expected
    constant = document | {"threshold": {"value": {"bool_value": False}}}
    assert from_api(constant).threshold is False
    assert from_api({"source": {"name": "v"}, "comparison_operator": "IS_NULL"}).threshold is None


@pytest.mark.parametrize(("met", "state"), [(True, "TRIGGERED"), (False, "OK"), (None, "OK")])
def test_the_verdict_is_only_read(met: bool | None, state: str) -> None:
    found = read_outcome(SUM, {VALUE: 3, THRESHOLD: 4.0, MET: met})
    assert (found.state, found.value, found.threshold) == (state, 3, 4.0)


def test_no_row_is_the_empty_results_state() -> None:
    condition = Condition(Operand("v"), "IS_NULL", None, "ERROR")
    assert read_outcome(condition, None) == Outcome("ERROR")


def test_a_notification_shows_the_querys_columns_or_the_aggregated_ones() -> None:
    given_columns = ["a", "v", VALUE, THRESHOLD, MET]
    assert result_columns(Condition(Operand("v"), "EQUAL", 1.0), given_columns) == ["a", "v"]
    assert result_columns(SUM, [VALUE, THRESHOLD, MET]) == ["sum(v)"]
    both = Condition(Operand("v", "COUNT_DISTINCT"), "EQUAL", Operand("w", "MAX"))
    assert result_columns(both, []) == ["count(DISTINCT v)", "max(w)"]


@pytest.mark.parametrize(
    ("value", "expected", "shown"),
    [
        (None, None, "null"),
        (True, True, "true"),
        (False, False, "false"),
        (9007199254740993, 9007199254740993, "9007199254740993"),
        (11.0, 11.0, "11"),
        (0.1, 0.1, "0.1"),
        (-0.0, -0.0, "0"),
        (float("nan"), "NaN", "NaN"),
        (float("inf"), "Infinity", "Infinity"),
        (Decimal("0.150000"), 0.15, "0.15"),
        (Decimal("12345678901234567890.12"), "12345678901234567890.12", "12345678901234567890.12"),
        (dt.date(2026, 1, 2), "2026-01-02", "2026-01-02"),
        (
            dt.datetime(2026, 1, 2, 3, tzinfo=dt.timezone(dt.timedelta(hours=1))),
            "2026-01-02 02:00:00",
            "2026-01-02 02:00:00",
        ),
        (b"A", "41", "41"),
        ([None, True], "[null, true]", "[null, true]"),
        ({"a": Decimal("1.5")}, '{"a": 1.5}', '{"a": 1.5}'),
    ],
)
def test_values_are_json_and_texts_as_sql_writes_them(
    value: Any, expected: Any, shown: str
) -> None:
    found = plain(value)
    assert found == expected
    assert type(found) is type(expected)
    assert text_of(value) == shown
