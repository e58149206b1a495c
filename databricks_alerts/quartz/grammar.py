"""What is legal in a Quartz expression (CronExpression of Quartz 2.3).

6 or 7 fields; exactly one of day-of-month and day-of-week is `?`; `L`, `W`, `LW`, `L-n` for days of
the month; `nL`, `n#k` for days of the week, 1 = Sunday.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")


@dataclass(frozen=True)
class Field:
    """One field of the expression: its name, bounds, and names for numbers."""

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()


FIELDS = (
    Field("seconds", 0, 59),
    Field("minutes", 0, 59),
    Field("hours", 0, 23),
    Field("day-of-month", 1, 31),
    Field("month", 1, 12, _MONTHS),
    Field("day-of-week", 1, 7, _DAYS),
    Field("year", 1970, 2099),
)


def problem(expression: str) -> str | None:
    """Why a Quartz expression is illegal; None if it is legal."""
    fields = expression.upper().split()
    if len(fields) not in (6, 7):
        return f"{expression!r} has {len(fields)} fields, Quartz has 6 or 7"
    for text, field in zip(fields, FIELDS, strict=False):
        wrong = _field_problem(text, field)
        if wrong:
            return f"{field.name} {text!r}: {wrong}"
    if (fields[3] == "?") == (fields[5] == "?"):
        return "exactly one of day-of-month and day-of-week must be ?"
    return None


def _field_problem(text: str, field: Field) -> str | None:
    if text == "?":
        allowed = field.name in ("day-of-month", "day-of-week")
        return None if allowed else "? is for the two day fields only"
    parts = text.split(",")
    for part in parts:
        special = _special(part, field)
        if special is not None:
            if special:
                return special
            if len(parts) > 1:
                return f"{part} cannot stand in a list"
            continue
        wrong = _part_problem(part, field)
        if wrong:
            return wrong
    return None


def _special(part: str, field: Field) -> str | None:
    """Quartz's L, W and #: an empty text if right, a problem if wrong, None if it is none."""
    if field.name == "day-of-month":
        if part in ("L", "LW"):
            return ""
        offset = re.fullmatch(r"L-(\d+)(W)?", part)
        if offset:
            return "" if int(offset[1]) <= 30 else "the offset from the last day is at most 30"
        near = re.fullmatch(r"(\d+)W", part)
        if near:
            return "" if 1 <= int(near[1]) <= 31 else "W needs a day from 1 to 31"
    if field.name == "day-of-week":
        if part == "L":
            return ""
        last = re.fullmatch(r"(\w+?)L", part)
        if last and number(last[1], field) is not None:
            return ""
        nth = re.fullmatch(r"(\w+)#(\d+)", part)
        if nth:
            known = number(nth[1], field) is not None
            return "" if known and 1 <= int(nth[2]) <= 5 else "# needs a day and 1 to 5"
    return None


def _part_problem(part: str, field: Field) -> str | None:
    body, slash, step = part.partition("/")
    if slash:
        span = field.high - field.low + 1
        if not step.isdigit() or not 1 <= int(step) <= max(span, field.high):
            return f"the step {step!r} is no number from 1 to {field.high}"
    if body == "*" or (slash and body == ""):
        return None
    ends = body.split("-")
    if len(ends) > 2:
        return f"{body!r} is no range"
    for end in ends:
        if number(end, field) is None:
            names = f" or {field.names[0]}-{field.names[-1]}" if field.names else ""
            return f"{end!r} is not from {field.low} to {field.high}{names}"
    return None


def number(text: str, field: Field) -> int | None:
    """A number or a name as a number of the field; None if it is none."""
    if text in field.names:
        return field.names.index(text) + field.low
    if not re.fullmatch(r"\d{1,4}", text):
        return None
    value = int(text)
    return value if field.low <= value <= field.high else None
