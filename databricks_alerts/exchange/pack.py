"""A pack from rows: what `alerts seed` makes the same rows of again."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from databricks_alerts.destinations.targets import configuration
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.exchange.model import Exported, Unsaid
from databricks_alerts.exchange.yaml_text import shown, yaml_text
from databricks_alerts.packs.authored import IDENTIFIER
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.records import (
    FINGERPRINT_TAG,
    PACK_TAG,
    RULES,
    destination_rows,
    rule_rows,
)
from databricks_alerts.rules.rows import Destination, Rule
from databricks_alerts.rules.thresholds import VALUE_COLUMNS
from databricks_alerts.rules.words import is_address, is_databricks_id

_ID = re.compile(IDENTIFIER)
_OURS = re.compile(r"\{\{\s*(?:var|rule)\.\w+\s*\}\}")
# The pack's: where a row came from, and tags by which seeding knows its rows.
_OF_SEEDING = ("query_source", "source_artifact_name", "tags")
_PLAIN = {
    "severity": "severity",
    "alert_description": "description",
    "owner": "owner",
    "notify_on_ok": "notify_on_ok",
    "retrigger_seconds": "retrigger_seconds",
    "schedule_timezone": "time_zone",
    "aggregation_type": "aggregation",
    "empty_result_state": "empty_result_state",
    "pause_status": "pause_status",
    "is_enabled": "enabled",
    "template_format": "template_format",
    "warehouse_id": "warehouse_id",
    "folder": "folder",
    "run_as": "run_as",
    "runbook_url": "runbook_url",
}


def write_pack_of(
    name: str, rules: Sequence[Rule], destinations: Sequence[Destination]
) -> Exported:
    """`pack.yaml` and a file a domain.

    The pack is loaded as `alerts seed` would: what its rows then lack is told. Raises
    ConfigurationError if the rows make no pack.
    """
    unsaid: list[Unsaid] = []
    owned = [item for item in destinations if _can_stand(item, unsaid)]
    theirs = {
        item.destination_id: item.databricks_destination_id for item in destinations if item.refers
    }
    known = {item.destination_id for item in owned}
    kept = [item for item in rules if _is_sayable(item, known | set(theirs), unsaid)]
    manifest: dict[str, Any] = {"name": name, "description": f"Rules exported as the pack {name}"}
    if owned:
        manifest["destinations"] = [_destination(item) for item in owned]
    files = {"pack.yaml": yaml_text(shown(manifest))}
    for domain in dict.fromkeys(rule.agent_domain for rule in kept):
        found = [_rule(rule, theirs) for rule in kept if rule.agent_domain == domain]
        file = f"{re.sub(r'[^a-z0-9]+', '_', domain.lower()).strip('_') or 'rules'}.yaml"
        while file in files:
            file = f"x_{file}"
        files[file] = yaml_text(shown({"domain": domain, "rules": found}))
    for item in destinations:
        if item.refers:
            why = "a pack makes its destinations; rules name this one by its Databricks id"
            unsaid.append(Unsaid(item.destination_id, "databricks_destination_id", why))
    unsaid += _lost(name, files, kept, owned, theirs)
    return Exported(files, len(kept), tuple(unsaid))


def _can_stand(row: Destination, unsaid: list[Unsaid]) -> bool:
    if row.refers:
        return False
    problem = ""
    if not _ID.fullmatch(row.destination_id):
        problem = "a pack's ids are letters, digits, _ and -, a letter first"
    elif configuration(row)[1]:
        problem = "its configuration is invalid (`alerts validate`)"
    elif not row.is_enabled:
        problem = "it is disabled, which a pack's destination never is"
    elif _OURS.search(row.config_json or ""):
        problem = "its configuration has {{ var.… }}, which is the pack's own"
    if problem:
        unsaid.append(Unsaid(row.destination_id, "destination_id", f"{problem}; it is left out"))
    return not problem


def _is_sayable(rule: Rule, known: set[str], unsaid: list[Unsaid]) -> bool:
    problem = next(_problems(rule, known), None)
    if problem:
        unsaid.append(Unsaid(rule.alert_id, problem[0], f"{problem[1]}; the rule is left out"))
    return not problem


def _problems(rule: Rule, known: set[str]) -> Iterator[tuple[str, str]]:
    if not _ID.fullmatch(rule.alert_id):
        yield "alert_id", "a pack's ids are letters, digits, _ and -, a letter first"
    for field in ("alert_query_template", "custom_subject_template", "custom_body_template"):
        if _OURS.search(getattr(rule, field) or ""):
            yield field, "it has {{ var.… }} or {{ rule.… }}, which are the pack's own"
    for channel in rule.notification_channels:
        if channel not in known and not is_address(channel) and not is_databricks_id(channel):
            yield "notification_channels", f"{channel} is no destination that the pack has"


def _rule(rule: Rule, theirs: Mapping[str, str | None]) -> dict[str, Any]:
    threshold: dict[str, Any] = {
        "column": rule.threshold_column,
        "operator": rule.threshold_operator,
        "value": rule.threshold,
        "value_column": rule.threshold_value_column,
        "value_aggregation": rule.threshold_value_aggregation,
    }
    message = {"subject": rule.custom_subject_template, "body": rule.custom_body_template}
    given: dict[str, Any] = {
        "id": rule.alert_id,
        "name": rule.alert_name,
        **{key: getattr(rule, column) or None for column, key in _PLAIN.items()},
        "enabled": None if rule.is_enabled else False,
        "notify_on_ok": rule.notify_on_ok,
        "query": rule.alert_query_template,
        "threshold": _given(threshold),
        "schedule": rule.schedule_cron,
        "channels": [theirs.get(item) or item for item in rule.notification_channels],
        "message": _given(message) if rule.use_custom_template else None,
        "parameters": [dict(item) for item in rule.alert_parameters],
        "tags": {
            key: value
            for key, value in rule.tags.items()
            if key not in (PACK_TAG, FINGERPRINT_TAG) and value is not None
        },
    }
    return _given(given)


def _destination(row: Destination) -> dict[str, Any]:
    tags = {key: value for key, value in row.tags.items() if value is not None}
    given = {
        "id": row.destination_id,
        "name": row.destination_name,
        "type": row.destination_type,
        "owner": row.owner,
        "config": configuration(row)[0],
        "stand_in": list(row.stand_in),
        "tags": {k: v for k, v in tags.items() if k not in (PACK_TAG, FINGERPRINT_TAG)},
    }
    return _given(given)


def _given(values: Mapping[str, Any]) -> dict[str, Any]:
    """What says something. An empty text does: a threshold may be one."""
    return {key: value for key, value in values.items() if value not in (None, [], {}, ())}


def _lost(
    name: str,
    files: Mapping[str, str],
    rules: Sequence[Rule],
    destinations: Sequence[Destination],
    theirs: Mapping[str, str | None],
) -> Iterator[Unsaid]:
    """Load the pack, and compare the rows that it seeds with those that there are."""
    with tempfile.TemporaryDirectory() as directory:
        folder = Path(directory) / name
        folder.mkdir()
        for file, text in files.items():
            (folder / file).write_text(text, encoding="utf-8")
        try:
            pack = load_pack(folder)
        except ConfigurationError as error:
            told = str(error).replace(f"{folder}/", "")
            raise ConfigurationError(
                f"the rows make no pack, correct them first (`alerts validate`):\n{told}"
            ) from error
    made = {row["alert_id"]: row for row in rule_rows(pack, {}, "")}
    for rule in rules:
        row = made[rule.alert_id]
        for column in RULES.columns:
            if column in _OF_SEEDING or _same(rule, column, row[column], theirs):
                continue
            yield Unsaid(rule.alert_id, column, f"a pack has it as {row[column]!r:.80}")
        if None in rule.tags.values():
            yield Unsaid(rule.alert_id, "tags", "a tag without a value is left out")
    configs = {row["destination_id"]: row for row in destination_rows(pack, {})}
    for item in destinations:
        if json.loads(configs[item.destination_id]["config_json"]) != configuration(item)[0]:
            yield Unsaid(item.destination_id, "config_json", "a pack has it otherwise")


def _same(rule: Rule, column: str, value: Any, theirs: Mapping[str, str | None]) -> bool:
    """Whether a column means the same in both."""
    mine: Any = getattr(rule, column)
    if column == "notification_channels":
        return bool([theirs.get(item) or item for item in mine] == value)
    if column == "parameters":
        return rule.alert_parameters == (json.loads(value) if value else [])
    if column in ("aggregation_type", "threshold_value_aggregation"):
        return bool(mine == (None if value in ("FIRST", "NONE") else value))
    if column == "threshold_value_type" and rule.threshold is None:
        return True  # nothing is compared with a value
    if column in ("custom_subject_template", "custom_body_template", "use_custom_template"):
        mine = mine if rule.use_custom_template else None
        if column == "use_custom_template":
            mine = bool(rule.custom_subject_template or rule.custom_body_template) and mine
    if mine in (None, "", 0) and column not in VALUE_COLUMNS.values():
        return not value  # as much as NULL in these
    return bool(mine == value)
