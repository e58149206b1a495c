"""Moments that a query counts from the present, such as `current_date() - INTERVAL 7 DAYS`."""

from __future__ import annotations

import calendar
import datetime as dt
import re
from dataclasses import dataclass, replace
from typing import Literal

from sqlglot import exp

Unit = Literal["now", "minute", "hour", "day", "week", "month", "year"]
# From fine to coarse.
UNITS: tuple[Unit, ...] = ("now", "minute", "hour", "day", "week", "month", "year")
NOW = (
    exp.CurrentTimestamp,
    exp.CurrentDate,
    exp.Localtimestamp,
    exp.CurrentTime,
    exp.CurrentDatetime,
)
_SECONDS = {"SECOND": 1, "MINUTE": 60, "HOUR": 3600, "DAY": 86400, "WEEK": 604800}
_MONTHS = {"MONTH": 1, "QUARTER": 3, "YEAR": 12}
_TRUNCATED: dict[str, Unit] = {
    **{"MINUTE": "minute", "HOUR": "hour", "DAY": "day", "DD": "day", "WEEK": "week"},
    **{
        "MONTH": "month",
        "MM": "month",
        "MON": "month",
        "YEAR": "year",
        "YYYY": "year",
        "YY": "year",
    },
}
_SPAN = re.compile(r"\s*([+-]?\d+(?:\.\d+)?)\s*([A-Za-z]*)\s*")


@dataclass(frozen=True)
class Moment:
    """The present, cut down to the beginning of a unit and then moved by months and seconds."""

    unit: Unit
    months: int = 0
    seconds: float = 0

    def at(self, present: dt.datetime) -> dt.datetime:
        """The moment, where `present` is now."""
        moved = _moved(_begin(present, self.unit), self.months)
        return moved + dt.timedelta(seconds=self.seconds)


def moment(expression: exp.Expr) -> Moment | None:
    """What an expression means as a moment; None where that cannot be told."""
    node = expression.unnest()
    match node:
        case exp.CurrentDate():
            return Moment("day")
        case exp.CurrentTimestamp() | exp.Localtimestamp() | exp.CurrentDatetime():
            return Moment("now")
        case exp.Cast() | exp.TsOrDsToDate() | exp.TimestampTrunc() | exp.DateTrunc():
            return _cut_by(node)
        case exp.TsOrDsAdd():  # date_add and date_sub, which answer dates
            return _moved_by(_cut(moment(node.this), "day"), node.expression, _unit_of(node), 1)
        case exp.TimestampAdd() | exp.DateAdd():
            return _moved_by(moment(node.this), node.expression, _unit_of(node), 1)
        case exp.AddMonths():
            return _moved_by(moment(node.this), node.expression, "MONTH", 1)
        case exp.Add() | exp.Sub():
            return _moved_by(moment(node.this), node.expression, "DAY", _sign(node))
    return None


def _cut_by(node: exp.Expr) -> Moment | None:
    """The moment of a call that cuts one down; a cast to something else leaves it as it is."""
    found = moment(node.this)
    if isinstance(node, exp.Cast):
        return _cut(found, "day") if node.to.this is exp.DataType.Type.DATE else found
    if isinstance(node, exp.TsOrDsToDate):
        return _cut(found, "day")
    unit = _TRUNCATED.get(_unit_of(node))
    return _cut(found, unit) if unit else None


def has_present(expression: exp.Expr) -> bool:
    """Whether an expression asks what time it is."""
    return expression.find(*NOW) is not None


def _sign(node: exp.Expr) -> int:
    return -1 if isinstance(node, exp.Sub) else 1


def _cut(found: Moment | None, unit: Unit) -> Moment | None:
    """The beginning of the unit; None where that does not commute with what was moved already."""
    if found is None or found.months:
        return None
    size = {"minute": 60, "hour": 3600, "day": 86400}.get(unit)
    if found.seconds and (size is None or found.seconds % size):
        return None
    return replace(found, unit=max(found.unit, unit, key=UNITS.index))


def _moved_by(found: Moment | None, amount: exp.Expr, unit: str, sign: int) -> Moment | None:
    """The moment moved by an interval, or by a number of units."""
    if found is None:
        return None
    inner = amount.unnest()
    if isinstance(inner, exp.Add):
        first = _moved_by(found, inner.this, unit, sign)
        return _moved_by(first, inner.expression, unit, sign)
    if isinstance(inner, exp.Interval):
        span = _SPAN.fullmatch(inner.this.name if inner.this is not None else "")
        if span is None:
            return None
        return _by_units(found, float(span[1]) * sign, _unit_of(inner) or span[2].upper())
    number = _number(inner)
    return None if number is None else _by_units(found, number * sign, unit)


def _by_units(found: Moment, count: float, unit: str) -> Moment | None:
    name = unit.removesuffix("S")
    if name in _SECONDS:
        return replace(found, seconds=found.seconds + count * _SECONDS[name])
    if name in _MONTHS and count == int(count):
        return replace(found, months=found.months + int(count) * _MONTHS[name])
    return None


def _number(node: exp.Expr) -> float | None:
    inner = node.unnest()
    if isinstance(inner, exp.Neg):
        found = _number(inner.this)
        return None if found is None else -found
    if isinstance(inner, exp.Mul):  # sqlglot's form of a subtraction: 7 * -1
        left, right = _number(inner.left), _number(inner.right)
        return None if left is None or right is None else left * right
    if isinstance(inner, exp.Literal) and not inner.is_string:
        return float(inner.this)
    return None


def _unit_of(node: exp.Expr) -> str:
    unit = node.args.get("unit")
    return str(unit.name).upper() if isinstance(unit, exp.Expr) else ""


def _begin(present: dt.datetime, unit: Unit) -> dt.datetime:
    if unit == "now":
        return present
    cut = present.replace(second=0, microsecond=0)
    if unit == "minute":
        return cut
    cut = cut.replace(minute=0)
    if unit == "hour":
        return cut
    cut = cut.replace(hour=0)
    if unit == "week":
        return cut - dt.timedelta(days=cut.weekday())
    if unit == "day":
        return cut
    return cut.replace(day=1) if unit == "month" else cut.replace(month=1, day=1)


def _moved(moment_: dt.datetime, months: int) -> dt.datetime:
    if not months:
        return moment_
    year, month = divmod(moment_.year * 12 + moment_.month - 1 + months, 12)
    day = min(moment_.day, calendar.monthrange(year, month + 1)[1])
    return moment_.replace(year=year, month=month + 1, day=day)
