"""A schedule in English: `every 15 minutes`, `at 08:00 from Monday to Friday`.

The words are exact: two schedules that are described alike fire alike.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from databricks_alerts.quartz.expression import Expression, numbers_of, parse
from databricks_alerts.quartz.grammar import FIELDS, number

_DAYS = ("Sunday", "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday")
_MONTHS = (
    *("January", "February", "March", "April", "May", "June", "July", "August"),
    *("September", "October", "November", "December"),
)
_COUNTS = ("first", "second", "third", "fourth", "fifth")
_MOST_TIMES = 6
_SIXTY, _HOURS = tuple(range(60)), tuple(range(24))


def in_words(text: str) -> str:
    """What a Quartz expression says. Raises QuartzError."""
    expression = parse(text)
    fields = text.upper().split()
    times = _clock_times(expression)
    days = _days(fields[3], fields[5])
    if not days and times.startswith("at ") and ":" in times:
        days = "every day"
    parts = [times, days, _months(expression), _years(expression)]
    return " ".join(part for part in parts if part)


def _clock_times(expression: Expression) -> str:
    """Single times of the day, else what repeats."""
    seconds, minutes, hours = expression.seconds, expression.minutes, expression.hours
    if (seconds, minutes) == ((0,), (0,)) and len(hours) > 2:
        if _step(hours, _HOURS):
            return _each("hour", hours, _HOURS)
        if hours[-1] - hours[0] == len(hours) - 1:
            return f"every hour from {hours[0]:02}:00 to {hours[-1]:02}:00"
    if len(seconds) * len(minutes) * len(hours) <= _MOST_TIMES:
        shown = [
            f"{hour:02}:{minute:02}" + (f":{second:02}" if seconds != (0,) else "")
            for hour in hours
            for minute in minutes
            for second in seconds
        ]
        return f"at {_listed(shown)}"
    if seconds == (0,):
        return _each("minute", minutes, _SIXTY) + _of("hour", hours, _HOURS, minutes)
    within = _of("minute", minutes, _SIXTY, seconds)
    return _each("second", seconds, _SIXTY) + within + _of("hour", hours, _HOURS, minutes)


def _each(unit: str, values: Sequence[int], every: Sequence[int]) -> str:
    """`every 15 minutes`, `at minutes 3 and 7`."""
    step = _step(values, every)
    if step:
        return f"every {unit}" if step == 1 else f"every {step} {unit}s"
    return f"at {_plural(unit, values)} {_ranges(values)}"


def _of(unit: str, values: Sequence[int], every: Sequence[int], smaller: Sequence[int]) -> str:
    """What a smaller unit repeats in; nothing for all of them, where that goes without saying."""
    if tuple(values) == every:
        return "" if _step(smaller, _SIXTY) else f" of every {unit}"
    step = _step(values, every)
    if step:
        return f" of every {_ordinal(step)} {unit}"
    return f" of {_plural(unit, values)} {_ranges(values)}"


def _step(values: Sequence[int], every: Sequence[int]) -> int | None:
    """N where the values are 0, n, 2n and so on, evenly through what repeats; else None."""
    if len(values) < 2 or values[0] != 0 or len(every) % len(values):
        return None
    step = len(every) // len(values)
    return step if tuple(values) == tuple(every[::step]) else None


def _days(of_month: str, of_week: str) -> str:
    if of_week not in ("?", "*"):
        return _of_week(of_week)
    if of_month in ("?", "*"):
        return ""
    last = re.fullmatch(r"L(?:-(\d+))?(W)?", of_month)
    if last:
        back = int(last[1] or 0)
        day = "the last day of the month" if not back else f"day {back} before the month's last"
        return f"on the weekday nearest to {day}" if last[2] else f"on {day}"
    near = re.fullmatch(r"(\d+)W", of_month)
    if near:
        return f"on the weekday nearest to day {int(near[1])} of the month"
    numbers = numbers_of(of_month, FIELDS[3])
    if len(numbers) == 31:
        return ""
    return f"on {_plural('day', numbers)} {_ranges(numbers)} of the month"


def _of_week(text: str) -> str:
    nth = re.fullmatch(r"(\w+)#(\d)", text)
    if nth:
        return f"on the {_COUNTS[int(nth[2]) - 1]} {_day(nth[1])} of the month"
    last = re.fullmatch(r"(\w+?)L", text)
    if last and number(last[1], FIELDS[5]) is not None:
        return f"on the last {_day(last[1])} of the month"
    numbers = [7] if text == "L" else list(numbers_of(text, FIELDS[5]))
    if len(numbers) == 7:
        return ""
    # A week is read from Monday on.
    names = [_DAYS[value - 1] for value in sorted(numbers, key=lambda value: (value - 2) % 7)]
    if len(names) > 2 and _are_neighbours([(value - 2) % 7 for value in numbers]):
        return f"from {names[0]} to {names[-1]}"
    return f"on {_listed([f'{name}s' for name in names])}"


def _are_neighbours(values: Sequence[int]) -> bool:
    return max(values) - min(values) == len(values) - 1


def _day(text: str) -> str:
    value = number(text, FIELDS[5])
    assert value is not None  # the grammar has looked
    return _DAYS[value - 1]


def _months(expression: Expression) -> str:
    if len(expression.months) == 12:
        return ""
    return f"in {_listed([_MONTHS[value - 1] for value in expression.months])}"


def _years(expression: Expression) -> str:
    first, last = FIELDS[6].low, FIELDS[6].high
    if len(expression.years) == last - first + 1:
        return ""
    return f"in {_ranges(expression.years)}"


def _ranges(values: Sequence[int]) -> str:
    """`1, 3 and 5`, `8 to 17 and 22`."""
    runs: list[list[int]] = []
    for value in values:
        if runs and value == runs[-1][-1] + 1:
            runs[-1].append(value)
        else:
            runs.append([value])
    shown: list[str] = []
    for run in runs:
        shown += [f"{run[0]} to {run[-1]}"] if len(run) > 2 else [str(value) for value in run]
    return _listed(shown)


def _listed(items: Sequence[str]) -> str:
    return items[0] if len(items) == 1 else f"{', '.join(items[:-1])} and {items[-1]}"


def _plural(unit: str, values: Sequence[int]) -> str:
    return unit if len(values) == 1 else f"{unit}s"


def _ordinal(value: int) -> str:
    ending = "th" if value in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(value % 10, "th")
    return f"{value}{ending}"
