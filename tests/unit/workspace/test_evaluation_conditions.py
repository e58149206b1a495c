"""From results to states, and from states to notifications: the rules as tables."""

from __future__ import annotations

import datetime as dt
import statistics
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workspace.evaluation.clock import Clock
from workspace.evaluation.conditions import ConditionError, compare, judge, operand
from workspace.evaluation.models import Evaluation
from workspace.notification.decision import decide
from workspace.notification.message import compose
from workspace.notification.notifier import is_loopback

T0 = dt.datetime(2026, 11, 23, tzinfo=dt.UTC)
NUMBERS = st.lists(
    st.one_of(st.none(), st.integers(-1000, 1000), st.floats(-1e6, 1e6)), min_size=1, max_size=20
)


def aggregated(name: str, values: list[Any]) -> Any:
    return operand({"name": "V", "aggregation": name}, ["v"], [{"v": value} for value in values])


@given(NUMBERS)
def test_aggregations_are_those_of_sql(values: list[float | None]) -> None:
    present = [float(value) for value in values if value is not None]
    assert aggregated("COUNT", values) == len(present)
    assert aggregated("COUNT_DISTINCT", values) == len({str(v) for v in values if v is not None})
    if not present:
        assert aggregated("SUM", values) is None
        assert aggregated("MAX", values) is None
        return
    assert aggregated("SUM", values) == pytest.approx(sum(present), abs=1e-6)
    assert aggregated("AVG", values) == pytest.approx(statistics.fmean(present), abs=1e-6)
    assert aggregated("MEDIAN", values) == statistics.median(present)
    assert aggregated("MIN", values) == min(present)
    assert aggregated("MAX", values) == max(present)
    if len(present) > 1:
        wanted = statistics.stdev(present)
        assert aggregated("STDDEV", values) == pytest.approx(wanted, abs=1e-6)


def test_the_first_row_counts_without_an_aggregation() -> None:
    assert operand({"name": "v"}, ["v"], [{"v": 3}, {"v": 9}]) == 3


@pytest.mark.parametrize(
    ("operator", "met"),
    [
        ("EQUAL", {(5, 5)}),
        ("NOT_EQUAL", {(4, 5), (6, 5)}),
        ("GREATER_THAN", {(6, 5)}),
        ("GREATER_THAN_OR_EQUAL", {(5, 5), (6, 5)}),
        ("LESS_THAN", {(4, 5)}),
        ("LESS_THAN_OR_EQUAL", {(4, 5), (5, 5)}),
    ],
)
def test_every_operator(operator: str, met: set[tuple[int, int]]) -> None:
    for pair in ((4, 5), (5, 5), (6, 5)):
        assert compare(operator, *pair) is (pair in met)
        assert compare(operator, Decimal(pair[0]), float(pair[1])) is (pair in met)
    assert compare(operator, None, 5) is False
    assert compare(operator, 5, None) is False


@pytest.mark.parametrize(
    ("value", "threshold", "equal"),
    [
        ("5", 5.0, True),
        (True, 1.0, True),
        ("true", True, True),
        (0, False, True),
        ("a", "a", True),
        (5, "5.0", True),
        (dt.date(2026, 1, 1), "2026-01-01", True),
        ("A", "a", False),
    ],
)
def test_values_are_compared_as_the_threshold_is(value: Any, threshold: Any, equal: bool) -> None:
    assert compare("EQUAL", value, threshold) is equal


@pytest.mark.parametrize(("value", "threshold"), [("x", 1.0), ("maybe", True), ([1], 2.0)])
def test_what_cannot_be_compared_is_an_error(value: Any, threshold: Any) -> None:
    with pytest.raises(ConditionError, match="cannot be compared"):
        compare("EQUAL", value, threshold)


def test_null_is_asked_for_by_its_own_operators() -> None:
    assert compare("IS_NULL", None, None)
    assert not compare("IS_NULL", 0, None)
    assert compare("IS_NOT_NULL", 0, None)


def test_a_missing_column_and_an_empty_result_come_before_the_condition() -> None:
    evaluation = {
        "source": {"name": "v"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"column": {"name": "w"}},
        "empty_result_state": "ERROR",
    }
    assert judge(evaluation, ["v", "w"], []).state == "ERROR"
    with pytest.raises(ConditionError, match="no column 'w'"):
        judge(evaluation, ["v"], [{"v": 1}])
    assert judge(evaluation, ["v", "w"], [{"v": 2, "w": 1}]).state == "TRIGGERED"
    assert aggregated("STDDEV", [1]) is None


