"""What an alert's definition says, in sentences. Pure."""

from __future__ import annotations

from typing import Any

from databricks_alerts.evaluation import OPERATORS, Condition, Operand, from_api, text_of
from databricks_alerts.local_workspace.page.words import exact, number, schedule_in_words


def trigger(alert: dict[str, Any], threshold: Any = None) -> str:
    """`> 100`, `= gold.v`, `IS NULL`: the operator and what it compares with.

    `threshold` is the value last compared with, where that is a column's.
    """
    condition = from_api(alert["evaluation"])
    sign = OPERATORS.get(condition.operator, condition.operator)
    if condition.operator.startswith("IS_"):
        return sign
    if isinstance(condition.threshold, Operand):
        known = "" if threshold is None else f" ({number(threshold)})"
        return f"{sign} {condition.threshold.label}{known}"
    return f"{sign} {number(condition.threshold)}"


def sentences(alert: dict[str, Any]) -> list[tuple[str, str]]:
    """Terms of a definition with what they are here."""
    condition = from_api(alert["evaluation"])
    schedule = alert["schedule"]
    paused = "; paused" if schedule.get("pause_status") == "PAUSED" else ""
    told = [
        ("Triggers", f"when {_source(condition)} {trigger(alert)}"),
        ("Without rows", f"the state is {condition.empty_result_state}"),
        (
            "Runs",
            schedule_in_words(schedule["quartz_cron_schedule"], schedule["timezone_id"]) + paused,
        ),
        ("Notifies", _notification(alert)),
        ("Runs as", str(next(iter(alert["effective_run_as"].values()), alert["owner_user_name"]))),
        ("Folder", alert["parent_path"]),
    ]
    if alert.get("parameters"):
        told.append(("Parameters", ", ".join(_parameter(item) for item in alert["parameters"])))
    return told


def _source(condition: Condition) -> str:
    if condition.is_aggregated:
        return f"{condition.source.label} of all rows"
    return f"{condition.source.name} of the first row"


def _notification(alert: dict[str, Any]) -> str:
    notification = alert["evaluation"].get("notification") or {}
    count = len(notification.get("subscriptions") or [])
    if not count:
        return "nobody"
    again = int(notification.get("effective_retrigger_seconds") or 0)
    return (
        f"{count} receiver{'' if count == 1 else 's'} when it triggers"
        + (f", and again every {exact(again)} while it stays so" if again else ", once")
        + ("; also when it is OK again" if notification.get("effective_notify_on_ok") else "")
    )


def _parameter(item: dict[str, Any]) -> str:
    value = item.get("value")
    return f":{item['name']} = {value if isinstance(value, str) else text_of(value)}"
