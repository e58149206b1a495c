"""The row that says what an alert is, and what of the alert no row can say.

A row is made first; then the alert that it would deploy is compared with the one that stands there.
Whatever differs is told by its field's name, so a field that this version does not know is never
lost in silence.
"""

from __future__ import annotations

import datetime as dt
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from databricks_alerts.plan.bodies import different_fields
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.resources import OPERATORS, alert_arguments, subscribed
from databricks_alerts.rules.rows import Rule, read_rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.standing import as_it_stands
from databricks_alerts.rules.templates import render_message, render_query
from databricks_alerts.rules.words import is_address
from databricks_alerts.workspace_view.inventory import ExistingAlert, folder

_SEVERITY = re.compile(r"\[(CRITICAL|WARNING|INFO)\] (.+)", re.DOTALL)
_SIGNS = {name: sign for sign, name in OPERATORS.items()}
_TYPES = {"double_value": "DOUBLE", "string_value": "STRING", "bool_value": "BOOLEAN"}
_COLUMNS = {"DOUBLE": "double", "STRING": "string", "BOOLEAN": "bool"}
_BEFORE = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_NOTIFICATION = "evaluation.notification"
_TOLD = f"{_NOTIFICATION}.subscriptions"
# Where a field's name alone does not tell what to do.
_HINTS = {
    "display_name": "a rule's alert is called [SEVERITY] name",
    "parent_path": "it stands outside of parentPath; move it there",
    "query_text": "the query has ${…} or {{…}}, or ends in a way that rules do not keep",
    "custom_summary": "it has ${…}, which rules fill with variables",
    "custom_description": "it has ${…}, which rules fill with variables",
    "run_as": "it runs as its owner, and the stack says runAs",
    "evaluation.source.display": "with a name of its own the condition is never met; take it away",
    "evaluation.threshold.column.display": "with a name of its own the condition is never met; "
    "take it away",
    "evaluation.notification.subscriptions.user_email": "a recipient is there twice",
    "evaluation.notification.subscriptions.destination_id": "a recipient is there twice",
}


# The API's fields of columns whose findings may keep an alert from being a rule.
_FIELDS = {
    "alert_name": "display_name",
    "alert_query_template": "query_text",
    "threshold_column": "evaluation.source.name",
    "aggregation_type": "evaluation.source.aggregation",
    "threshold_operator": "evaluation.comparison_operator",
    "empty_result_state": "evaluation.empty_result_state",
    "retrigger_seconds": f"{_NOTIFICATION}.retrigger_seconds",
    "schedule_cron": "schedule.quartz_cron_schedule",
    "schedule_timezone": "schedule.timezone_id",
    "pause_status": "schedule.pause_status",
    "template_format": "custom_template_format",
    "folder": "parent_path",
    "custom_subject_template": "custom_summary",
    "custom_body_template": "custom_description",
    "notify_on_ok": f"{_NOTIFICATION}.notify_on_ok",
    "notification_channels": _TOLD,
}


@dataclass(frozen=True)
class Defaults:
    """What new rows say where the alert does not."""

    owner: str
    severity: str = "WARNING"
    domain: str = "QUALITY"


