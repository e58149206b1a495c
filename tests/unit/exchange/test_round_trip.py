"""Export, then import: the rows' fields are the same, or what differs was named."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from rows import DESTINATIONS, INVENTORY, SETTINGS, rules, snapshot

from databricks_alerts import evaluation
from databricks_alerts.cli.commands import export
from databricks_alerts.evaluation import closed
from databricks_alerts.exchange.importing import READERS, declared
from databricks_alerts.exchange.model import Exported
from databricks_alerts.exchange.pack import write_pack_of
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.records import rule_rows
from databricks_alerts.plan.adoption import find_adoptions
from databricks_alerts.plan.imported import Defaults
from databricks_alerts.rules.rows import Rule, read_rule
from databricks_alerts.rules.tables import ALERTS, definition, is_written_back
from databricks_alerts.snapshot import Snapshot

OPERATORS = tuple(evaluation.OPERATORS)
# Neither an alert nor a pack says who wrote a row when, and a pack's rows come from the pack.
NOT_OURS = ("created_by", "created_at", "query_source", "source_artifact_name", "name_prefix")
COLUMNS = [
    column.name
    for column in definition(ALERTS).columns
    if column.name in Rule.model_fields
    and column.name not in NOT_OURS
    and not is_written_back(column.name)
]
many = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
    phases=[Phase.generate],  # to shrink a whole export takes minutes
)
EACH_ONCE = st.lists(
    rules(),
    min_size=1,
    max_size=6,
    unique_by=(lambda rule: rule.alert_id, lambda rule: (rule.folder, rule.display_name)),
)


def meaning(rule: Rule) -> dict[str, Any]:
    """What the rule's columns mean: in some, several values mean the same."""
    values = {name: getattr(rule, name) for name in COLUMNS}
    values["retrigger_seconds"] = rule.retrigger_seconds or 0
    values["parameters"] = rule.alert_parameters
    values["alert_query_template"] = closed(rule.alert_query_template)
    texts = [values.pop(name) for name in ("custom_subject_template", "custom_body_template")]
    values["custom_subject_template"], values["custom_body_template"] = (
        [text or None for text in texts] if rule.use_custom_template else [None, None]
    )
    values.pop("use_custom_template")
    if rule.threshold is None:
        values.pop("threshold_value_type")
    return values


def hold(found: list[Rule], made: Exported, read: dict[str, Rule], refused: set[str]) -> int:
    """Every rule came back as it was, or was named; answers how many came back whole."""
    unsaid = {(item.key, item.field) for item in made.unsaid}
    left_out = {item.key for item in made.unsaid if "left out" in item.why}
    whole = 0
    for rule in found:
        again = read.get(rule.alert_id)
        if again is None:
            renamed = (rule.alert_id, "alert_id") in unsaid
            assert rule.alert_id in left_out | refused or renamed, (rule, made.unsaid)
            continue
        before, after = meaning(rule), meaning(again)
        lost = {name for name in before if before[name] != after.get(name)}
        named = {field for key, field in unsaid if key in (rule.alert_id, "all rules")}
        assert lost <= named, {name: (before[name], after.get(name)) for name in lost - named}
        whole += not lost - {"alert_description", "owner", "agent_domain", "tags", "runbook_url"}
    return whole


def through_files(kind: str, made: Exported) -> tuple[dict[str, Rule], set[str]]:
    """The rules that import makes of what was exported, and the keys that it refuses."""
    with tempfile.TemporaryDirectory() as folder:
        for name, text in made.files.items():
            (Path(folder) / name).write_text(text, encoding="utf-8")
        [name] = made.files
        foreign = list(READERS[kind](Path(folder) / name))
    told = declared(foreign, INVENTORY, SETTINGS, OPERATORS)
    adoptions = find_adoptions(
        Snapshot(config_version=1, destinations_version=1, rules=(), destinations=DESTINATIONS),
        INVENTORY.model_copy(update={"alerts": told.alerts}),
        SETTINGS,
        defaults=Defaults("importer", "WARNING", "IMPORTED"),
        keys=told.keys,
    )
    read: dict[str, Rule] = {}
    refused = {item.key for item in foreign if any(item.place == p for p, _ in told.refused)}
    for item in adoptions:
        if item.row is None:
            assert item.reason
            refused.add(told.keys[item.alert.parent_path, item.alert.display_name])
            continue
        rule = read_rule({**item.row, "created_by": "me", "created_at": DESTINATIONS[0].created_at})
        assert isinstance(rule, Rule), rule
        read[rule.alert_id] = rule
    return read, refused


WRITERS: dict[str, Callable[[Snapshot], Exported]] = {
    "bundle": lambda found: export._bundle(found, SETTINGS, "prod"),
    "terraform": lambda found: export._terraform(found, SETTINGS),
}


@pytest.mark.parametrize("kind", sorted(WRITERS))
def test_alerts_in_files_are_the_rules_again(kind: str) -> None:
    whole = 0

    @many
    @given(EACH_ONCE)
    def every(found: list[Rule]) -> None:
        nonlocal whole
        made = WRITERS[kind](snapshot(found))
        read, refused = through_files(kind, made)
        whole += hold(found, made, read, refused)

    every()
    assert whole > 20


def test_a_pack_is_the_rows_again() -> None:
    whole = 0

    @many
    @given(EACH_ONCE)
    def every(found: list[Rule]) -> None:
        nonlocal whole
        made = write_pack_of("mine", found, DESTINATIONS)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "mine"
            path.mkdir()
            for name, text in made.files.items():
                (path / name).write_text(text, encoding="utf-8")
            rows = rule_rows(load_pack(path), {}, "seeder")
        moment = DESTINATIONS[0].created_at
        read = {}
        for row in rows:
            tags = {k: v for k, v in row["tags"].items() if not k.startswith("pack")}
            rule = read_rule({**row, "tags": tags, "created_by": "me", "created_at": moment})
            assert isinstance(rule, Rule), rule
            read[rule.alert_id] = rule
        theirs = {"theirs": DESTINATIONS[2].databricks_destination_id}
        named = [
            rule.model_copy(
                update={
                    "notification_channels": tuple(
                        theirs.get(channel) or channel for channel in rule.notification_channels
                    )
                }
            )
            for rule in found
        ]
        whole += hold(named, made, read, set())

    every()
    assert whole > 20
