"""A rule as an alert, in the words of the Alerts v2 API (and so of AlertV2's arguments)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from databricks_alerts import evaluation
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.words import is_address, is_databricks_id

OPERATORS = {sign: word for word, sign in evaluation.OPERATORS.items()}
_VALUE_FIELDS = {"DOUBLE": "double_value", "STRING": "string_value", "BOOLEAN": "bool_value"}


def alert_arguments(
    rule: Rule, query: str, settings: Settings, destination_id: Callable[[str], Any]
) -> dict[str, Any]:
    """The alert that a rule declares; `query` is the rendered template.

    `destination_id` answers the Databricks id of one of our destinations, or a promise of it.
    """
    arguments: dict[str, Any] = {
        "display_name": rule.display_name,
        "query_text": query,
        "warehouse_id": rule.warehouse_id or settings.warehouse_id,
        "parent_path": home_of(rule.folder, settings),
        "evaluation": _evaluation(rule, destination_id),
        "schedule": {
            "quartz_cron_schedule": rule.schedule_cron,
            "timezone_id": rule.schedule_timezone,
            "pause_status": rule.pause_status,
        },
    }
    run_as = rule.run_as or settings.run_as
    if run_as:
        kind = "user_name" if is_address(run_as) else "service_principal_name"
        arguments["run_as"] = {kind: run_as}
    if rule.alert_parameters:
        arguments["parameters"] = rule.alert_parameters
    if rule.template_format:
        arguments["custom_template_format"] = rule.template_format
    if rule.use_custom_template:
        if rule.custom_subject_template:
            arguments["custom_summary"] = rule.custom_subject_template
        if rule.custom_body_template:
            arguments["custom_description"] = rule.custom_body_template
    if settings.purge_on_delete:
        arguments["purge_on_delete"] = True
    return arguments


def home_of(folder: str | None, settings: Settings) -> str:
    """The workspace folder of a rule: parentPath, or the rule's own below it."""
    return below(settings.parent_path, folder)


def below(parent_path: str, folder: str | None) -> str:
    """The same for a parentPath."""
    return f"{parent_path.rstrip('/')}/{folder}" if folder else parent_path


def subscribed(destinations: Mapping[str, Any]) -> Callable[[str], Any]:
    """From a channel to a destination's Databricks id.

    `destinations` are those of the rows, by destination_id; of others the channel is the id.
    """

    def find(channel: str) -> Any:
        if channel not in destinations and is_databricks_id(channel):
            return channel
        return destinations[channel]

    return find


def _evaluation(rule: Rule, destination_id: Callable[[str], Any]) -> dict[str, Any]:
    evaluation: dict[str, Any] = {
        "source": _operand(rule.threshold_column, rule.aggregation_type),
        "comparison_operator": OPERATORS[rule.threshold_operator],
        "empty_result_state": rule.empty_result_state,
        "notification": {
            "notify_on_ok": rule.notify_on_ok,
            "subscriptions": [
                {"user_email": channel}
                if is_address(channel)
                else {"destination_id": destination_id(channel)}
                for channel in rule.notification_channels
            ],
        },
    }
    if rule.retrigger_seconds:
        evaluation["notification"]["retrigger_seconds"] = rule.retrigger_seconds
    if rule.threshold is not None:
        field = _VALUE_FIELDS[rule.threshold_value_type]
        evaluation["threshold"] = {"value": {field: rule.threshold}}
    column = rule.threshold_operand
    if column is not None:
        evaluation["threshold"] = {"column": _operand(column.name, column.aggregation)}
    return evaluation


def _operand(name: str, aggregation: str | None) -> dict[str, Any]:
    return {"name": name} | ({"aggregation": aggregation} if aggregation else {})
