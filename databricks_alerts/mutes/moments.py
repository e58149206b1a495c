"""When a mute is in force: once from a time to a time, or again and again by a Quartz expression.

A recurrence is on the wall clock of its time zone: 22:00 for ten hours ends at 8:00 also in the
night in which the clocks change. Where the end is a local time that does not exist, or exists
twice, the later reading counts, as it does where Quartz begins (`quartz.firing`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

from databricks_alerts.quartz import next_fire, parse, time_zone

# A local clock is set by no more at once: Samoa left out a day in 2011.
_LEAP = dt.timedelta(hours=25)
_LOOKED_AT = 40  # occurrences that are checked when a recurrence is written


@dataclass(frozen=True)
class Recurrence:
    """Occurrences that begin by a legal Quartz expression and last `length` on the wall clock."""

    cron: str
    length: dt.timedelta
    timezone: str

    @cached_property
    def zone(self) -> dt.tzinfo:
        """The time zone, which must be one."""
        zone = time_zone(self.timezone)
        assert zone is not None  # mutes.rows has looked
        return zone

    def starts(self, after: dt.datetime) -> Iterator[dt.datetime]:
        """When occurrences begin, later than a time, in order."""
        expression = parse(self.cron)
        start = next_fire(expression, after, self.zone)
        while start is not None:
            yield start
            start = next_fire(expression, start, self.zone)

    def end(self, start: dt.datetime) -> dt.datetime:
        """When the occurrence ends that begins so."""
        wall = _wall(start, self.zone) + self.length
        return max(wall.replace(tzinfo=self.zone, fold=fold).astimezone(dt.UTC) for fold in (0, 1))

    def around(self, at: dt.datetime) -> tuple[dt.datetime, dt.datetime] | None:
        """The occurrence that a time is in, from its beginning to its end; the longest of them."""
        found = None
        for start in self.starts(at - self.length - _LEAP):
            if start > at:
                break
            end = self.end(start)
            if at < end and (found is None or end > found[1]):
                found = start, end
        return found

    def problem(self, since: dt.datetime, *, ends: bool) -> str | None:
        """Why it is no mute: it never begins, runs into itself, or (without an end) never ends."""
        previous = None
        gaps = 0
        for count, start in enumerate(self.starts(since - dt.timedelta(seconds=1))):
            wall = _wall(start, self.zone)
            if previous is not None and previous + self.length > wall:
                return (
                    f"one that begins at {previous:%Y-%m-%d %H:%M} is still on when the next "
                    f"begins at {wall:%H:%M}"
                )
            gaps += previous is not None and previous + self.length < wall
            previous = wall
            if count == _LOOKED_AT:
                return None if gaps or ends else "each begins when the one before ends: no end"
        return None if previous is not None else "it never begins from starts_at on"


def _wall(moment: dt.datetime, zone: dt.tzinfo) -> dt.datetime:
    return moment.astimezone(zone).replace(tzinfo=None, fold=0)
