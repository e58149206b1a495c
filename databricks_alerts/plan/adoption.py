"""From alerts that somebody made by hand to rules: which have one, which can get one, which cannot.

A rule made from an alert deploys as exactly that alert: the next `up` imports it and changes
nothing, but for a `[SEVERITY]` in front of the name where it has none. What a row cannot say
(parameters, a threshold that is a column, another warehouse or folder) keeps an alert from becoming
a rule; half of one would be another alert.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.rules.resources import OPERATORS
from databricks_alerts.rules.rows import Destination
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS, definition, table_path
from databricks_alerts.rules.templates import render_message, render_query
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.workspace_view.inventory import ExistingAlert, Inventory, folder

_SEVERITY = re.compile(r"\[(CRITICAL|WARNING|INFO)\] (.+)", re.DOTALL)
_SIGNS = {name: sign for sign, name in OPERATORS.items()}
_TYPES = {"double_value": "DOUBLE", "string_value": "STRING", "bool_value": "BOOLEAN"}
_COLUMNS = {"DOUBLE": "double", "STRING": "string", "BOOLEAN": "bool"}
_LONGEST_ID = 60


@dataclass(frozen=True)
class Adoption:
    """One alert: the rule that it has or may get (`row`), or why it gets none (`reason`)."""

    alert: ExistingAlert
    rule: str = ""
    row: Mapping[str, Any] | None = None
    reason: str = ""


@dataclass(frozen=True)
class Defaults:
    """What new rows say where the alert does not."""

    owner: str
    severity: str = "WARNING"
    domain: str = "QUALITY"


def find_adoptions(
    snapshot: Snapshot,
    inventory: Inventory,
    settings: Settings,
    *,
    defaults: Defaults,
    name: str = "*",
) -> list[Adoption]:
    """What of the workspace is, or can become, a rule. Pure; `name` is a glob over names."""
    ruled = _ruled(snapshot, inventory, settings)
    channels = _channels(snapshot, inventory)
    taken = {rule.alert_id for rule in snapshot.rules} | {
        item.key for item in snapshot.invalid_rules
    }
    found = []
    for alert in sorted(inventory.alerts, key=lambda item: (item.display_name, item.id)):
        if not fnmatchcase(alert.display_name, name):
            continue
        if alert.id in ruled:
            found.append(Adoption(alert, rule=ruled[alert.id]))
            continue
        reason = "; ".join(_obstacles(alert, settings, channels))
        if reason:
            found.append(Adoption(alert, reason=reason))
            continue
        severity, title = _named(alert.display_name.removeprefix(settings.name_prefix))
        key = _alert_id(alert, title, taken)
        taken.add(key)
        row = _row(alert, key, title, severity or defaults.severity, channels, defaults)
        found.append(Adoption(alert, rule=key, row=row))
    return found


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
    """Alerts that have a rule: named by its row's id, or by name in parentPath."""
    home = folder(settings.parent_path)
    by_name = {a.display_name: a.id for a in inventory.alerts if a.parent_path == home}
    there = {alert.id for alert in inventory.alerts}
    found: dict[str, str] = {}
    known = [(r.alert_id, r.databricks_alert_id or "", r.display_name) for r in snapshot.rules]
    known += [(item.key, item.databricks_id, item.name) for item in snapshot.invalid_rules]
    for key, alert_id, display_name in known:
        matched = alert_id if alert_id in there else by_name.get(display_name)
        if matched:
            found.setdefault(matched, key)
    return found


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


def _obstacles(
    alert: ExistingAlert, settings: Settings, channels: Mapping[str, str]
) -> Iterator[str]:
    """Why no row can say what this alert is."""
    arguments = alert.arguments
    evaluation = arguments.get("evaluation", {})
    if alert.parent_path != folder(settings.parent_path):
        yield f"it stands in {alert.parent_path}, not in parentPath; move it there"
    if arguments.get("warehouse_id") != settings.warehouse_id:
        yield f"it runs on warehouse {arguments.get('warehouse_id')}, not on warehouseId"
    if arguments.get("parameters"):
        yield "it has query parameters"
    if "column" in (evaluation.get("threshold") or {}):
        yield "its threshold is a column"
    query = str(arguments.get("query_text", ""))
    if render_query(query, settings) != (query, []):
        yield "its query has ${…} or {{…}}, or ends in a way that rules do not keep"
    for field in ("custom_summary", "custom_description"):
        text = str(arguments.get(field) or "")
        if render_message(text, settings) != (text, []):
            yield f"its {field} has ${{…}}, which rules fill with variables"
    run_as = next(iter((arguments.get("run_as") or {}).values()), None)
    if run_as != settings.run_as and run_as is not None:
        yield f"it runs as {run_as}, not as runAs"
    for item in (evaluation.get("notification") or {}).get("subscriptions", []):
        target = item.get("destination_id")
        if target and target not in channels:
            yield f"its destination {target} is gone, or its row is disabled"


def _row(
    alert: ExistingAlert,
    key: str,
    title: str,
    severity: str,
    channels: Mapping[str, str],
    defaults: Defaults,
) -> dict[str, Any]:
    arguments = alert.arguments
    evaluation, schedule = arguments["evaluation"], arguments["schedule"]
    notification = evaluation.get("notification") or {}
    value = (evaluation.get("threshold") or {}).get("value") or {}
    kind = next((_TYPES[field] for field in _TYPES if field in value), "DOUBLE")
    summary, body = arguments.get("custom_summary"), arguments.get("custom_description")
    return {
        "alert_id": key,
        "alert_name": title,
        "alert_description": f"Imported alert {alert.id}",
        "agent_domain": defaults.domain,
        "severity": severity,
        "alert_query_template": arguments["query_text"],
        "query_source": "CUSTOM",
        "threshold_column": evaluation["source"]["name"],
        "threshold_operator": _SIGNS[evaluation["comparison_operator"]],
        "threshold_value_type": kind,
        f"threshold_value_{_COLUMNS[kind]}": next(iter(value.values()), None),
        "empty_result_state": evaluation.get("empty_result_state", "UNKNOWN"),
        "aggregation_type": evaluation["source"].get("aggregation"),
        "schedule_cron": schedule["quartz_cron_schedule"],
        "schedule_timezone": schedule["timezone_id"],
        "pause_status": schedule.get("pause_status", "UNPAUSED"),
        "is_enabled": True,
        "notification_channels": [
            item.get("user_email") or channels[item["destination_id"]]
            for item in notification.get("subscriptions", [])
        ],
        "notify_on_ok": bool(notification.get("notify_on_ok", False)),
        "retrigger_seconds": notification.get("retrigger_seconds"),
        "use_custom_template": bool(summary or body),
        "custom_subject_template": summary,
        "custom_body_template": body,
        "owner": defaults.owner,
        "databricks_alert_id": alert.id,
        "databricks_display_name": alert.display_name,
    }


def _named(display_name: str) -> tuple[str, str]:
    found = _SEVERITY.fullmatch(display_name)
    return (found[1], found[2]) if found else ("", display_name)


def _alert_id(alert: ExistingAlert, title: str, taken: set[str]) -> str:
    """`IMPORTED-DAILY-COST`, with the alert's id where that is taken: the same every time."""
    words = re.sub(r"[^A-Za-z0-9]+", "-", title).strip("-").upper()
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
