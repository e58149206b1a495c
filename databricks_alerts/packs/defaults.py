"""A rule complete: what its author left out, from its file, its pack, and at last from here."""

from __future__ import annotations

from typing import Any

from databricks_alerts.packs.authored import PackRule, RuleDefaults
from databricks_alerts.packs.model import CompleteRule

# Quiet ones: nobody is notified twice of what lasts, and a pack begins paused.
_BUILT_IN = RuleDefaults(
    severity="WARNING",
    channels=(),
    notify_on_ok=False,
    retrigger_seconds=0,
    time_zone="UTC",
    aggregation="FIRST",
    empty_result_state="OK",
    pause_status="PAUSED",
    enabled=True,
)
_NAMES = tuple(name for name in RuleDefaults.model_fields if name != "tags")


def completed(rule: PackRule, query: str, *layers: RuleDefaults) -> CompleteRule:
    """The rule with `query` as its text, and with what the nearest of `layers` says."""
    nearest = (rule, *layers, _BUILT_IN)
    values: dict[str, Any] = {
        name: next((v for layer in nearest if (v := getattr(layer, name)) is not None), None)
        for name in _NAMES
    }
    values |= {name: values[name] or "" for name in ("description", "runbook")}
    tags = {key: value for layer in reversed(nearest) for key, value in layer.tags.items()}
    return CompleteRule(
        id=rule.id,
        name=rule.name,
        query=query,
        threshold=rule.threshold,
        schedule=rule.schedule,
        tests=rule.tests,
        tags=tags,
        **values,
    )
