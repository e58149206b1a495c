"""Whether a schedule is legal Quartz that fires again, and its time zone is known."""

from __future__ import annotations

import datetime as dt

from databricks_alerts.quartz import is_time_zone, next_fire, parse, time_zone
from databricks_alerts.quartz import problem as cron_problem
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule

__all__ = ["check_schedule", "cron_problem", "is_time_zone", "never_fires"]

_BEFORE_ALL = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)  # the first year that Quartz knows


def check_schedule(rule: Rule, now: dt.datetime | None = None) -> list[Finding]:
    """What is wrong with the rule's schedule_cron and schedule_timezone.

    `now` (aware; the present by default) is the moment after which the schedule has to fire.
    """
    found = []
    problem = cron_problem(rule.schedule_cron)
    if problem:
        remedy = "write 6 or 7 Quartz fields, e.g. 0 0 8 * * ? (daily at 8)"
        found.append(_finding(rule, "schedule_cron", problem, remedy))
    else:
        never = never_fires(rule.schedule_cron, rule.schedule_timezone, now)
        if never:
            remedy = "name a time that is still to come, or disable the rule"
            found.append(_finding(rule, "schedule_cron", never, remedy))
    if not is_time_zone(rule.schedule_timezone):
        what = f"{rule.schedule_timezone!r} is no time zone"
        remedy = "use an IANA name, e.g. Europe/Berlin"
        found.append(_finding(rule, "schedule_timezone", what, remedy))
    return found


def never_fires(cron: str, zone_name: str, now: dt.datetime | None = None) -> str | None:
    """Why a legal schedule will not fire after `now`; None if it will. Unknown zones count as UTC.

    The time zone matters: a local time that clocks skip when summer time begins never comes.
    """
    expression, zone = parse(cron), time_zone(zone_name) or dt.UTC
    if next_fire(expression, now or dt.datetime.now(dt.UTC), zone) is not None:
        return None
    if next_fire(expression, _BEFORE_ALL - dt.timedelta(days=1), zone) is None:
        return f"{cron!r} never fires: no year has such a time"
    return f"{cron!r} never fires again: its last time has passed"


def _finding(rule: Rule, where: str, what: str, remedy: str) -> Finding:
    return Finding(key=rule.alert_id, check="schedule", what=what, where=where, remedy=remedy)
