"""What this workspace's own alerts, evaluations, statements and requests are in system tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping
from typing import Any

from databricks_alerts.local_workspace.evaluation.models import Evaluation
from databricks_alerts.local_workspace.ids import ACCOUNT_ID, ORG_ID
from databricks_alerts.local_workspace.store import Document, Store
from databricks_alerts.local_workspace.system.journal import Journal, Row
from databricks_alerts.local_workspace.system.tables import EVALUATIONS, SystemTables

ALERTS = "alert.alerts"


class EvaluationLog:
    """Writes each evaluation into the journal. A Listener.

    `receivers_of` tells who is notified of an evaluation.
    """

    def __init__(self, journal: Journal, receivers_of: Callable[[str], list[str]]) -> None:
        self._journal, self._receivers_of = journal, receivers_of

    def evaluated(self, alert: Document, evaluation: Evaluation) -> None:
        """Keep one evaluation."""
        receivers = self._receivers_of(evaluation.id)
        row = {
            **_ours(),
            "alert_id": evaluation.alert_id,
            "evaluation_id": evaluation.id,
            "evaluation_time": micros(evaluation.at),
            "evaluation_state": evaluation.state,
            "previous_evaluation_state": evaluation.previous_state,
            "evaluation_value": _value(evaluation.value),
            "threshold_value": _value(evaluation.threshold),
            "trigger_type": evaluation.trigger,
            "notification_status": "SENT" if receivers else "NOT_SENT",
            "notified_destinations": receivers,
            "error_message": evaluation.error,
            "duration_ms": evaluation.duration_ms,
        }
        self._journal.add(EVALUATIONS, row)


def show_alerts(tables: SystemTables, store: Store) -> None:
    """Have `system.alert` show the alerts of a store, a row for each change of one."""

    def changed(mark: str) -> tuple[list[Row], str]:
        found, last = store.written_since("alert", int(mark) if mark.isdigit() else -1)
        if mark and not mark.isdigit():  # an older version's: the time of the last change
            found = [alert for alert in found if alert["update_time"] > mark.partition(" ")[0]]
        return [_alert_row(alert) for alert in found], str(last)

    tables.sources[ALERTS] = changed


def micros(moment: dt.datetime) -> int:
    """Microseconds since 1970, as rows have times."""
    return int(moment.timestamp() * 1_000_000)


def _ours() -> dict[str, str]:
    return {"account_id": ACCOUNT_ID, "workspace_id": ORG_ID}


def _alert_row(alert: Document) -> Row:
    condition: Mapping[str, Any] = alert["evaluation"]
    notification = condition.get("notification") or {}
    threshold = condition.get("threshold") or {}
    changed = _time(alert["update_time"])
    return {
        **_ours(),
        "alert_id": alert["id"],
        "display_name": alert["display_name"],
        "owned_by": alert["owner_user_name"],
        "compute": {"type": "WAREHOUSE", "warehouse_id": alert.get("warehouse_id")},
        "run_as": next(iter(alert["effective_run_as"].values()), None),
        "schedule": alert.get("schedule"),
        "evaluation_source": condition.get("source"),
        "evaluation_comparison_operator": condition.get("comparison_operator"),
        "evaluation_threshold": {
            "value": threshold.get("value"),
            "column": threshold.get("column"),
        },
        "evaluation_empty_result_state": condition.get("empty_result_state"),
        "notify_on_ok": notification.get("notify_on_ok"),
        "retrigger_seconds": notification.get("retrigger_seconds"),
        "subscriptions": notification.get("subscriptions") or [],
        "query_text": alert.get("query_text"),
        "custom_summary": alert.get("custom_summary"),
        "custom_description": alert.get("custom_description"),
        "parent_path": alert.get("parent_path"),
        "create_time": _time(alert["create_time"]),
        "change_time": changed,
        "delete_time": changed if alert["lifecycle_state"] != "ACTIVE" else None,
    }


def _time(text: str) -> int:
    return micros(dt.datetime.fromisoformat(text))


def _value(value: Any) -> dict[str, Any] | None:
    """A value in the field of its type."""
    if value is None:
        return None
    if isinstance(value, bool):
        return {"bool_value": value}
    if isinstance(value, int | float):
        return {"double_value": float(value)}
    return {"string_value": str(value)}
