"""What each page shows, as plain data."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.destinations.models import KIND as DESTINATION
from databricks_alerts.local_workspace.page.words import line, plot, schedule_in_words

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.alarms import Alarms
    from databricks_alerts.local_workspace.state import Workspace

_SPARK = (120.0, 24.0)
PLOT = (640.0, 160.0)
_SHOWN = 60
_ORDER = {"TRIGGERED": 0, "ERROR": 1, "UNKNOWN": 2, "OK": 3}


def alerts(workspace: Workspace, _: dict[str, str]) -> dict[str, Any]:
    """Every alert, those that want looking at first."""
    rows = [
        _row(workspace, alert) for alert in Alerts(workspace.store, workspace.timestamp).active()
    ]
    rows.sort(key=lambda row: (_ORDER.get(row["state"], 9), row["name"]))
    return {"rows": rows, "now": workspace.clock()}


def alert(workspace: Workspace, path: dict[str, str]) -> dict[str, Any] | None:
    """One alert: query, evaluations, notifications; None if there is none."""
    found = Alerts(workspace.store, workspace.timestamp).find(path["id"])
    if found is None:
        return None
    alarms = _alarms(workspace)
    evaluations = alarms.evaluations.latest(found["id"], _SHOWN)
    names = {item["id"]: item["display_name"] for item in workspace.store.all(DESTINATION)}
    return {
        "alert": found,
        "row": _row(workspace, found),
        "evaluations": evaluations,
        "plot": plot(evaluations, *PLOT),
        "deliveries": [
            {**item, "receiver": names.get(item["receiver"], item["receiver"])}
            for item in alarms.notifier.deliveries(found["id"])[:_SHOWN]
        ],
    }


def destinations(workspace: Workspace, _: dict[str, str]) -> dict[str, Any]:
    """Every destination; of its configuration only the type."""
    return {"rows": sorted(workspace.store.all(DESTINATION), key=lambda item: item["display_name"])}


def messages(workspace: Workspace, _: dict[str, str]) -> dict[str, Any]:
    """What arrived in the inbox."""
    found = _alarms(workspace).inbox.messages()[:_SHOWN]
    return {"rows": [{**item, "text": _text(item["body"])} for item in found]}


def requests(workspace: Workspace, _: dict[str, str]) -> dict[str, Any]:
    """What was asked of the API, most first."""
    rows = workspace.requests.counts()
    return {"rows": sorted(rows, key=lambda item: -int(item["count"]))}


def run(workspace: Workspace, key: str) -> None:
    """Evaluate an alert now; one that is gone is left alone."""
    found = Alerts(workspace.store, workspace.timestamp).find(key)
    if found is not None:
        _alarms(workspace).runner.run(found, workspace.clock(), "MANUAL")


def _row(workspace: Workspace, found: dict[str, Any]) -> dict[str, Any]:
    alarms = _alarms(workspace)
    evaluations = alarms.evaluations.latest(found["id"], _SHOWN)
    schedule = found["schedule"]
    return {
        "id": found["id"],
        "name": found["display_name"],
        "state": found["evaluation"].get("state", "UNKNOWN"),
        "value": evaluations[0]["value"] if evaluations else None,
        "threshold": _threshold(found, evaluations),
        "schedule": schedule_in_words(schedule["quartz_cron_schedule"], schedule["timezone_id"]),
        "paused": schedule.get("pause_status") == "PAUSED",
        "next": alarms.scheduler.next_fire(found),
        "last": found["evaluation"].get("last_evaluated_at"),
        "spark": line(evaluations, *_SPARK),
    }


def _threshold(found: dict[str, Any], evaluations: list[dict[str, Any]]) -> Any:
    if evaluations:
        return evaluations[0]["threshold"]
    value = (found["evaluation"].get("threshold") or {}).get("value") or {}
    return next(iter(value.values()), None)


def _alarms(workspace: Workspace) -> Alarms:
    assert workspace.alarms is not None, "a workspace with a page evaluates alerts"
    return workspace.alarms


def _text(body: Any) -> str:
    return body if isinstance(body, str) else json.dumps(body, indent=2, ensure_ascii=False)
