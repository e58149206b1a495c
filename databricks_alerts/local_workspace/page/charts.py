"""Bars, spark lines and charts as numbers that a template draws. Pure.

Only finite numbers are drawn. What is none (NULL, NaN, an infinity, a text) is a gap in the line,
not a zero, and two extremes of opposite signs do not overflow.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from databricks_alerts.local_workspace.page.words import as_time, moment, number

_DECIMAL = re.compile(r"-?\d+(\.\d+)?")  # what is too long for a float is kept as its text
_HEADROOM = 0.08


def as_number(value: Any) -> float | None:
    """A finite number, or None for what cannot be drawn."""
    if isinstance(value, bool) or value is None:
        return None
    if isinstance(value, str) and not _DECIMAL.fullmatch(value):
        return None
    try:
        found = float(value)
    except (OverflowError, TypeError, ValueError):
        return None
    return found if math.isfinite(found) else None


@dataclass(frozen=True)
class Scale:
    """Values from `low` to `high` onto lengths from 0 to `size`."""

    low: float
    high: float
    size: float

    def __call__(self, value: float) -> float:
        """Where a value lies; halves keep the difference of two extremes finite."""
        span = self.high / 2 - self.low / 2
        return round(self.size * ((value / 2 - self.low / 2) / span if span else 0.5), 1)


def scale(values: Iterable[float], size: float, *, room: float = 0.0) -> Scale:
    """The scale that holds every value, with some room at both ends."""
    found = list(values) or [0.0]
    low, high = min(found), max(found)
    more = (high / 2 - low / 2) * room * 2
    if math.isfinite(low - more) and math.isfinite(high + more):
        low, high = low - more, high + more
    return Scale(low, high, size)


@dataclass(frozen=True)
class Bar:
    """A value from zero, and where the threshold lies."""

    start: float
    length: float
    threshold: float


def bar(value: Any, threshold: Any, width: float) -> Bar | None:
    """A value against a threshold in one scale with zero; None where either is no number."""
    shown, limit = as_number(value), as_number(threshold)
    if shown is None or limit is None:
        return None
    at = scale((0.0, shown, limit), width * (1 - _HEADROOM))
    if at.low == at.high:  # all are zero
        return Bar(0.0, 0.0, 0.0)
    ends = sorted((at(0.0), at(shown)))
    return Bar(ends[0], round(ends[1] - ends[0], 1), at(limit))


@dataclass(frozen=True)
class Dot:
    """An evaluation on a chart: where, in which state, whether it fired just then, in words."""

    x: float
    y: float
    state: str
    fired: bool
    words: str


@dataclass(frozen=True)
class Chart:
    """Lines through values and thresholds, a dot an evaluation; `ticks` are heights with labels."""

    values: list[str]
    thresholds: list[str]
    dots: list[Dot]
    ticks: list[tuple[float, str]]
    begin: str
    end: str
    fired: int
    words: str


def spark(evaluations: Sequence[dict[str, Any]], width: float, height: float) -> Chart | None:
    """A chart without room, evenly spaced, for a cell; None where nothing can be drawn."""
    oldest_first = list(reversed(evaluations))
    places = [float(index) for index in range(len(oldest_first))]
    return _chart(oldest_first, places, (width, height), room=0.0)


def chart(evaluations: Sequence[dict[str, Any]], width: float, height: float) -> Chart | None:
    """Values and thresholds over time, newest evaluation given first; None for no number at all."""
    oldest_first = list(reversed(evaluations))
    oldest_first.sort(key=lambda item: as_time(item["at"]))  # of one moment, the order they came in
    places = [as_time(item["at"]).timestamp() for item in oldest_first]
    return _chart(oldest_first, places, (width, height), room=_HEADROOM)


def _chart(
    evaluations: list[dict[str, Any]],
    places: list[float],
    size: tuple[float, float],
    *,
    room: float,
) -> Chart | None:
    values = [as_number(item["value"]) for item in evaluations]
    limits = [as_number(item["threshold"]) for item in evaluations]
    drawn = [value for value in values if value is not None]
    if not drawn:
        return None
    width, height = size
    across = scale(places, width)
    up = scale((*drawn, *(limit for limit in limits if limit is not None)), height, room=room)

    def y(value: float) -> float:
        return round(height - up(value), 1)

    xs = [across(place) for place in places]
    dots = [
        # What has no number stands at the bottom: that it was evaluated is seen all the same.
        Dot(x, height if value is None else y(value), item["state"], _fired(item), _told(item))
        for x, value, item in zip(xs, values, evaluations, strict=True)
    ]
    return Chart(
        values=_lines(xs, [None if value is None else y(value) for value in values]),
        thresholds=_steps(xs, [None if limit is None else y(limit) for limit in limits], width),
        dots=dots,
        ticks=_ticks(up, y),
        begin=moment(evaluations[0]["at"]),
        end=moment(evaluations[-1]["at"]),
        fired=sum(dot.fired for dot in dots),
        words=_in_words(drawn, limits, dots),
    )


def _fired(item: dict[str, Any]) -> bool:
    return bool(item["state"] == "TRIGGERED" and item.get("previous_state") != "TRIGGERED")


def _told(item: dict[str, Any]) -> str:
    return f"{moment(item['at'])}: {item['state']}, {number(item['value'])}"


def _runs(xs: list[float], ys: list[float | None]) -> Iterable[list[tuple[float, float]]]:
    """Neighbours that can be joined: a gap ends a run."""
    run: list[tuple[float, float]] = []
    for x, y in zip(xs, ys, strict=True):
        if y is not None:
            run.append((x, y))
        elif run:
            yield run
            run = []
    if run:
        yield run


def _lines(xs: list[float], ys: list[float | None]) -> list[str]:
    """Polylines through what can be joined; a single point is a dot, no line."""
    return [_points(run) for run in _runs(xs, ys) if len(run) > 1]


def _steps(xs: list[float], ys: list[float | None], width: float) -> list[str]:
    """A threshold holds until the next evaluation; a single one holds all the way."""
    if len(xs) == 1:
        return [] if ys[0] is None else [_points([(0.0, ys[0]), (width, ys[0])])]
    return [
        _points(
            [run[0]]
            + [point for before, after in pairwise(run) for point in ((after[0], before[1]), after)]
        )
        for run in _runs(xs, ys)
        if len(run) > 1
    ]


def _points(run: Iterable[tuple[float, float]]) -> str:
    return " ".join(f"{x:.1f},{y:.1f}" for x, y in run)


def _ticks(up: Scale, y: Any) -> list[tuple[float, str]]:
    middle = up.low / 2 + up.high / 2
    marks = [middle] if up.low == up.high else [up.low, middle, up.high]
    return [(y(value), f"{value:.4g}") for value in marks]


def _in_words(drawn: list[float], limits: list[float | None], dots: list[Dot]) -> str:
    """What a screen reader says of a chart."""
    count = len(dots)
    last = next((limit for limit in reversed(limits) if limit is not None), None)
    against = "" if last is None else f", threshold {number(last)}"
    fired = sum(dot.state == "TRIGGERED" for dot in dots)
    return (
        f"{count} evaluation{'' if count == 1 else 's'}, values from {number(min(drawn))} to "
        f"{number(max(drawn))}, the last {number(drawn[-1])}{against}; triggered {fired} times"
    )
