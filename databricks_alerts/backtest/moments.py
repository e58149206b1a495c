"""The past moments at which a rule is evaluated: those of its schedule, or every so often."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.quartz import next_fire, parse, time_zone

_SECOND = dt.timedelta(seconds=1)


def moments_between(
    cron: str, timezone: str, start: dt.datetime, end: dt.datetime, every: dt.timedelta | None
) -> Iterator[dt.datetime]:
    """The moments from `start` on and before `end`, in order, in whole seconds of UTC."""
    first = start.astimezone(dt.UTC).replace(microsecond=0)
    if every is not None:
        moment = first
        while moment < end:
            yield moment
            moment += every
        return
    zone, expression = time_zone(timezone) or dt.UTC, parse(cron)
    fire = next_fire(expression, first - _SECOND, zone)
    while fire is not None and fire < end:
        yield fire
        fire = next_fire(expression, fire, zone)


def bounded(moments: Iterator[dt.datetime], thresholds: int, most: int) -> list[dt.datetime]:
    """All moments, if they cost no more than `most` evaluations with so many thresholds.

    Raises ConfigurationError that says how to raise the bound, or to stay below it.
    """
    allowed = most // max(1, thresholds)
    found = list(islice(moments, allowed + 1))
    if len(found) <= allowed:
        return found
    raise ConfigurationError(
        f"this backtest has more than {allowed} moments; times {thresholds} threshold"
        f"{'' if thresholds == 1 else 's'} that is more than --most {most} evaluations. Allow more "
        "(--most N; each moment is a query on the warehouse), look at a shorter time (--from), or "
        "less often (--every 1d)"
    )
