"""Known series have known firings; a proposed threshold fires as often as it says."""

from __future__ import annotations

import datetime as dt
import math
import operator
from collections.abc import Callable, Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databricks_alerts.backtest.moments import bounded, moments_between
from databricks_alerts.backtest.suggestion import plainest, suggest, why_none
from databricks_alerts.backtest.summary import summarize
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.evaluation import Condition, Operand

_START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_HOUR = dt.timedelta(hours=1)
_LETTERS = {"T": "TRIGGERED", "O": "OK", "E": "ERROR", "U": "UNKNOWN"}
_COMPARED: dict[str, Callable[[float, float], bool]] = {
    "GREATER_THAN": operator.gt,
    "GREATER_THAN_OR_EQUAL": operator.ge,
    "LESS_THAN": operator.lt,
    "LESS_THAN_OR_EQUAL": operator.le,
}


def hours(count: int) -> list[dt.datetime]:
    return [_START + number * _HOUR for number in range(count)]


@pytest.mark.parametrize(
    ("states", "firings", "triggered", "longest"),
    [
        ("", 0, 0, 0),
        ("O", 0, 0, 0),
        ("T", 1, 1, 1),
        ("OOTTOTOO", 2, 3, 2),
        ("TTTT", 1, 4, 4),
        ("TETUTO", 3, 3, 1),
        ("OOOT", 1, 1, 1),
    ],
)
def test_known_series(states: str, firings: int, triggered: int, longest: int) -> None:
    moments = hours(len(states))
    end = _START + len(states) * _HOUR
    found = summarize(moments, [_LETTERS[letter] for letter in states], end)
    assert (found.firings, found.triggered, found.longest) == (firings, triggered, longest * _HOUR)
    assert found.time == triggered * _HOUR
    assert (found.errors, found.unknown) == (states.count("E"), states.count("U"))
    assert found.share == pytest.approx(triggered / len(states) if states else 0)
    assert found.per_week == pytest.approx(firings / len(states) * 168 if states else 0)


def test_a_state_lasts_until_the_next_evaluation_and_the_last_until_the_end() -> None:
    moments = [_START, _START + 3 * _HOUR, _START + 4 * _HOUR]
    found = summarize(moments, ["TRIGGERED", "OK", "TRIGGERED"], _START + 10 * _HOUR)
    assert (found.longest, found.share) == (6 * _HOUR, 0.9)


_VALUES = st.one_of(
    st.none(),
    st.floats(-100, 100),
    st.integers(-5, 5).map(float),
    st.sampled_from([math.inf, -math.inf]),
)


def firings(condition: Condition, values: Sequence[float | None], threshold: float) -> int:
    compare = _COMPARED[condition.operator]
    states = [
        "TRIGGERED" if value is not None and compare(value, threshold) else "OK" for value in values
    ]
    return summarize(hours(len(values)), states, _START + len(values) * _HOUR).firings


@settings(max_examples=300, deadline=None)
@given(
    st.lists(_VALUES, min_size=1, max_size=60),
    st.sampled_from(sorted(_COMPARED)),
    st.floats(0, 200),
)
def test_a_proposal_fires_no_more_than_asked_and_no_less_sensitive_one_does(
    values: list[float | None], word: str, per_week: float
) -> None:
    condition = Condition(Operand("v"), word, 0.0)
    end = _START + len(values) * _HOUR
    found = suggest(condition, values, hours(len(values)), end, per_week)
    known = sorted({value for value in values if value is not None})
    if not known:
        assert found is None
        return
    allowed = per_week * len(values) / 168
    sign = 1 if word.startswith("GREATER") else -1
    if found is None:
        # No number is beyond these, so nothing can keep them from firing.
        beyond = firings(condition, values, 1e300 * sign)
        assert beyond > allowed or values.count(math.inf * sign) * 2 > len(values)
        return
    assert math.isfinite(found)
    less_sensitive = [value for value in known if value * sign >= found * sign]
    for threshold in (found, *less_sensitive):
        assert firings(condition, values, threshold) <= allowed + 1e-9


@pytest.mark.parametrize(
    ("low", "high", "closed", "expected"),
    [
        (99.0, 120.0, False, 100.0),
        (0.0, 1.0, False, 0.5),
        (1.0, math.nextafter(1.0, 2), False, 1.0),
        (1.0, math.nextafter(1.0, 2), True, math.nextafter(1.0, 2)),
        (-3.1, -2.9, True, -3.0),
        (123456.0, 123457.0, False, 123456.5),
    ],
)
def test_the_plainest_number_between_two(
    low: float, high: float, closed: bool, expected: float
) -> None:
    assert plainest(low, high, closed=closed) == expected


@pytest.mark.parametrize(
    ("word", "threshold", "said"),
    [
        ("EQUAL", 1.0, "does not compare by size"),
        ("IS_NULL", None, "does not compare by size"),
        ("GREATER_THAN", "a", "is no number"),
        ("LESS_THAN", True, "is no number"),
        ("LESS_THAN", Operand("other"), "compares with a column"),
    ],
)
def test_why_nothing_can_be_proposed(word: str, threshold: object, said: str) -> None:
    assert said in why_none(Condition(Operand("v"), word, threshold))  # type: ignore[arg-type]


def test_the_moments_are_those_of_the_schedule() -> None:
    """The clocks in Berlin go forward: the day has no 2:30, and 8:00 comes an hour earlier."""
    end = dt.datetime(2026, 3, 31, tzinfo=dt.UTC)
    start = dt.datetime(2026, 3, 28, 7, tzinfo=dt.UTC)
    found = moments_between("0 0 8 * * ?", "Europe/Berlin", start, end, None)
    assert [(moment.day, moment.hour) for moment in found] == [(28, 7), (29, 6), (30, 6)]
    night = moments_between("0 30 2 * * ?", "Europe/Berlin", start, end, None)
    assert [moment.day for moment in night] == [30]


def test_every_so_often_begins_at_the_start_and_ends_before_the_end() -> None:
    end = _START + 3 * _HOUR
    assert list(moments_between("0 0 8 * * ?", "UTC", _START, end, _HOUR)) == hours(3)


def test_the_bound_counts_moments_times_thresholds() -> None:
    assert bounded(iter(hours(10)), 2, 20) == hours(10)
    with pytest.raises(ConfigurationError, match=r"more than --most 19 .*Allow more \(--most N"):
        bounded(iter(hours(10)), 2, 19)
