"""What a pack's rules and destinations are as rows, for the tables of rules/tables.py.

Columns are of two kinds. The *definition* is the pack's: what a rule computes and says. The
*settings* are the team's: whether, when, whom and from which value it rings. `seed` says what
becomes of each when a pack is seeded again.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from databricks_alerts.packs import variables
from databricks_alerts.packs.authored import Message, PackDestination, Threshold
from databricks_alerts.packs.model import CompleteRule, LocatedRule, Pack
from databricks_alerts.rules.optional import OPTIONAL
from databricks_alerts.sql.literals import Value

PACK_TAG = "pack"
FINGERPRINT_TAG = "pack_fingerprint"
FAMILY_TAG = "pack_family"

_RULE_REFERENCE = re.compile(r"\{\{\s*rule\.([a-z_]+)\s*\}\}")


@dataclass(frozen=True)
class Shape:
    """A table's columns that seeding writes, with their types, and which of them name a row."""

    table: str
    key: str
    definition: Mapping[str, str]
    settings: Mapping[str, str]

    @property
    def columns(self) -> dict[str, str]:
        """All of them, the key first."""
        return {self.key: "STRING", **self.definition, **self.settings}


RULES = Shape(
    table="alert_configurations",
    key="alert_id",
    definition=MappingProxyType(
        {
            "alert_name": "STRING",
            "alert_description": "STRING",
            "agent_domain": "STRING",
            "alert_query_template": "STRING",
            "query_source": "STRING",
            "source_artifact_name": "STRING",
            "threshold_column": "STRING",
            "aggregation_type": "STRING",
            "use_custom_template": "BOOLEAN",
            "custom_subject_template": "STRING",
            "custom_body_template": "STRING",
            "template_format": "STRING",
            "parameters": "STRING",
            "runbook_url": "STRING",
            "tags": "MAP<STRING,STRING>",
        }
    ),
    settings=MappingProxyType(
        {
            "severity": "STRING",
            "threshold_operator": "STRING",
            "threshold_value_type": "STRING",
            "threshold_value_double": "DOUBLE",
            "threshold_value_string": "STRING",
            "threshold_value_bool": "BOOLEAN",
            "threshold_value_column": "STRING",
            "threshold_value_aggregation": "STRING",
            "empty_result_state": "STRING",
            "schedule_cron": "STRING",
            "schedule_timezone": "STRING",
            "pause_status": "STRING",
            "is_enabled": "BOOLEAN",
            "notification_channels": "ARRAY<STRING>",
            "notify_on_ok": "BOOLEAN",
            "retrigger_seconds": "INT",
            "warehouse_id": "STRING",
            "folder": "STRING",
            "run_as": "STRING",
            "owner": "STRING",
        }
    ),
)
DESTINATIONS = Shape(
    table="notification_destinations",
    key="destination_id",
    definition=MappingProxyType(
        {
            "destination_name": "STRING",
            "destination_type": "STRING",
            "config_json": "STRING",
            "tags": "MAP<STRING,STRING>",
        }
    ),
    settings=MappingProxyType(
        {"stand_in": "ARRAY<STRING>", "owner": "STRING", "is_enabled": "BOOLEAN"}
    ),
)


def rule_rows(pack: Pack, values: Mapping[str, Value], by: str) -> list[dict[str, Any]]:
    """One row a rule, in the pack's order; its tags name pack and definition (a fingerprint).

    `by` is who seeds, and owns what names no owner.
    """
    return [_tagged(_rule_row(pack, located, values, by), RULES, pack) for located in pack.rules]


def destination_rows(pack: Pack, values: Mapping[str, Value]) -> list[dict[str, Any]]:
    """One row a destination, tagged likewise."""
    rows = (_destination_row(pack, item, values) for item in pack.manifest.destinations)
    return [_tagged(row, DESTINATIONS, pack) for row in rows]


