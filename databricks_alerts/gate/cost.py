"""What running the rules costs: evaluations a day by seconds of a query by the warehouse's DBU.

It is the share of the queries alone. A warehouse bills while it runs, idle minutes before it stops
included: rules that keep it awake cost more than this, rules on a busy warehouse less.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from databricks_alerts.gate.model import Cost, RuleCost
from databricks_alerts.quartz import QuartzError, fires_a_day, parse
from databricks_alerts.rules.rows import Rule
from databricks_alerts.workspace_view.inventory import ExistingAlert

_SECONDS_AN_HOUR = 3600
# DBU an hour by size (databricks.com/product/pricing: SQL warehouses, all types alike).
DBU_PER_HOUR = {
    "2X-Small": 4,
    "X-Small": 6,
    "Small": 12,
    "Medium": 24,
    "Large": 40,
    "X-Large": 80,
    "2X-Large": 144,
    "3X-Large": 272,
    "4X-Large": 528,
}


def estimate(
    rules: Iterable[Rule],
    seconds: Mapping[str, float],
    warehouse_size: str,
    deployed: Iterable[ExistingAlert] | None,
    year: int,
) -> Cost:
    """The estimate for the enabled rules; paused ones are listed and not added up.

    `seconds` are measured means by alert_id. `deployed` are this stack's alerts as they stand,
    None if it has none yet.
    """
    rate = DBU_PER_HOUR.get(warehouse_size)
    costs = [_rule(rule, seconds.get(rule.alert_id), rate, year) for rule in rules]
    running = [item for item in costs if not item.paused]
    measured = [item.dbu_per_day for item in running if item.dbu_per_day is not None]
    return Cost(
        rules=tuple(costs),
        dbu_per_hour=rate,
        dbu_per_day=sum(measured) if measured else None,
        evaluations_per_day=sum(item.evaluations_per_day for item in running),
        evaluations_before=None if deployed is None else sum(_often(a, year) for a in deployed),
        unmeasured=sum(1 for item in running if item.seconds is None),
    )


def _rule(rule: Rule, seconds: float | None, rate: int | None, year: int) -> RuleCost:
    often = _times(rule.schedule_cron, year)
    known = seconds is not None and rate is not None
    return RuleCost(
        key=rule.alert_id,
        evaluations_per_day=often,
        seconds=seconds,
        dbu_per_day=often * (seconds or 0) / _SECONDS_AN_HOUR * (rate or 0) if known else None,
        paused=rule.pause_status == "PAUSED",
    )


def _often(alert: ExistingAlert, year: int) -> float:
    schedule = alert.arguments.get("schedule", {})
    if schedule.get("pause_status") == "PAUSED":
        return 0.0
    return _times(str(schedule.get("quartz_cron_schedule", "")), year)


def _times(cron: str, year: int) -> float:
    try:
        return fires_a_day(parse(cron), year)
    except QuartzError:
        return 0.0
