"""A rule as far as its deployed resource tells it, for policies that see resources only.

A Pulumi policy pack is shown the properties of AlertV2 and NotificationDestination, not the rows:
the owner, the description, drift, history and cost stay with `alerts gate`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.policies.model import Change, Policy, Problem, RuleView
from databricks_alerts.rules.resources import OPERATORS
from databricks_alerts.rules.rows import Destination, Rule

ALERT = "databricks:index/alertV2:AlertV2"
DESTINATION = "databricks:index/notificationDestination:NotificationDestination"

# Policies that need no more than a resource, and the one that needs its destinations too.
OF_ONE_ALERT = frozenset({"schedule-interval", "no-select-star", "no-cross-join"})
OF_THE_STACK = frozenset({"critical-has-pager"})

# A stack may put something before the names of all its alerts.
_NAME = re.compile(r".*?\[(CRITICAL|WARNING|INFO)\] (.*)", re.DOTALL)
_WORDS = {name: sign for sign, name in OPERATORS.items()}


def rule_view(name: str, properties: Mapping[str, Any], channels: Sequence[str] = ()) -> RuleView:
    """The rule behind an alert; `name` is the resource's, which is the alert_id.

    `channels` are its subscribers, as a row would name them. Fields that an alert does not have are
    empty; policies that read them are not in OF_ONE_ALERT and OF_THE_STACK.
    """
    evaluation = properties.get("evaluation") or {}
    schedule = properties.get("schedule") or {}
    severity, title = _named(str(properties.get("displayName") or ""))
    rule = Rule.model_construct(
        alert_id=name,
        alert_name=title,
        severity=severity,
        alert_query_template=str(properties.get("queryText") or ""),
        threshold_column=str((evaluation.get("source") or {}).get("name") or ""),
        threshold_operator=_WORDS.get(str(evaluation.get("comparisonOperator") or ""), "="),
        schedule_cron=str(schedule.get("quartzCronSchedule") or ""),
        schedule_timezone=str(schedule.get("timezoneId") or ""),
        pause_status=str(schedule.get("pauseStatus") or "UNPAUSED"),
        is_enabled=True,
        notification_channels=tuple(channels),
        owner="",
    )
    return RuleView(rule, rule.alert_query_template)


def destination(key: str, properties: Mapping[str, Any]) -> Destination:
    """A destination with its type alone: which block its configuration has."""
    blocks = properties.get("config") or {}
    kind = next((name for name, kind in KINDS.items() if _camel(kind.block) in blocks), "WEBHOOK")
    return Destination.model_construct(destination_id=key, destination_type=kind)


def problems(
    policy: Policy, *views: RuleView, destinations: Sequence[Destination] = ()
) -> list[Problem]:
    """What breaks the policy in rules that come from resources."""
    known = {item.destination_id: item for item in destinations}
    return list(policy.check(Change(rules=views, destinations=known), policy.options))


def _named(display_name: str) -> tuple[str, str]:
    """Severity and name, which an alert's display name holds; "" for a name of another kind."""
    found = _NAME.fullmatch(display_name)
    return (found[1], found[2]) if found else ("", display_name)


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(map(str.capitalize, rest))