def _rule_row(
    pack: Pack, located: LocatedRule, values: Mapping[str, Value], by: str
) -> dict[str, Any]:
    rule, message = located.rule, pack.manifest.message
    return {
        "alert_id": rule.id,
        "alert_name": rule.name,
        "alert_description": rule.description or None,
        "agent_domain": located.domain,
        "severity": rule.severity,
        "alert_query_template": variables.render_query(rule.query, values).strip(),
        "query_source": "CUSTOM",
        "source_artifact_name": f"{pack.name}/{located.source.path.name}",
        "threshold_column": rule.threshold.column,
        **_threshold(rule.threshold),
        "empty_result_state": rule.empty_result_state,
        "aggregation_type": rule.aggregation,
        "schedule_cron": rule.schedule,
        "schedule_timezone": rule.time_zone,
        "pause_status": rule.pause_status,
        "is_enabled": rule.enabled,
        "notification_channels": list(rule.channels),
        "notify_on_ok": rule.notify_on_ok,
        "retrigger_seconds": rule.retrigger_seconds,
        **_templates(rule.message or message, rule),
        "template_format": rule.template_format,
        "parameters": _parameters(rule),
        "warehouse_id": rule.warehouse_id,
        "folder": rule.folder,
        "run_as": rule.run_as,
        "runbook_url": rule.runbook_url,
        "owner": rule.owner or by,
        "tags": {**rule.tags, **({FAMILY_TAG: rule.family} if rule.family else {})},
    }


def _threshold(threshold: Threshold) -> dict[str, Any]:
    """The operator, and the value in the column of its type. IS NULL has a type but no value."""
    value = threshold.value
    is_bool, is_text = isinstance(value, bool), isinstance(value, str)
    return {
        "threshold_operator": threshold.operator,
        "threshold_value_type": "BOOLEAN" if is_bool else "STRING" if is_text else "DOUBLE",
        "threshold_value_double": None if value is None or is_bool or is_text else float(value),
        "threshold_value_string": value if is_text else None,
        "threshold_value_bool": value if is_bool else None,
        "threshold_value_column": threshold.value_column,
        "threshold_value_aggregation": threshold.value_aggregation,
    }


def _parameters(rule: CompleteRule) -> str | None:
    if not rule.parameters:
        return None
    items = [item.model_dump(exclude_none=True) for item in rule.parameters]
    return json.dumps(items, ensure_ascii=False)


def _templates(message: Message | None, rule: CompleteRule) -> dict[str, Any]:
    return {
        "use_custom_template": message is not None,
        "custom_subject_template": _for_rule(message.subject, rule) if message else None,
        "custom_body_template": _for_rule(message.body, rule) if message else None,
    }


def _for_rule(template: str | None, rule: CompleteRule) -> str | None:
    if template is None:
        return None
    return _RULE_REFERENCE.sub(lambda match: str(getattr(rule, match[1])), template).strip()


def _destination_row(
    pack: Pack, destination: PackDestination, values: Mapping[str, Value]
) -> dict[str, Any]:
    config = {
        key: variables.render_text(value, values)
        if isinstance(value, str)
        else [variables.render_text(item, values) for item in value]
        for key, value in destination.config.items()
    }
    return {
        "destination_id": destination.id,
        "destination_name": destination.name,
        "destination_type": destination.type,
        "config_json": json.dumps(config, ensure_ascii=False),
        "stand_in": list(
            pack.manifest.defaults.stand_in
            if destination.stand_in is None
            else destination.stand_in
        ),
        "owner": destination.owner,
        "is_enabled": True,
        "tags": dict(destination.tags),
    }


def _tagged(row: dict[str, Any], shape: Shape, pack: Pack) -> dict[str, Any]:
    # A column that came later and says nothing is no change of what was seeded before.
    definition = {
        column: row[column]
        for column in sorted(shape.definition)
        if column not in OPTIONAL or row[column] is not None
    }
    text = json.dumps(definition, sort_keys=True, ensure_ascii=True)
    fingerprint = hashlib.sha256(text.encode()).hexdigest()[:16]
    tags = {**row["tags"], PACK_TAG: pack.name, FINGERPRINT_TAG: fingerprint}
    return {**row, "tags": tags}
