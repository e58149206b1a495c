"""A Quartz expression as sets of numbers, and a rule for the days of each month."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from databricks_alerts.quartz.grammar import FIELDS, Field, number, problem

__all__ = ["Expression", "QuartzError", "parse", "problem"]

_SUNDAY, _SATURDAY = 1, 7
Days = Callable[[int, int], frozenset[int]]


class QuartzError(ValueError):
    """An expression that Quartz would refuse; the message says why."""


@dataclass(frozen=True)
class Expression:
    """When a schedule fires, in local time; numbers are sorted, `days(year, month)` its days."""

    seconds: tuple[int, ...]
    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    months: tuple[int, ...]
    years: tuple[int, ...]
    days: Days


@lru_cache(maxsize=4096)
def parse(text: str) -> Expression:
    """The expression. Raises QuartzError."""
    wrong = problem(text)
    if wrong:
        raise QuartzError(wrong)
    fields = text.upper().split()
    years = numbers_of(fields[6], FIELDS[6]) if len(fields) == 7 else _all(FIELDS[6])
    of_week = fields[5] != "?"
    return Expression(
        numbers_of(fields[0], FIELDS[0]),
        numbers_of(fields[1], FIELDS[1]),
        numbers_of(fields[2], FIELDS[2]),
        numbers_of(fields[4], FIELDS[4]),
        years,
        _days_of_week(fields[5]) if of_week else _days_of_month(fields[3]),
    )


def _all(field: Field) -> tuple[int, ...]:
    return tuple(range(field.low, field.high + 1))


def numbers_of(text: str, field: Field) -> tuple[int, ...]:
    """The numbers that a legal field of lists, ranges and steps means, sorted."""
    found: set[int] = set()
    for part in text.split(","):
        found |= _part(part, field)
    return tuple(sorted(found))


def _part(part: str, field: Field) -> set[int]:
    body, slash, step_text = part.partition("/")
    step = int(step_text) if slash else 1
    if body in ("*", ""):
        return set(range(field.low, field.high + 1, step))
    first_text, dash, last_text = body.partition("-")
    first = number(first_text, field)
    assert first is not None  # `problem` has looked
    if dash:
        last = number(last_text, field)
        assert last is not None
    else:
        last = field.high if slash else first
    if last >= first:
        return set(range(first, last + 1, step))
    # A range over the end, such as FRI-MON or 22-2, goes on at the beginning.
    span = field.high - field.low + 1
    return {(value - field.low) % span + field.low for value in range(first, last + span + 1, step)}


def _days_of_month(text: str) -> Days:
    last = re.fullmatch(r"L(?:-(\d+))?(W)?", text)
    if last:
        back, weekday = int(last[1] or 0), bool(last[2])
        return lambda year, month: _one(year, month, _length(year, month) - back, near=weekday)
    near = re.fullmatch(r"(\d+)W", text)
    if near:
        day = int(near[1])
        return lambda year, month: _one(year, month, day, near=True)
    numbers = frozenset(numbers_of(text, FIELDS[3]))
    return lambda year, month: frozenset(day for day in numbers if day <= _length(year, month))


def _days_of_week(text: str) -> Days:
    if text == "L":
        return _weekdays(frozenset({_SATURDAY}))
    last = re.fullmatch(r"(\w+?)L", text)
    if last and number(last[1], FIELDS[5]) is not None:
        day = number(last[1], FIELDS[5])
        return lambda year, month: frozenset(sorted(_matching(year, month, {day}))[-1:])
    nth = re.fullmatch(r"(\w+)#(\d+)", text)
    if nth:
        day, count = number(nth[1], FIELDS[5]), int(nth[2])
        return lambda year, month: frozenset(
            sorted(_matching(year, month, {day}))[count - 1 : count]
        )
    return _weekdays(frozenset(numbers_of(text, FIELDS[5])))


def _weekdays(numbers: frozenset[int]) -> Days:
    return lambda year, month: frozenset(_matching(year, month, set(numbers)))


def _matching(year: int, month: int, numbers: set[int] | set[int | None]) -> set[int]:
    return {
        day for day in range(1, _length(year, month) + 1) if _weekday(year, month, day) in numbers
    }


def _one(year: int, month: int, day: int, *, near: bool) -> frozenset[int]:
    """That day, or with `near` the weekday nearest to it in the same month; none if it is none."""
    length = _length(year, month)
    if not 1 <= day <= length:
        return frozenset()
    if near:
        weekday = _weekday(year, month, day)
        if weekday == _SATURDAY:
            day += 2 if day == 1 else -1
        elif weekday == _SUNDAY:
            day += -2 if day == length else 1
    return frozenset({day})


def _length(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]


def _weekday(year: int, month: int, day: int) -> int:
    """1 = Sunday, as Quartz counts."""
    return dt.date(year, month, day).isoweekday() % 7 + 1
