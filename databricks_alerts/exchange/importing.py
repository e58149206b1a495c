"""Alerts that files declare as alerts of the workspace, so that one importer makes rows of both."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databricks_alerts.exchange.bundle import read_bundle, read_dbalert
from databricks_alerts.exchange.model import Foreign
from databricks_alerts.exchange.terraform import read_terraform
from databricks_alerts.rules.settings import Settings
from databricks_alerts.workspace_view.inventory import ExistingAlert, Inventory, existing_alert

READERS: Mapping[str, Callable[[Path], Iterator[Foreign]]] = {
    "bundle": read_bundle,
    "terraform": read_terraform,
    "dbalert": read_dbalert,
}
_NEEDED = (
    "display_name",
    "query_text",
    "evaluation.source.name",
    "evaluation.comparison_operator",
    "schedule.quartz_cron_schedule",
    "schedule.timezone_id",
)
_MAPPINGS = (
    "evaluation",
    "evaluation.source",
    "evaluation.threshold",
    "evaluation.threshold.value",
    "evaluation.threshold.column",
    "evaluation.notification",
    "schedule",
    "run_as",
)


@dataclass(frozen=True)
class Declared:
    """What files declare: alerts, the keys that their rules should have, and what is unreadable."""

    alerts: tuple[ExistingAlert, ...]
    keys: Mapping[tuple[str, str], str]
    refused: tuple[tuple[str, str], ...]


def declared(
    found: Sequence[Foreign], inventory: Inventory, settings: Settings, operators: Sequence[str]
) -> Declared:
    """The alerts of files, each with the id of the workspace's alert that it describes, if any.

    That is the id that the file knows, if the workspace has it, or the alert of that name in that
    folder. A file that says no folder or warehouse means the stack's.
    """
    alerts, keys, refused = [], {}, []
    by_place = {(known.parent_path, known.display_name): known.id for known in inventory.alerts}
    for item in found:
        problem = item.problem or _problem(item.body, operators)
        if problem:
            refused.append((item.place, problem))
            continue
        alert = _alert(item, settings)
        place = (alert.parent_path, alert.display_name)
        identity = item.id if item.id in inventory.by_id else by_place.get(place, "")
        if place in keys:
            refused.append((item.place, "display_name: another alert there has it; rename one"))
            continue
        keys[place] = item.key
        alerts.append(alert.model_copy(update={"id": identity}))
    return Declared(tuple(alerts), keys, tuple(refused))


def _alert(item: Foreign, settings: Settings) -> ExistingAlert:
    body = copy.deepcopy(dict(item.body))
    body["parent_path"] = body.get("parent_path") or settings.parent_path
    body["warehouse_id"] = body.get("warehouse_id") or settings.warehouse_id
    return existing_alert({**body, "id": item.id})


def _problem(body: Mapping[str, Any], operators: Sequence[str]) -> str:
    """Why a body is no alert; the importer looks at all else."""
    for path in _MAPPINGS:
        value = _at(body, path)
        if value is not None and not isinstance(value, Mapping):
            return f"{path}: it is no mapping of fields"
    for path in _NEEDED:
        value = _at(body, path)
        if not isinstance(value, str) or not value:
            return f"{path}: it is missing, or no text; an alert needs it"
    operator = _at(body, "evaluation.comparison_operator")
    if operator not in operators:
        return (
            f"evaluation.comparison_operator: {operator} is unknown; known are "
            f"{', '.join(operators)}"
        )
    items = _at(body, "evaluation.notification.subscriptions")
    if items is not None and (not isinstance(items, list) or not all(map(_is_subscription, items))):
        return (
            "evaluation.notification.subscriptions: it is no list whose items have a user_email "
            "or a destination_id"
        )
    for name in ("parent_path", "warehouse_id"):
        if not isinstance(body.get(name, ""), str | None):
            return f"{name}: it is no text"
    return ""


def _is_subscription(item: Any) -> bool:
    if not isinstance(item, Mapping):
        return False
    given = [item[name] for name in ("user_email", "destination_id") if item.get(name)]
    return len(given) == 1 and isinstance(given[0], str)


def _at(body: Mapping[str, Any], path: str) -> Any:
    value: Any = body
    for name in path.split("."):
        if not isinstance(value, Mapping):
            return None
        value = value.get(name)
    return value
