"""Schedules against what queries look at: runs that see nothing new, rows that no run sees."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from functools import lru_cache
from itertools import groupby, pairwise

from databricks_alerts.lint.model import Check, Subject
from databricks_alerts.lint.moments import NOW, Moment, Unit, moment
from databricks_alerts.lint.windows import Window, windows_of
from databricks_alerts.quartz import QuartzError, next_fire, parse, time_zone

# A Monday; two weeks show weekends, and the gap of a month's schedule is asked for apart.
_START = dt.datetime(2027, 3, 1, tzinfo=dt.UTC)
_SPAN = dt.timedelta(days=14)
_MOST, _LEAST = 3000, 3
# How late a row may come without being missed, of the time between two runs; at most an hour.
_SLACK, _MOST_SLACK = 0.1, dt.timedelta(hours=1)
_RUNS_A_PERIOD = 2  # once more, for what comes late


def _find_finer(subject: Subject, _: Sequence[Subject]) -> Iterator[str]:
    tree = subject.tree
    windows = windows_of(tree) if tree is not None else None
    if tree is None or not windows or any(map(_is_open, tree.find_all(*NOW))):
        return
    reading = [window for window in windows if window.stored]
    if not reading or not all(map(_is_past, reading)):
        return
    unit = min((window.finest for window in reading), key=_size)
    fires = _fires(subject.schedule, subject.time_zone)
    most = max((len(list(same)) for _, same in groupby(fires, Moment(unit).at)), default=0)
    if most > _RUNS_A_PERIOD:
        yield (
            f"the query looks at whole {unit}s that are over, and runs up to {most} times a {unit}"
        )


def _is_open(call: object) -> bool:
    """Whether the present is asked for other than to cut it down to a unit."""
    node = call
    while (outer := getattr(node, "parent", None)) is not None and moment(outer) is not None:
        node = outer
    found = moment(node)  # type: ignore[arg-type]
    return found is None or found.unit == "now"


def _is_past(window: Window) -> bool:
    """Whether it ends before the period that is still going on, in whole periods."""
    if not window.upper or window.finest in ("now", "minute"):
        return False
    present = _START + dt.timedelta(days=2, hours=13, minutes=47, seconds=11)
    return window.ends(present) <= Moment(window.finest).at(present)


def _size(unit: Unit) -> dt.timedelta:
    return _START - Moment(unit).at(_START - dt.timedelta(seconds=1))


def _find_late(subject: Subject, _: Sequence[Subject]) -> Iterator[str]:
    windows = windows_of(subject.tree) if subject.tree is not None else None
    bounded = [window for window in windows or () if window.lower]
    fires = _fires(subject.schedule, subject.time_zone)
    worst: tuple[dt.timedelta, dt.timedelta] | None = None
    for run, following in pairwise(fires):
        begins = min((b for w in bounded if (b := w.begins(following)) is not None), default=None)
        if begins is None:
            return
        seen = max(window.ends(run) for window in bounded)
        if begins > seen:
            yield (
                f"rows of up to {_told(begins - seen)} are never looked at: the next run's window "
                "begins behind the end of the one before"
            )
            return
        found = (run - begins, following - run)
        worst = min(worst, found) if worst else found
    if worst and worst[0] < min(worst[1] * _SLACK, _MOST_SLACK):
        late = f"more than {_told(worst[0])} late" if worst[0] else "late at all"
        yield f"a row that comes {late} is never looked at"


@lru_cache(maxsize=1024)
def _fires(schedule: str, zone_name: str) -> tuple[dt.datetime, ...]:
    """When a schedule runs, for two weeks or at least three times; nothing for an illegal one."""
    try:
        expression = parse(schedule)
    except QuartzError:
        return ()
    zone, now = time_zone(zone_name) or dt.UTC, _START
    found: list[dt.datetime] = []
    while len(found) < _MOST:
        fire = next_fire(expression, now, zone)
        if fire is None or (fire > _START + _SPAN and len(found) >= _LEAST):
            break
        found.append(fire)
        now = fire
    return tuple(found)


def _told(span: dt.timedelta) -> str:
    seconds = int(span.total_seconds())
    for size, name in ((86400, "day"), (3600, "hour"), (60, "minute")):
        if seconds >= size and seconds % size == 0:
            count = seconds // size
            return f"{count} {name}{'' if count == 1 else 's'}"
    return str(span)


FINER = Check(
    "L006",
    "schedule-finer-than-data",
    "Between two periods the answer stays the same, so most runs only cost warehouse time.",
    "run it once a period, some time after its data has arrived",
    _find_finer,
)
LATE = Check(
    "L007",
    "window-misses-late-data",
    "A row is seen only by a run whose window it stands in: what arrives after the last such run "
    "rings nothing, ever.",
    "look further back than to the run before (twice the schedule's interval is a good rule)",
    _find_late,
)
