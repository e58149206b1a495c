"""`alerts status`: every rule with its alert, its state and its last sync."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Mapping, Set
from enum import StrEnum
from functools import cache, partial
from typing import Annotated, Any

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.destinations.stand_ins import StandIns
from databricks_alerts.drift.alerts import (
    destination_ids,
    drift_of,
    lost_destinations,
)
from databricks_alerts.drift.permissions import changed_permissions
from databricks_alerts.reports.prometheus import RuleStatus, to_prometheus
from databricks_alerts.rules.settings import Settings
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.workspace_view.inventory import (
    Inventory,
    destination_exists,
    is_trashed,
    take_inventory,
    user_name,
)

# The alert of such a rule is no more.
_LOST = ("gone", "trashed")


class StatusFormat(StrEnum):
    """Who reads it: people, a program, Prometheus."""

    TABLE = "table"
    JSON = "json"
    PROMETHEUS = "prometheus"


def status(
    stack: Stack = "local",
    json: Json = False,
    format_: Annotated[
        StatusFormat, typer.Option("--format", help="prometheus: metrics in its text format.")
    ] = StatusFormat.TABLE,
) -> None:
    """List the rules with alert id, evaluation state, last sync and drift.

    Example: alerts status -s dev --json
    """
    context = open_stack(stack)
    with context.warehouse() as warehouse:
        snapshot = read_snapshot(warehouse, context.settings)
    inventory = take_inventory(context.workspace)
    entries = describe(
        snapshot,
        inventory,
        context.settings,
        partial(is_trashed, context.workspace),
        _changed_permissions(context, snapshot, inventory),
        cache(lambda identity: not destination_exists(context.workspace, identity)),
        _stand_ins(context, snapshot),
    )
    if format_ is StatusFormat.PROMETHEUS:
        sys.stdout.write(to_prometheus(stack, rule_statuses(snapshot, entries), _now()))
        return
    if json or format_ is StatusFormat.JSON:
        console.print_json(entries)
        return
    made = console.table("rule", "alert", "state", "last sync", "result", "drift", "name")
    for entry in entries:
        made.add_row(
            entry["alert_id"],
            entry["databricks_alert_id"] or "-",
            entry["state"] or "-",
            (entry["last_synced_at"] or "-")[:19].replace("T", " "),
            entry["last_sync_status"] or "-",
            entry["drift"] or "",
            entry["display_name"],
        )
    console.out.print(made)
    deployed = sum(1 for entry in entries if entry["databricks_alert_id"])
    console.out.print(f"{deployed} of {len(entries)} enabled rules are deployed", highlight=False)


def describe(
    snapshot: Snapshot,
    inventory: Inventory,
    settings: Settings,
    trashed: Callable[[str], bool] = lambda _: False,
    permissions: Set[str] = frozenset(),
    lost: Callable[[str], bool] = lambda _: True,
    stand_ins: Mapping[str, tuple[str, ...]] | None = None,
) -> list[dict[str, Any]]:
    """One entry a rule, for machines; `drift` is None where row and workspace agree.

    `trashed` tells whether an alert that no list shows is in the trash, `permissions` are the
    alert_ids whose alerts' permissions were changed outside. `lost` confirms that a destination
    which no list shows is gone: that list is behind at times. `stand_ins` as for
    `Snapshot.as_deployed`.
    """
    alerts, targets = inventory.by_id, destination_ids(snapshot)
    entries = []
    for rule in snapshot.as_deployed(stand_ins or {}):
        if not rule.is_enabled:
            continue
        alert = alerts.get(rule.databricks_alert_id or "")
        drift = drift_of(rule, alerts, targets, settings)
        if drift == "gone" and trashed(rule.databricks_alert_id or ""):
            drift = "trashed"
        if drift is None and alert and any(map(lost, lost_destinations(alert, inventory))):
            drift = "destination"
        if drift is None and rule.alert_id in permissions:
            drift = "permissions"
        entries.append(
            {
                "alert_id": rule.alert_id,
                "display_name": rule.display_name,
                "databricks_alert_id": rule.databricks_alert_id,
                "state": alert.state if alert else None,
                "last_synced_at": rule.last_synced_at.isoformat() if rule.last_synced_at else None,
                "last_sync_status": rule.last_sync_status,
                "drift": drift,
                "muted": muted.told() if (muted := snapshot.muted.get(rule.alert_id)) else None,
            }
        )
    return entries


def _changed_permissions(
    context: StackContext, snapshot: Snapshot, inventory: Inventory
) -> set[str]:
    settings, there = context.settings, inventory.by_id
    deployed = {
        rule.alert_id: rule.databricks_alert_id
        for rule in snapshot.rules
        if rule.is_enabled and rule.databricks_alert_id in there
    }
    if not settings.permissions or not deployed:
        return set()
    return changed_permissions(
        context.workspace,
        deployed,
        settings.permissions,
        me=user_name(context.workspace),
        workers=settings.parallel_workers,
    )


def _stand_ins(context: StackContext, snapshot: Snapshot) -> dict[str, tuple[str, ...]]:
    """Who was deployed in place of destinations that no run made yet."""
    absent = {
        item.destination_id
        for item in snapshot.destinations
        if not item.databricks_destination_id or not item.is_enabled
    }
    made = StandIns(snapshot.destinations, absent, cache(lambda: user_name(context.workspace)))
    found = {
        item.destination_id: made.of(item.destination_id)
        for item in snapshot.destinations
        if item.destination_id in absent and item.is_enabled and item.stand_in
    }
    return {key: channels for key, channels in found.items() if channels}


def rule_statuses(snapshot: Snapshot, entries: list[dict[str, Any]]) -> list[RuleStatus]:
    """What the metrics count: the entries of `describe`, and the enabled rows that are no rules."""
    told = {entry["alert_id"]: entry for entry in entries}
    readable = [
        RuleStatus(
            state=told[rule.alert_id]["state"],
            deployed=bool(rule.databricks_alert_id) and told[rule.alert_id]["drift"] not in _LOST,
            last_synced_at=rule.last_synced_at,
            last_sync_status=rule.last_sync_status,
            last_sync_action=rule.last_sync_action,
            drift=told[rule.alert_id]["drift"],
        )
        for rule in snapshot.rules
        if rule.alert_id in told
    ]
    broken = [
        RuleStatus(deployed=bool(row.databricks_id), row_is_valid=False)
        for row in snapshot.invalid_rules
        if row.is_enabled
    ]
    return [*readable, *broken]


def _now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)
