"""From rows to a value and a state."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from alerting.packs.evaluation import state_of, value_of
from alerting.packs.model import Aggregation, EmptyResultState, Operator, Threshold


def _rows(*values: Any) -> list[dict[str, Any]]:
    return [{"v": value} for value in values]


@pytest.mark.parametrize(
    ("aggregation", "expected"),
    [
        ("FIRST", 3),
        ("NONE", 3),
        ("SUM", 8),
        ("COUNT", 3),
        ("COUNT_DISTINCT", 2),
        ("AVG", pytest.approx(8 / 3)),
        ("MEDIAN", 3),
        ("MIN", 2),
        ("MAX", 3),
        ("STDDEV", pytest.approx(0.57735, abs=1e-5)),
    ],
)
def test_an_aggregation_leaves_nulls_out(aggregation: Aggregation, expected: object) -> None:
    assert value_of(_rows(3, None, 2, 3), "v", aggregation) == expected


def test_of_nothing_but_nulls_only_counts_have_a_value() -> None:
    rows = _rows(None, None)
    assert [value_of(rows, "v", name) for name in ("SUM", "MAX", "STDDEV", "FIRST")] == [None] * 4  # type: ignore[arg-type]
    assert value_of(rows, "v", "COUNT") == 0


def test_the_deviation_of_one_value_is_null() -> None:
    assert value_of(_rows(1), "v", "STDDEV") is None


@pytest.mark.parametrize(
    ("operator", "value", "found", "state"),
    [
        (">", 5, 5, "OK"),
        (">", 5, Decimal("5.1"), "TRIGGERED"),
        (">=", 5, 5, "TRIGGERED"),
        ("<", 5, 4, "TRIGGERED"),
        ("<=", 5, 6, "OK"),
        ("=", "a", "a", "TRIGGERED"),
        ("==", True, True, "TRIGGERED"),
        ("!=", "a", "b", "TRIGGERED"),
        ("<>", 5, 5, "OK"),
        (">", 5, None, "OK"),
        ("!=", 5, None, "OK"),
        ("IS NULL", None, None, "TRIGGERED"),
        ("IS NULL", None, 0, "OK"),
        ("IS NOT NULL", None, 0, "TRIGGERED"),
    ],
)
def test_a_value_meets_its_threshold_or_not(
    operator: Operator, value: Any, found: Any, state: str
) -> None:
    threshold = Threshold(column="v", operator=operator, value=value)
    assert state_of(_rows(found), threshold, "FIRST", "ERROR")[0] == state


@pytest.mark.parametrize("empty", ["OK", "TRIGGERED", "ERROR"])
def test_no_rows_give_the_state_that_the_rule_names(empty: EmptyResultState) -> None:
    threshold = Threshold(column="v", operator=">", value=0)
    assert state_of([], threshold, "COUNT", empty) == (empty, None)