@pytest.mark.parametrize(
    ("state", "before", "waited", "retrigger", "on_ok", "reason"),
    [
        ("TRIGGERED", None, None, 0, False, "TRIGGERED"),
        ("TRIGGERED", "OK", None, 0, False, "TRIGGERED"),
        ("TRIGGERED", "TRIGGERED", 9999, 0, False, None),
        ("TRIGGERED", "TRIGGERED", 59, 60, False, None),
        ("TRIGGERED", "TRIGGERED", 60, 60, False, "RETRIGGERED"),
        ("OK", "TRIGGERED", 1, 0, True, "OK"),
        ("OK", "TRIGGERED", 1, 0, False, None),
        ("OK", None, None, 0, True, None),
        ("OK", "OK", None, 0, True, None),
        ("ERROR", "TRIGGERED", 9999, 60, True, None),
        ("UNKNOWN", "OK", None, 0, True, None),
    ],
)
def test_who_is_told_when(
    state: str,
    before: str | None,
    waited: int | None,
    retrigger: int,
    on_ok: bool,
    reason: str | None,
) -> None:
    at = T0 + dt.timedelta(seconds=waited or 0)
    last = T0 if waited is not None else None
    found = decide(
        state,
        before=before,
        last_told=last,
        at=at,
        retrigger_seconds=retrigger,
        notify_on_ok=on_ok,
    )
    assert found == reason


def evaluation(**changes: Any) -> Evaluation:
    values: dict[str, Any] = {
        "id": "e",
        "alert_id": "a",
        "display_name": "n",
        "at": T0,
        "state": "TRIGGERED",
        "previous_state": "OK",
        "value": 11.0,
        "threshold": 10.0,
        "operator": "GREATER_THAN",
        "column": "v",
        "rows": ({"v": 11, "w": "<script>"},),
        "columns": ("v", "w"),
    }
    return Evaluation(**{**values, **changes})


ALERT = {"id": "a", "display_name": "n", "query_text": "SELECT 1"}


def test_variables_are_escaped_in_html_and_only_there() -> None:
    template = (
        "{{ALERT_STATUS}} {{ALERT_CONDITION}} {{{QUERY_RESULT_VALUE}}} {{QUERY_RESULT_TABLE}}"
        "{{#QUERY_RESULT_ROWS}}{{{w}}}{{&w}}{{/QUERY_RESULT_ROWS}}"
    )
    message = compose({**ALERT, "custom_description": template}, evaluation(), "http://h")
    assert "<script>" in message.text
    assert "<script>" not in message.html
    assert "&lt;script&gt;" in message.html
    assert "<table>" in message.html
    assert "<table>" not in message.text


def test_a_broken_template_is_told_and_the_usual_words_are_used() -> None:
    usual = compose({**ALERT, "custom_description": "{{#a}}{{/b}}"}, evaluation(), "http://h")
    assert usual.problem is not None
    assert "condition: > 10" in usual.text


def test_a_clock_begins_where_it_is_told_and_runs_at_its_speed() -> None:
    clock = Clock(T0, speed=1e6)
    first = clock()
    second = clock()
    assert T0 <= first < second
    clock.set(T0, 1.0)
    assert clock() - T0 < dt.timedelta(seconds=60)


@pytest.mark.parametrize(
    ("url", "here"),
    [
        ("http://127.0.0.1:1/x", True),
        ("http://[::1]/x", True),
        ("http://localhost/x", True),
        ("https://hooks.example/x", False),
        ("http://127.0.0.1.example/x", False),
        ("http://10.0.0.1/", False),
        ("nonsense", False),
    ],
)
def test_loopback_is_told_by_the_address(url: str, here: bool) -> None:
    assert is_loopback(url) is here


def test_numbers_that_json_lacks_and_long_texts_are_kept_as_texts() -> None:
    rows = ({"v": float("nan"), "w": float("-inf"), "x": "y" * 10_000, "n": 5},)
    (row,) = evaluation(rows=rows).document()["rows"]
    assert (row["v"], row["w"], row["n"]) == ("nan", "-inf", 5)
    assert len(row["x"]) == 4001
    condition = {"source": {"name": "v"}, "comparison_operator": "IS_NOT_NULL"}
    assert judge(condition, ["v"], rows).value == "nan"


def test_values_without_an_order_have_no_extremes() -> None:
    with pytest.raises(ConditionError, match="no order"):
        aggregated("MAX", [{"a": 1}, {"b": 2}])
