"""From alerts that somebody made by hand to rules: which have one, which can get one, which cannot.

A rule made from an alert deploys as exactly that alert: the next `up` imports it and changes
nothing, but for a `[SEVERITY]` in front of the name where it has none. What a row cannot say keeps
an alert from becoming a rule (see `imported`); half of one would be another alert.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from types import MappingProxyType
from typing import Any

from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.plan.imported import Defaults, Importer, named
from databricks_alerts.rules.resources import home_of
from databricks_alerts.rules.rows import Destination
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS, definition, table_path
from databricks_alerts.snapshot import Snapshot, with_each_recipient_once
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.workspace_view.inventory import ExistingAlert, Inventory, folder

_LONGEST_ID = 60


@dataclass(frozen=True)
class Adoption:
    """One alert: the rule that it has or may get (`row`), or why it gets none (`reason`)."""

    alert: ExistingAlert
    rule: str = ""
    row: Mapping[str, Any] | None = None
    reason: str = ""


def find_adoptions(
    snapshot: Snapshot,
    inventory: Inventory,
    settings: Settings,
    *,
    defaults: Defaults,
    name: str = "*",
    keys: Mapping[tuple[str, str], str] = MappingProxyType({}),
) -> list[Adoption]:
    """What of the workspace is, or can become, a rule. Pure; `name` is a glob over names.

    `keys` are those that new rules should have, by folder and name; others get one of the name.
    """
    ruled = _ruled(snapshot, inventory, settings)
    importer = Importer(
        settings,
        _channels(snapshot, inventory),
        defaults,
        lambda rule: with_each_recipient_once(rule, snapshot.destinations),
    )
    taken = {rule.alert_id for rule in snapshot.rules} | {
        item.key for item in snapshot.invalid_rules
    }
    names = {(alert.parent_path, alert.display_name) for alert in inventory.alerts}
    found = []
    for alert in sorted(inventory.alerts, key=lambda item: (item.display_name, item.id)):
        if not fnmatchcase(alert.display_name, name):
            continue
        if _identity(alert) in ruled:
            found.append(Adoption(alert, rule=ruled[_identity(alert)]))
            continue
        key = _alert_id(alert, settings.name_prefix, taken)
        wanted = keys.get((alert.parent_path, alert.display_name), key)
        key = key if wanted in taken else wanted
        row = importer.row(alert, key)
        if not isinstance(row, str):
            row = _unless_taken(row, alert, names, settings.name_prefix)
        if isinstance(row, str):
            found.append(Adoption(alert, reason=row))
            continue
        taken.add(key)
        found.append(Adoption(alert, rule=key, row=row))
    return found


def _unless_taken(
    row: dict[str, Any], alert: ExistingAlert, names: set[tuple[str, str]], prefix: str
) -> dict[str, Any] | str:
    """The row, unless its alert's name with a severity is that of another one in its folder."""
    shown = f"{prefix}[{row['severity']}] {row['alert_name']}"
    if shown != alert.display_name:
        if (alert.parent_path, shown) in names:
            return f"display_name: it would be {shown!r}, which another alert has; rename one"
        names.add((alert.parent_path, shown))
    return row


def write_rows(
    warehouse: SqlWarehouse, settings: Settings, found: Sequence[Adoption], *, by: str
) -> None:
    """Insert the new rows by one MERGE; a row that is there by now stays as it is.

    Raises WarehouseError.
    """
    rows = [dict(item.row) for item in found if item.row is not None]
    if rows:
        warehouse.change(_merge(settings), {"rows": json.dumps(rows), "by": by})


def _ruled(snapshot: Snapshot, inventory: Inventory, settings: Settings) -> dict[str, str]:
    """Alerts that have a rule: named by its row's id, or by name in its folder."""
    by_name = {
        (alert.parent_path, alert.display_name): _identity(alert) for alert in inventory.alerts
    }
    there = {alert.id for alert in inventory.alerts if alert.id}
    found: dict[str, str] = {}
    known = [
        (rule.alert_id, rule.databricks_alert_id or "", rule.display_name, rule.folder)
        for rule in snapshot.rules
    ]
    known += [
        (item.key, item.databricks_id, item.name, item.folder) for item in snapshot.invalid_rules
    ]
    for key, alert_id, display_name, place in known:
        home = folder(home_of(place, settings))
        matched = alert_id if alert_id in there else by_name.get((home, display_name))
        if matched:
            found.setdefault(matched, key)
    return found


def _identity(alert: ExistingAlert) -> str:
    """Its id; of an alert that only a file declares, its place."""
    return alert.id or f"{alert.parent_path}/{alert.display_name}"


def _channels(snapshot: Snapshot, inventory: Inventory) -> dict[str, str]:
    """Databricks destination id → what a rule calls it.

    That is our destination_id, or the Databricks id itself where no row is there: a row cannot be
    made, since the API keeps a destination's secrets. None for a row that is disabled: its
    destination will go.
    """
    types = {kind.api_type: name for name, kind in KINDS.items()}
    by_name = {
        (item.destination_name, str(item.destination_type)): item for item in snapshot.destinations
    }
    channels: dict[str, str] = {}
    for existing in inventory.destinations:
        row = _row_of(existing.id, snapshot.destinations)
        row = row or by_name.get((existing.display_name, types.get(existing.type, "")))
        if row is None or row.is_enabled:
            channels[existing.id] = row.destination_id if row else existing.id
    return channels


def _row_of(identity: str, rows: Sequence[Destination]) -> Destination | None:
    return next((row for row in rows if row.databricks_destination_id == identity), None)


def _alert_id(alert: ExistingAlert, prefix: str, taken: set[str]) -> str:
    """`IMPORTED-DAILY-COST`, with the alert's id where that is taken: the same every time."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", named(alert.display_name, prefix)[1]).strip("-").upper()
    plain = f"IMPORTED-{words[:_LONGEST_ID] or alert.id}"
    return plain if plain not in taken else f"{plain}-{alert.id}"


def _merge(settings: Settings) -> str:
    key = definition(ALERTS).key
    columns = [
        column
        for column in definition(ALERTS).columns
        if not column.name.startswith(("created_", "updated_", "last_sync"))
    ]
    shape = ", ".join(f"{quote(column.name)}: {column.type}" for column in columns)
    names = ", ".join(quote(column.name) for column in columns)
    values = ", ".join(f"s.{quote(column.name)}" for column in columns)
    return (
        f"MERGE INTO {table_path(settings, ALERTS)} AS t USING (SELECT r.* FROM (SELECT "
        f"explode(from_json(:rows, 'array<struct<{shape}>>')) AS r)) AS s ON t.{key} = s.{key} "
        f"WHEN NOT MATCHED THEN INSERT ({names}, created_by, created_at) "
        f"VALUES ({values}, :by, current_timestamp())"
    )


def described(found: Sequence[Adoption]) -> list[dict[str, str]]:
    """For machines: one object an alert."""
    return [
        {
            "databricks_alert_id": item.alert.id,
            "display_name": item.alert.display_name,
            "rule": item.rule,
            "action": "new rule" if item.row else ("" if item.reason else "has a rule"),
            "reason": item.reason,
        }
        for item in found
    ]
