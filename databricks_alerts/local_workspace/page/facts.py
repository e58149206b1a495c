"""What the pages ask the workspace for: alerts as rows of the list, what rules say of them."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.page.listing import Row, severity_of
from databricks_alerts.local_workspace.warehouse.errors import SqlError

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.alarms import Alarms
    from databricks_alerts.local_workspace.state import Workspace

_NOTHING = ("", "", "", "")  # as RULE_COLUMNS of alarms.py


def alarms_of(workspace: Workspace) -> Alarms:
    """What evaluates and notifies."""
    assert workspace.alarms is not None, "a workspace with a page evaluates alerts"
    return workspace.alarms


def active(workspace: Workspace) -> list[dict[str, Any]]:
    """Every alert that is not trashed."""
    return Alerts(workspace.store, workspace.timestamp).active()


def find(workspace: Workspace, key: str) -> dict[str, Any] | None:
    """An alert that is not trashed, or None."""
    return Alerts(workspace.store, workspace.timestamp).find(key)


def rules(workspace: Workspace) -> dict[str, tuple[str, ...]]:
    """By alert, its rule's severity, domain, owner and description; a table in want tells none."""
    told: dict[str, tuple[str, ...]] = {}
    for named in alarms_of(workspace).rules.by_schema().values():
        if not isinstance(named, SqlError):
            told |= named
    return told


def row(workspace: Workspace, alert: dict[str, Any], told: dict[str, tuple[str, ...]]) -> Row:
    """An alert as the list knows it."""
    severity, domain, owner, _ = told.get(alert["id"], _NOTHING)
    newest = alarms_of(workspace).evaluations.latest(alert["id"], 1)
    return Row(
        id=alert["id"],
        name=alert["display_name"],
        state=alert["evaluation"].get("state", "UNKNOWN"),
        severity=severity or severity_of(alert["display_name"]),
        domain=domain,
        owner=owner or alert["owner_user_name"],
        value=newest[0]["value"] if newest else None,
        next=next_run(workspace, alert),
        last=alert["evaluation"].get("last_evaluated_at"),
    )


def description(alert_id: str, told: dict[str, tuple[str, ...]]) -> str:
    """What the rule says of itself, empty where nobody knows."""
    return told.get(alert_id, _NOTHING)[3]


def next_run(workspace: Workspace, alert: dict[str, Any]) -> dt.datetime | None:
    """When an alert runs next; None for a paused one."""
    return alarms_of(workspace).scheduler.next_fire(alert)


def threshold(alert: dict[str, Any], evaluations: list[dict[str, Any]]) -> Any:
    """What was last compared with; before the first time the constant, if it is one."""
    if evaluations:
        return evaluations[0]["threshold"]
    value = (alert["evaluation"].get("threshold") or {}).get("value") or {}
    return next(iter(value.values()), None)
