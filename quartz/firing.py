"""When an expression fires in a time zone, summer time included.

A local time that does not exist (clocks go forward) fires when the clock has passed it, shifted by
the gap, as Java's lenient Calendar and so Quartz has it. Of a local time that exists twice (clocks
go back) a schedule with fixed hours fires at the first; one that fires in every hour fires in both,
so that a monitor has no hole of an hour (Vixie cron's rule; Quartz leaves it open).
"""

from __future__ import annotations

import calendar
import datetime as dt
from bisect import bisect_left
from collections.abc import Iterator

from quartz.expression import Expression

_DAY = dt.timedelta(days=1)
_NONE = dt.timedelta(0)


def next_fire(expression: Expression, after: dt.datetime, zone: dt.tzinfo) -> dt.datetime | None:
    """The first time later than `after` (aware), in UTC and whole seconds; None if never again."""
    after = after.astimezone(dt.UTC)
    local_after = after.astimezone(zone).replace(tzinfo=None, microsecond=0)
    best: dt.datetime | None = None
    for local in _local_times(expression, local_after - _shift(after, zone)):
        if best is not None and local.replace(tzinfo=zone).astimezone(dt.UTC) > best:
            break
        moments = _moments(local, zone, both=expression.every_hour)
        for moment in moments:
            if moment > after and (best is None or moment < best):
                best = moment
        # What a gap shifted, or the second of two, can be overtaken by a later local time.
        if best == moments[0] and not _is_missing(local, zone):
            break
    return best


def _shift(moment: dt.datetime, zone: dt.tzinfo) -> dt.timedelta:
    """By how much the clocks change around a time: local times before it may come after it."""
    before, later = ((moment + days).astimezone(zone).utcoffset() for days in (-_DAY, _DAY))
    return abs((later or _NONE) - (before or _NONE))


def _is_missing(local: dt.datetime, zone: dt.tzinfo) -> bool:
    moment = local.replace(tzinfo=zone).astimezone(dt.UTC)
    return moment.astimezone(zone).replace(tzinfo=None) != local


def fires_a_day(expression: Expression, year: int) -> float:
    """How often it fires a day, over a year's mean; summer time not counted."""
    if year not in expression.years:
        return 0.0
    days = sum(len(expression.days(year, month)) for month in expression.months)
    times = len(expression.hours) * len(expression.minutes) * len(expression.seconds)
    return days * times / (366 if calendar.isleap(year) else 365)


def _local_times(expression: Expression, start: dt.datetime) -> Iterator[dt.datetime]:
    """Local times from `start` on, in order."""
    for day in _days(expression, start.date()):
        first = start.time() if day == start.date() else dt.time.min
        for hour in expression.hours[bisect_left(expression.hours, first.hour) :]:
            for minute in expression.minutes:
                if (hour, minute) < (first.hour, first.minute):
                    continue
                for second in expression.seconds:
                    if (hour, minute, second) >= (first.hour, first.minute, first.second):
                        yield dt.datetime.combine(day, dt.time(hour, minute, second))


def _days(expression: Expression, start: dt.date) -> Iterator[dt.date]:
    for year in expression.years:
        if year < start.year:
            continue
        for month in expression.months:
            if (year, month) < (start.year, start.month):
                continue
            for number in sorted(expression.days(year, month)):
                day = dt.date(year, month, number)
                if day >= start:
                    yield day


def _earliest(local: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    return local.replace(tzinfo=zone, fold=0).astimezone(dt.UTC)


def _moments(local: dt.datetime, zone: dt.tzinfo, *, both: bool) -> list[dt.datetime]:
    """The UTC times of a local time; with fold 0 a missing one is shifted by the gap (PEP 495)."""
    first = _earliest(local, zone)
    second = local.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    return [first, second] if both and second > first else [first]
