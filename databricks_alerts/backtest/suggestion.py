"""A threshold that would have fired so often: the most sensitive that does not fire more."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from itertools import groupby

from databricks_alerts.evaluation import Condition

_ORDERED = {
    "GREATER_THAN": 1,
    "GREATER_THAN_OR_EQUAL": 1,
    "LESS_THAN": -1,
    "LESS_THAN_OR_EQUAL": -1,
}
_WEEK = dt.timedelta(weeks=1)
# An alert that is on for longer than that is no alarm but the weather.
_MOST_SHARE = 0.5
_DIGITS = 17


def why_none(condition: Condition) -> str:
    """Why no threshold can be proposed for such a condition; empty where one can."""
    threshold = condition.threshold
    if condition.operator not in _ORDERED:
        return (
            "its operator does not compare by size, so there is no more and less sensitive "
            "threshold; it needs >, >=, < or <="
        )
    if isinstance(threshold, bool | str):
        return "its threshold is no number (threshold_value_type DOUBLE)"
    if not isinstance(threshold, int | float):
        return "it compares with a column, not with a number"
    return ""


def suggest(
    condition: Condition,
    values: Sequence[float | None],
    moments: Sequence[dt.datetime],
    end: dt.datetime,
    per_week: float,
) -> float | None:
    """The most sensitive threshold that fires so often a week at most, as do all above it.

    `values` are those found at the moments, None where the alert was not evaluated to a number.
    None where there are no values, or infinite ones that fire whatever the threshold is.

    From the least sensitive threshold on, which never fires, values are let in by size; how many
    stretches of time they make are the firings.
    """
    sign = _ORDERED[condition.operator]
    found = [None if value is None else _ordered(value) * sign for value in values]
    steps = sorted(
        ((value, index) for index, value in enumerate(found) if value is not None),
        key=lambda step: -step[0],
    )
    if not steps:
        return None
    seconds = [
        (following - moment) / _WEEK
        for moment, following in zip(moments, [*moments[1:], end], strict=True)
    ]
    weeks = sum(seconds)
    inside = [False] * (len(found) + 2)
    stretches, share, above = 0, 0.0, math.inf
    for value, group in groupby(steps, key=lambda step: step[0]):
        for _, index in group:
            place = index + 1
            stretches += 1 - inside[place - 1] - inside[place + 1]
            inside[place] = True
            share += seconds[index] / weeks
        if stretches > per_week * weeks or share > _MOST_SHARE:
            if value == math.inf:
                return None
            return _between(value, above, condition.operator, sign)
        above = value
    return _between(-math.inf, above, condition.operator, sign)


def _ordered(value: float) -> float:
    """As SQL orders numbers: NaN is greater than any other."""
    return math.inf if math.isnan(value) else value


def _between(low: float, high: float, operator: str, sign: int) -> float:
    """The plainest number above `low` that lets `high` fire still."""
    return sign * plainest(low, high, closed=operator.endswith("EQUAL"))


def plainest(low: float, high: float, *, closed: bool) -> float:
    """The number of the fewest digits between two; where there is none, the one that splits them.

    With `closed` the condition includes its threshold, so that `high` splits them; else `low` does.
    """
    if math.isinf(high) and math.isinf(low):
        return 0.0
    if math.isinf(high):
        high = low + max(1.0, abs(low) * 0.2)
    elif math.isinf(low):
        low = high - max(1.0, abs(high) * 0.2)
    middle = low / 2 + high / 2
    for digits in range(1, _DIGITS + 1):
        number = float(f"{middle:.{digits}g}")
        if low < number < high:
            return number
    return high if closed else low
