"""The alerts that a stack's rules deploy, in the API's words: for bundles and Terraform."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from databricks_alerts.exchange.model import Portable, Unsaid
from databricks_alerts.rules.resources import alert_arguments, subscribed
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.templates import placeholders, render_query
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.workspace_view.inventory import folder

_FOR_PEOPLE = ("alert_description", "owner", "runbook_url", "agent_domain", "tags")


def portable(
    snapshot: Snapshot, settings: Settings, destination_ids: Mapping[str, Any]
) -> tuple[list[Portable], list[Unsaid]]:
    """Each enabled rule's alert, and what it does not tell of the row.

    `destination_ids` say what stands for a destination of ours; one that is missing keeps the
    rules that notify it from being exported.
    """
    kept, unsaid = [], []
    for rule in snapshot.rules:
        query, unknown = render_query(rule.alert_query_template, settings)
        problem = _problem(rule, destination_ids)
        if unknown:
            problem = ("alert_query_template", f"{unknown[0].text} is unknown")
        if problem:
            unsaid.append(Unsaid(rule.alert_id, problem[0], f"{problem[1]}; the rule is left out"))
            continue
        body = alert_arguments(rule, query, settings, subscribed(destination_ids))
        body["parent_path"] = folder(body["parent_path"])
        body.pop("purge_on_delete", None)
        kept.append(Portable(rule.alert_id, rule.databricks_alert_id or "", body))
        if placeholders(rule.alert_query_template):
            why = "its ${…} are filled in, as the stack has them"
            unsaid.append(Unsaid(rule.alert_id, "alert_query_template", why))
    for item in snapshot.invalid_rules:
        why = "the row is invalid (`alerts validate`); the rule is left out"
        unsaid.append(Unsaid(item.key, "alert_id", why))
    return kept, unsaid + _told_nowhere(snapshot, {item.key for item in kept})


def _problem(rule: Rule, destination_ids: Mapping[str, Any]) -> tuple[str, str] | None:
    if not rule.is_enabled:
        return "is_enabled", "it is false, so nothing is deployed"
    find = subscribed(destination_ids)
    for channel in rule.notification_channels:
        try:
            if not find(channel):
                return "notification_channels", f"{channel} has no Databricks id before `alerts up`"
        except KeyError:
            if "@" not in channel:
                return "notification_channels", f"{channel} is no enabled destination"
    return None


def _told_nowhere(snapshot: Snapshot, keys: set[str]) -> list[Unsaid]:
    rules = [rule for rule in snapshot.rules if rule.alert_id in keys]
    fields = [name for name in _FOR_PEOPLE if any(getattr(rule, name) for rule in rules)]
    return [Unsaid("all rules", name, "no field of an alert says it") for name in fields]