@dataclass(frozen=True)
class Importer:
    """Makes rows for a stack.

    `channels` maps Databricks ids of destinations to what a rule calls them, `once` leaves out of
    a rule's channels those that name a recipient again.
    """

    settings: Settings
    channels: Mapping[str, str]
    defaults: Defaults
    once: Callable[[Rule], Rule]

    def row(self, alert: ExistingAlert, key: str) -> dict[str, Any] | str:
        """The row that deploys as exactly this alert; a text that says why there is none."""
        reasons = [*self._unreadable(alert)]
        if reasons:
            return "; ".join(reasons)
        made = self._made(alert, key)
        rule = read_rule({**made, "created_by": self.defaults.owner, "created_at": _BEFORE})
        if isinstance(rule, list):
            return "; ".join(_of_field(finding) for finding in rule)
        lost = self._lost(alert, self.once(rule))
        return "; ".join(lost) if lost else made

    def _unreadable(self, alert: ExistingAlert) -> Iterator[str]:
        """What keeps a row from being made at all."""
        for name in alert.unknown:
            yield f"{name}: this version does not know the field"
        notification = alert.arguments["evaluation"].get("notification") or {}
        for item in notification.get("subscriptions", []):
            target, address = item.get("destination_id"), item.get("user_email")
            if target and target not in self.channels:
                yield f"{_TOLD}: the destination {target} is gone, or its row is disabled"
            if address and not is_address(address):
                yield f"{_TOLD}: {address!r} is no e-mail address"

    def _lost(self, alert: ExistingAlert, rule: Rule) -> list[str]:
        """The fields that the rule's alert would not have as the alert has them."""
        query, unknown = render_query(rule.alert_query_template, self.settings)
        by_name = {channel: identity for identity, channel in self.channels.items()}
        wanted = alert_arguments(rule, query, self.settings, subscribed(by_name))
        if not _SEVERITY.fullmatch(alert.display_name):
            wanted["display_name"] = alert.display_name  # the severity in front is no loss
        fields = different_fields(as_it_stands(wanted, alert.arguments), alert.arguments)
        if unknown and "query_text" not in fields:
            fields.append("query_text")
        for field, text in (
            ("custom_summary", rule.custom_subject_template or ""),
            ("custom_description", rule.custom_body_template or ""),
        ):
            if render_message(text, self.settings) != (text, []):
                fields.append(field)
        found = []
        for name in fields:
            if name.startswith("run_as.") and alert.arguments.get("run_as"):
                found.append(f"{name}: a user has an @ in the name, a service principal has none")
                continue
            hint = _HINTS.get(name) or _HINTS.get(name.partition(".")[0], "no column says that")
            found.append(f"{name}: {hint}")
        return found

    def _made(self, alert: ExistingAlert, key: str) -> dict[str, Any]:
        arguments, defaults = alert.arguments, self.defaults
        severity, name = named(alert.display_name, self.settings.name_prefix)
        summary, body = arguments.get("custom_summary"), arguments.get("custom_description")
        schedule = arguments["schedule"]
        return {
            "alert_id": key,
            "alert_name": name,
            "alert_description": f"Imported alert {alert.id}" if alert.id else None,
            "agent_domain": defaults.domain,
            "severity": severity or defaults.severity,
            "alert_query_template": arguments["query_text"],
            "query_source": "CUSTOM",
            **_condition(arguments["evaluation"]),
            "schedule_cron": schedule["quartz_cron_schedule"],
            "schedule_timezone": schedule["timezone_id"],
            "pause_status": schedule.get("pause_status", "UNPAUSED"),
            "is_enabled": True,
            **self._notification(arguments["evaluation"].get("notification") or {}),
            "use_custom_template": bool(summary or body),
            "custom_subject_template": summary,
            "custom_body_template": body,
            "template_format": arguments.get("custom_template_format"),
            "parameters": _json(arguments.get("parameters")),
            **self._place(alert),
            "owner": defaults.owner,
            "databricks_alert_id": alert.id or None,
            "databricks_display_name": alert.display_name if alert.id else None,
        }

    def _notification(self, notification: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "notification_channels": [
                item.get("user_email") or self.channels[item["destination_id"]]
                for item in notification.get("subscriptions", [])
            ],
            "notify_on_ok": bool(notification.get("notify_on_ok", False)),
            "retrigger_seconds": notification.get("retrigger_seconds"),
        }

    def _place(self, alert: ExistingAlert) -> dict[str, Any]:
        """Where the alert stands and runs, and as whom, where that is not as the stack says."""
        home = folder(self.settings.parent_path)
        below = alert.parent_path.startswith(f"{home}/")
        warehouse = alert.arguments.get("warehouse_id")
        run_as = next(iter((alert.arguments.get("run_as") or {}).values()), None)
        return {
            "folder": alert.parent_path[len(home) + 1 :] if below else None,
            "warehouse_id": None if warehouse == self.settings.warehouse_id else warehouse,
            "run_as": None if run_as == self.settings.run_as else run_as,
        }


def named(display_name: str, prefix: str = "") -> tuple[str, str]:
    """Severity and name of an alert, without the stack's prefix; no severity where none is told."""
    plain = display_name.removeprefix(prefix)
    found = _SEVERITY.fullmatch(plain)
    return (found[1], found[2]) if found else ("", plain)


def _of_field(finding: Finding) -> str:
    """What is wrong with the row, under the name of the API's field."""
    column = finding.where.partition(".")[2]
    field = (
        "evaluation.threshold"
        if column.startswith("threshold_value")
        else _FIELDS.get(column, column)
    )
    return finding.what if finding.what.startswith(f"{field}:") else f"{field}: {finding.what}"


def _condition(evaluation: Mapping[str, Any]) -> dict[str, Any]:
    threshold = evaluation.get("threshold") or {}
    value, column = threshold.get("value") or {}, threshold.get("column") or {}
    kind = next((_TYPES[field] for field in _TYPES if field in value), "DOUBLE")
    return {
        "threshold_column": evaluation["source"]["name"],
        "threshold_operator": _SIGNS[evaluation["comparison_operator"]],
        "threshold_value_type": kind,
        f"threshold_value_{_COLUMNS[kind]}": next(iter(value.values()), None),
        "threshold_value_column": column.get("name"),
        "threshold_value_aggregation": column.get("aggregation"),
        "empty_result_state": evaluation.get("empty_result_state", "UNKNOWN"),
        "aggregation_type": evaluation["source"].get("aggregation"),
    }


def _json(parameters: Any) -> str | None:
    return json.dumps(parameters, ensure_ascii=False) if parameters else None
