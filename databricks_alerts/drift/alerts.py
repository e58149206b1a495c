"""Whether an alert is still what its rule deployed: one look at the list of alerts.

What the workspace fills in by itself is no drift. An edit of the row that is not deployed yet is
none either: only an alert that was updated after its last sync has been changed by somebody else.
Permissions take a request an alert (`workspace_view.access_drift`); `preview --refresh` compares
everything with the state.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, Literal

from databricks_alerts.rules.resources import alert_arguments, home_of
from databricks_alerts.rules.rows import Destination, Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.standing import as_it_stands
from databricks_alerts.rules.templates import render_query
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.workspace_view.inventory import ExistingAlert, Inventory, folder

# "destination": one that the alert notifies is gone.
Drift = Literal["gone", "trashed", "moved", "renamed", "changed", "permissions", "destination"]

# What the workspace assumes where a client says nothing.
_DEFAULTS = {"pause_status": "UNPAUSED", "empty_result_state": "UNKNOWN"}
# Fields whose zero, false or empty value means something.
_TELLING = frozenset({"double_value", "string_value", "bool_value"})
_TOLD = 20
_OURS_ONLY = ("purge_on_delete",)


def drifts_of(
    snapshot: Snapshot,
    inventory: Inventory,
    settings: Settings,
    stand_ins: Mapping[str, tuple[str, ...]],
) -> dict[str, Drift]:
    """What happened outside to what earlier runs deployed, by alert_id or destination_id. Pure.

    Of a destination only its name and that it is there can be compared: the rest is write-only. The
    name is compared with the one deployed last, so that an edit of the row is no drift.
    `stand_ins` are the channels that were deployed in place of destinations.
    """
    alerts, targets = inventory.by_id, destination_ids(snapshot)
    found: dict[str, Drift] = {}
    for rule in snapshot.as_deployed(stand_ins):
        if rule.is_enabled and rule.last_synced_at is not None:
            drift = drift_of(rule, alerts, targets, settings)
            if drift:
                found[rule.alert_id] = drift
    names = {item.id: item.display_name for item in inventory.destinations}
    for row in snapshot.destinations:
        identity = row.databricks_destination_id
        ours = row.is_enabled and not row.refers
        if ours and identity and row.last_synced_at is not None:
            if identity not in names:
                found[row.destination_id] = "gone"
            elif names[identity] not in _names_of(row):
                found[row.destination_id] = "renamed"
    return found


def told(drifts: Mapping[str, Drift]) -> str:
    """For people: `COST-001 (changed), SEC-006 (gone)`, the first ones of many."""
    items = [f"{key} ({drift})" for key, drift in sorted(drifts.items())]
    more = len(items) - _TOLD
    return ", ".join(items[:_TOLD]) + (f" and {more} more" if more > 0 else "")


def destination_ids(snapshot: Snapshot) -> dict[str, str]:
    """Databricks ids by destination_id, empty for what is not deployed."""
    return {
        item.destination_id: item.databricks_destination_id or "" for item in snapshot.destinations
    }


def drift_of(
    rule: Rule,
    alerts: Mapping[str, ExistingAlert],
    destinations: Mapping[str, str],
    settings: Settings,
) -> Drift | None:
    """What happened to a deployed rule's alert outside, None for nothing (or no alert).

    `alerts` as `Inventory.by_id` and `destinations` as `destination_ids` give them. An alert that
    no list shows is "gone" here; whether it is in the trash takes a look at it alone.
    """
    if not rule.databricks_alert_id:
        return None
    alert = alerts.get(rule.databricks_alert_id)
    if alert is None:
        return "gone"
    if _is_moved(alert, rule, settings):
        return "moved"
    deployed_name = rule.databricks_display_name
    if deployed_name and alert.display_name not in (deployed_name, rule.display_name):
        return "renamed"
    if not _touched(alert, rule):
        return None
    if not deployed_name and alert.display_name != rule.display_name:
        return "renamed"
    query, _ = render_query(rule.alert_query_template, settings)
    wanted = alert_arguments(rule, query, settings, lambda key: destinations.get(key, key))
    wanted = as_it_stands(wanted, alert.arguments)
    # Looked at already, by what was deployed.
    wanted |= {"display_name": alert.display_name, "parent_path": alert.parent_path}
    return "changed" if normal(wanted) != normal(_comparable(alert, wanted)) else None


def lost_destinations(alert: ExistingAlert, inventory: Inventory) -> list[str]:
    """The Databricks ids that an alert notifies and no list shows."""
    listed = {item.id for item in inventory.destinations}
    return [identity for identity in alert.destination_ids if identity not in listed]


def _names_of(row: Destination) -> tuple[str, ...]:
    """The name deployed last and, where a run could not record it, the row's."""
    return (row.databricks_display_name or row.destination_name, row.destination_name)


def normal(value: Any, name: str = "") -> Any:
    """A value without what says nothing, lists of objects in one order."""
    if isinstance(value, Mapping):
        items = {key: normal(item, key) for key, item in value.items() if key not in _OURS_ONLY}
        return {
            key: item
            for key, item in items.items()
            if key in _TELLING or (item and item != _DEFAULTS.get(key))
        }
    if isinstance(value, list | tuple):
        return sorted((normal(item) for item in value), key=repr)
    if name == "parent_path":
        return folder(str(value))
    if name == "query_text":
        return str(value).strip()
    return float(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _comparable(alert: ExistingAlert, wanted: Mapping[str, Any]) -> dict[str, Any]:
    """The alert's arguments; who it runs as counts only where the rule says it."""
    return {
        key: value for key, value in alert.arguments.items() if key != "run_as" or key in wanted
    }


def _is_moved(alert: ExistingAlert, rule: Rule, settings: Settings) -> bool:
    """Whether somebody moved it; a folder that only its row changed below parentPath is an edit."""
    if alert.parent_path == folder(home_of(rule.folder, settings)):
        return False
    inside = f"{alert.parent_path}/".startswith(f"{folder(settings.parent_path)}/")
    return not inside or _touched(alert, rule)


def _touched(alert: ExistingAlert, rule: Rule) -> bool:
    if alert.update_time is None or rule.last_synced_at is None:
        return True
    synced = rule.last_synced_at
    if synced.tzinfo is None:
        synced = synced.replace(tzinfo=dt.UTC)
    return alert.update_time > synced
