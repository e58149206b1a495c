"""Which alerts do not stand as the mutes have it: what a beginning or an end is to change."""

from __future__ import annotations

from databricks_alerts.rules.rows import Rule
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.workspace_view.inventory import ExistingAlert, Inventory


def touched_by_mutes(snapshot: Snapshot, inventory: Inventory) -> list[str]:
    """The rules that some mute is or was for, and whose alert runs, or notifies, otherwise. Pure.

    Whether an alert notifies anybody is looked at, not whom: mutes do not change that.
    """
    alerts = inventory.by_id
    return sorted(
        rule.alert_id
        for rule in snapshot.as_deployed({})
        if rule.is_enabled
        if (alert := alerts.get(rule.databricks_alert_id or "")) is not None
        if _differs(rule, alert) and any(mute.is_for(rule) for mute in snapshot.mutes)
    )


def _differs(rule: Rule, alert: ExistingAlert) -> bool:
    schedule = alert.arguments.get("schedule") or {}
    notification = (alert.arguments.get("evaluation") or {}).get("notification") or {}
    runs = schedule.get("pause_status") != "PAUSED"
    notifies = bool(notification.get("subscriptions"))
    wanted = rule.pause_status != "PAUSED", bool(rule.notification_channels)
    return (runs, notifies) != wanted
