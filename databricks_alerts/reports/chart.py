"""A rule's values on a terminal: a bar an interval, its states in colour, the threshold beside.

Evaluations are spread over equal intervals of time; of several in one the worst state counts, and
the last value that has it, so that one short alarm in a month is seen.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from rich.text import Text

from databricks_alerts.history.evaluations import Evaluated

_BLOCKS = " ▁▂▃▄▅▆▇█"
# By state, for whatever shows states on a terminal.
STYLES = {"TRIGGERED": "red", "ERROR": "magenta", "OK": "green"}
_WORST = ("ERROR", "TRIGGERED", "UNKNOWN", "OK")
_HEIGHT = 8


@dataclass(frozen=True)
class _Place:
    """What one column of the chart shows; no state where nothing was evaluated."""

    value: float | None = None
    state: str = ""


def chart(
    evaluations: Sequence[Evaluated], width: int = 72, limits: Sequence[float] = ()
) -> list[Text]:
    """The lines of the chart, in order of time from left to right; none for no evaluations.

    `limits` are the thresholds to mark; without them it is that of the last evaluation.

    Values that are no numbers have no bars: the line of states at the bottom tells of all.
    """
    if not evaluations:
        return []
    places = _placed(evaluations, width)
    numbers = [place.value for place in places if place.value is not None]
    lines = []
    if numbers:
        marked = [*limits] if limits else [evaluations[-1].threshold]
        levels = [item for item in marked if isinstance(item, float) and math.isfinite(item)]
        lines = _bars(places, numbers, levels)
    states = Text(" " * 12)
    for place in places:
        states.append("■" if place.state else "·", style=STYLES.get(place.state, ""))
    first, last = evaluations[0].at, evaluations[-1].at
    ends = f"{first:%m-%d %H:%M}", f"{last:%m-%d %H:%M}"
    gap = " " * max(1, len(places) - sum(map(len, ends)))
    return [*lines, states, Text(" " * 12 + ends[0] + gap + ends[1], style="dim")]


def _placed(evaluations: Sequence[Evaluated], width: int) -> list[_Place]:
    first, last = evaluations[0].at.timestamp(), evaluations[-1].at.timestamp()
    count = min(width, len(evaluations)) if last > first else 1
    found: list[list[Evaluated]] = [[] for _ in range(count)]
    for item in evaluations:
        share = (item.at.timestamp() - first) / (last - first) if last > first else 0
        found[min(count - 1, int(share * count))].append(item)
    return [_place(items) for items in found]


def _place(items: Sequence[Evaluated]) -> _Place:
    states = {item.state for item in items}
    worst = next((state for state in _WORST if state in states), "")
    state = worst or (items[-1].state if items else "")
    for telling in ([item for item in items if item.state == state], items):
        numbers = [item.value for item in telling if isinstance(item.value, float)]
        value = next((number for number in reversed(numbers) if math.isfinite(number)), None)
        if value is not None:
            return _Place(value, state)
    return _Place(None, state)


def _bars(
    places: Sequence[_Place], numbers: Sequence[float], limits: Sequence[float]
) -> list[Text]:
    marked = [*numbers, *limits]
    low, high = min(0.0, *marked), max(0.0, *marked)
    high = high if high > low else low + 1
    step = high / _HEIGHT - low / _HEIGHT  # divided before it can overflow
    limit_of_row = {min(_HEIGHT - 1, int((limit - low) / step)): limit for limit in limits}
    lines = []
    for row in range(_HEIGHT - 1, -1, -1):
        limit = limit_of_row.get(row)
        label = {_HEIGHT - 1: high, 0: low}.get(row) if limit is None else limit
        line = Text(f"{'' if label is None else f'{label:.4g}':>10} ")
        line.append("│" if limit is None else "┼", style="dim")
        for place in places:
            line.append(*_cell(place, low + row * step, step, limit is not None))
        if limit is not None:
            line.append(" threshold", style="dim")
        lines.append(line)
    return lines


def _cell(place: _Place, bottom: float, step: float, is_limit: bool) -> tuple[str, str]:
    filled = 0.0 if place.value is None else (place.value - bottom) / step
    block = _BLOCKS[round(max(0.0, min(1.0, filled)) * (len(_BLOCKS) - 1))]
    if block == " " and is_limit:
        return "╌", "dim"
    return block, STYLES.get(place.state, "")
