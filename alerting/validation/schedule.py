"""Whether a schedule is legal Quartz, and its time zone is known."""

from __future__ import annotations

from alerting.findings import Finding
from alerting.rows import Rule
from quartz import is_time_zone
from quartz import problem as cron_problem

__all__ = ["check_schedule", "cron_problem", "is_time_zone"]


def check_schedule(rule: Rule) -> list[Finding]:
    """What is wrong with the rule's schedule_cron and schedule_timezone."""
    found = []
    problem = cron_problem(rule.schedule_cron)
    if problem:
        remedy = "write 6 or 7 Quartz fields, e.g. 0 0 8 * * ? (daily at 8)"
        found.append(_finding(rule, "schedule_cron", problem, remedy))
    if not is_time_zone(rule.schedule_timezone):
        what = f"{rule.schedule_timezone!r} is no time zone"
        remedy = "use an IANA name, e.g. Europe/Berlin"
        found.append(_finding(rule, "schedule_timezone", what, remedy))
    return found


def _finding(rule: Rule, where: str, what: str, remedy: str) -> Finding:
    return Finding(key=rule.alert_id, check="schedule", what=what, where=where, remedy=remedy)
