"""Bars, spark lines and charts: known values, gaps, and numbers at the edge of floats."""

from __future__ import annotations

import datetime as dt
import math
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.evaluation import plain
from databricks_alerts.local_workspace.page.charts import Bar, as_number, bar, chart, spark

BEGIN = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)


def evaluations(*values: Any, threshold: Any = 5.0) -> list[dict[str, Any]]:
    """An evaluation a minute, newest first as the workspace has them; above 5 they fire."""
    found: list[dict[str, Any]] = []
    before = "UNKNOWN"
    for minute, value in enumerate(values):
        number = as_number(value)
        state = "UNKNOWN" if number is None else "TRIGGERED" if number > 5 else "OK"
        at = (BEGIN + dt.timedelta(minutes=minute)).isoformat()
        found.append(
            {
                "at": at,
                "value": value,
                "threshold": threshold,
                "state": state,
                "previous_state": before,
            }
        )
        before = state
    return found[::-1]


@pytest.mark.parametrize(
    ("value", "threshold", "drawn"),
    [
        (50, 100, Bar(0.0, 50.0, 100.0)),
        (100, 50.0, Bar(0.0, 100.0, 50.0)),
        (0, 100, Bar(0.0, 0.0, 100.0)),
        (-50, 50, Bar(0.0, 50.0, 100.0)),
        (-100, -50, Bar(0.0, 100.0, 50.0)),
        (0, 0, Bar(0.0, 0.0, 0.0)),
        (1e308, -1e308, Bar(50.0, 50.0, 0.0)),
        ("12345678901234567890.5", 0, Bar(0.0, 100.0, 0.0)),  # a DECIMAL too long for a float
        (None, 100, None),
        (100, None, None),
        ("NaN", 100, None),
        ("Infinity", 100, None),
        (math.inf, 100, None),
        ("text", 100, None),
        (True, 100, None),
        (10**400, 100, None),
    ],
)
def test_a_bar_reaches_from_zero_to_the_value(value: Any, threshold: Any, drawn: Bar) -> None:
    assert bar(value, threshold, 100 / 0.92) == drawn


def test_a_chart_has_a_line_the_threshold_and_the_moments_that_fired() -> None:
    found = chart(evaluations(0.0, 10.0, 10.0, 0.0, 10.0), 400, 100)
    assert found is not None
    # 8 % of room above and below: 0 and 10 lie at 93.1 and 6.9.
    assert found.values == ["0.0,93.1 100.0,6.9 200.0,6.9 300.0,93.1 400.0,6.9"]
    assert found.thresholds == [
        "0.0,50.0 100.0,50.0 100.0,50.0 200.0,50.0 200.0,50.0 "
        "300.0,50.0 300.0,50.0 400.0,50.0 400.0,50.0"
    ]
    assert [dot.x for dot in found.dots if dot.fired] == [100.0, 400.0]
    assert found.fired == 2
    assert found.words == (
        "5 evaluations, values from 0 to 10, the last 10, threshold 5; triggered 3 times"
    )
    assert [label for _, label in found.ticks] == ["-0.8", "5", "10.8"]


def test_places_follow_the_time_and_not_the_count() -> None:
    items = evaluations(1.0, 2.0, 3.0)
    items[0]["at"] = (BEGIN + dt.timedelta(minutes=10)).isoformat()
    found = chart(items, 100, 10)
    assert found is not None
    assert [dot.x for dot in found.dots] == [0.0, 10.0, 100.0]


@pytest.mark.parametrize("gap", [None, "NaN", "Infinity", "-Infinity", "text", True])
def test_what_is_no_number_is_a_gap_and_stays_a_dot(gap: Any) -> None:
    found = spark(evaluations(1.0, 2.0, gap, 2.0, 1.0), 100, 10)
    assert found is not None
    assert [len(points.split()) for points in found.values] == [2, 2]
    assert len(found.dots) == 5
    assert found.dots[2].y == 10


@pytest.mark.parametrize("values", [(), (None,), ("NaN", "Infinity"), ("text", None, False)])
def test_without_a_number_nothing_is_drawn(values: tuple[Any, ...]) -> None:
    assert spark(evaluations(*values), 100, 10) is None
    assert chart(evaluations(*values), 100, 10) is None


def test_a_single_evaluation_is_a_dot_before_its_threshold() -> None:
    found = spark(evaluations(7.0), 100, 10)
    assert found is not None
    assert (found.values, found.thresholds) == ([], ["0.0,10.0 100.0,10.0"])
    assert [(dot.x, dot.y, dot.fired) for dot in found.dots] == [(50.0, 0.0, True)]


def test_a_threshold_that_is_none_ends_its_line() -> None:
    items = evaluations(1.0, 2.0, 3.0, 4.0)
    items[1]["threshold"] = None
    found = chart(items, 90, 10)
    assert found is not None
    assert [points.split()[-1].split(",")[0] for points in found.thresholds] == ["30.0"]


VALUES = st.one_of(
    st.none(),
    st.booleans(),
    st.floats(),
    st.integers(),
    st.text(max_size=20),
    st.decimals(allow_nan=False),
).map(plain)


@given(st.lists(st.tuples(VALUES, VALUES), max_size=30))
def test_every_point_lies_on_the_paper(pairs: list[tuple[Any, Any]]) -> None:
    items = evaluations(*(value for value, _ in pairs))
    for item, (_, threshold) in zip(items, pairs, strict=True):
        item["threshold"] = threshold
        drawn = bar(item["value"], threshold, 120)
        if drawn:
            assert 0 <= drawn.start <= drawn.start + drawn.length <= 120.1
            assert 0 <= drawn.threshold <= 120
    for draw in (spark, chart):
        found = draw(items, 400, 100)
        if found is None:
            assert all(as_number(item["value"]) is None for item in items)
            continue
        assert len(found.dots) == len(items)
        places = [(dot.x, dot.y) for dot in found.dots]
        for line in [*found.values, *found.thresholds]:
            assert re.fullmatch(r"[-0-9., ]+", line), "no nan, no inf"
            places += [tuple(map(float, point.split(","))) for point in line.split()]  # type: ignore[misc]
        assert all(0 <= x <= 400 and 0 <= y <= 100 for x, y in places)
