"""Seeding: what is decided, what is sent, and what becomes of a team's edits."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from databricks_alerts.errors import ConfigurationError, GuardError
from databricks_alerts.packs.authored import Threshold
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.records import (
    DESTINATIONS,
    RULES,
    _threshold,
    destination_rows,
    rule_rows,
)
from databricks_alerts.packs.seed import merge_statement, seed
from databricks_alerts.packs.variables import resolve
from databricks_alerts.plan.guards import guard_members

BY = "ann"
PACK = load_pack(Path(__file__).parents[3] / "packs" / "health_monitor")
VALUES = resolve(PACK.manifest.variables, {})
SCHEMA = SimpleNamespace(catalog="ma`in", gold_schema="gold")


class RecordingWarehouse:
    """Answers the look for existing rows, and keeps what is executed."""

    def __init__(self, **tables: dict[str, dict[str, str] | None]) -> None:
        self.tables = tables
        self.sent: list[tuple[str, Mapping[str, Any]]] = []

    def query(self, sql: str, _params: Mapping[str, Any] | None = None, /) -> list[dict[str, Any]]:
        [table] = [t.table for t in (RULES, DESTINATIONS) if sql.endswith(f"`{t.table}`")]
        found = self.tables.get(table, {})
        return [{"id": k, "tags": None if v is None else json.dumps(v)} for k, v in found.items()]

    def execute(self, sql: str, params: Mapping[str, Any] | None = None, /) -> None:
        self.sent.append((sql, params or {}))


def _seeded() -> dict[str, dict[str, dict[str, str] | None]]:
    return {
        "alert_configurations": {r["alert_id"]: r["tags"] for r in rule_rows(PACK, VALUES, BY)},
        "notification_destinations": {
            r["destination_id"]: r["tags"] for r in destination_rows(PACK, VALUES)
        },
    }


def _keys(sent: tuple[str, Mapping[str, Any]], key: str) -> list[str]:
    return [row[key] for row in json.loads(sent[1]["seeded_rows"])]


def test_empty_tables_get_all_rows_by_one_merge_each_destinations_first() -> None:
    warehouse = RecordingWarehouse()
    result = seed(warehouse, SCHEMA, PACK, {}, by=BY)
    assert (result.inserted, result.updated, result.unchanged) == (39, 0, 0)
    destinations, rules = warehouse.sent
    assert destinations[0].startswith("MERGE INTO `ma``in`.`gold`.`notification_destinations` AS t")
    assert rules[0].startswith("MERGE INTO `ma``in`.`gold`.`alert_configurations` AS t")
    assert len(_keys(rules, "alert_id")) == 29
    assert rules[1]["seeded_by"] == "ann"


def test_seeding_again_sends_nothing() -> None:
    warehouse = RecordingWarehouse(**_seeded())
    result = seed(warehouse, SCHEMA, PACK, {}, by=BY)
    assert (result.inserted, result.updated, result.unchanged) == (0, 0, 39)
    assert warehouse.sent == []


def test_a_changed_variable_updates_the_rules_that_use_it() -> None:
    warehouse = RecordingWarehouse(**_seeded())
    result = seed(warehouse, SCHEMA, PACK, {"monthly_budget": 5}, by=BY)
    assert result.rules.updated == ("COST-003", "COST-004")
    assert [_keys(sent, "alert_id") for sent in warehouse.sent] == [["COST-003", "COST-004"]]


def test_a_deleted_row_comes_back() -> None:
    tables = _seeded()
    del tables["alert_configurations"]["SEC-001"]
    result = seed(RecordingWarehouse(**tables), SCHEMA, PACK, {}, by=BY)
    assert result.rules.inserted == ("SEC-001",)


@pytest.mark.parametrize("tags", [None, {}, {"pack": "another"}])
@pytest.mark.parametrize("force", [False, True])
def test_a_row_of_the_same_id_that_is_not_the_packs_is_left_alone(
    tags: dict[str, str] | None, force: bool
) -> None:
    tables = _seeded()
    tables["alert_configurations"]["SEC-001"] = tags
    warehouse = RecordingWarehouse(**tables)
    result = seed(warehouse, SCHEMA, PACK, {}, by=BY, force=force)
    assert result.rules.foreign == ("SEC-001",)
    assert not [s for s in warehouse.sent if "SEC-001" in s[1]["seeded_rows"]]


def test_a_row_that_the_pack_no_longer_has_is_reported() -> None:
    tables = _seeded()
    tables["alert_configurations"]["OLD-1"] = {"pack": "health_monitor"}
    tables["alert_configurations"]["OWN-1"] = {"team": "x"}
    result = seed(RecordingWarehouse(**tables), SCHEMA, PACK, {}, by=BY)
    assert result.rules.retired == ("OLD-1",)


def test_a_member_that_is_gone_stays_unless_somebody_says_how_many_may_go() -> None:
    tables = _seeded()
    tables["alert_configurations"]["F@x"] = {"pack": "health_monitor", "pack_family": "F"}
    pack = replace(PACK, families=frozenset({"F"}))
    warehouse = RecordingWarehouse(**tables)
    with pytest.raises(GuardError, match="F@x"):
        seed(warehouse, SCHEMA, pack, {"monthly_budget": 5}, by=BY)
    assert warehouse.sent == []
    result = seed(warehouse, SCHEMA, pack, {}, by=BY, guard=lambda gone, rows: None)
    assert (result.rules.removed, result.rules.retired) == (("F@x",), ())
    [(_, parameters)] = warehouse.sent
    assert json.loads(parameters["seeded_rows"]) == [{"_row": "F@x", "_change": "delete"}]


def test_members_may_go_as_alerts_may_be_deleted() -> None:
    guard_members(["F@a"], 2, max_deletes=None)
    guard_members(["F@a"], 2, max_deletes=0.5)
    with pytest.raises(GuardError, match="set databricks-alerts:maxDeletes to 2"):
        guard_members(["F@a", "F@b"], 2, max_deletes=1)


def test_an_update_leaves_the_teams_settings_and_force_does_not() -> None:
    plain = merge_statement(RULES, "t", force=False)
    forced = merge_statement(RULES, "t", force=True)
    for column in RULES.settings:
        assert f"t.`{column}` = s.`{column}`" not in plain
        assert f"t.`{column}` = s.`{column}`" in forced
    for column in RULES.definition:
        assert f"t.`{column}` = s.`{column}`" in plain


def test_columns_that_deployment_writes_are_never_touched() -> None:
    both = merge_statement(RULES, "t", force=True) + merge_statement(DESTINATIONS, "t", force=True)
    for column in ("databricks_alert_id", "last_synced_at", "databricks_destination_id"):
        assert column not in both


def test_bad_variables_stop_before_anything_is_asked() -> None:
    warehouse = RecordingWarehouse(**_seeded())
    with pytest.raises(ConfigurationError, match="monthly_budget: 0 is below the minimum 1"):
        seed(warehouse, SCHEMA, PACK, {"monthly_budget": 0}, by=BY)
    assert warehouse.sent == []


def test_a_destination_names_a_secret_in_a_real_workspace_and_none_in_the_local_one() -> None:
    real = destination_rows(PACK, VALUES)
    local = destination_rows(
        PACK, resolve(PACK.manifest.variables, {}, local_host="http://127.0.0.1:5")
    )
    assert sum("{{secrets/databricks_alerts/" in row["config_json"] for row in real) == 10
    assert not [row for row in local if "{{" in row["config_json"]]
    slack = next(row for row in local if row["destination_id"] == "finops_slack")
    assert json.loads(slack["config_json"]) == {"url": "http://127.0.0.1:5/inbox/finops_slack"}


def test_no_pack_notation_is_left_in_a_row_but_mustache_and_placeholders_are() -> None:
    row = next(r for r in rule_rows(PACK, VALUES, BY) if r["alert_id"] == "COST-003")
    assert "{{" not in row["alert_query_template"]
    assert "${catalog}.${gold_schema}.fact_usage" in row["alert_query_template"]
    assert "{{ALERT_STATUS}}" in row["custom_subject_template"]
    assert "rule." not in row["custom_body_template"]
    assert "Divide what is left of the budget" in row["custom_body_template"]


@pytest.mark.parametrize(
    ("value", "kind", "column"),
    [
        (5, "DOUBLE", "threshold_value_double"),
        (True, "BOOLEAN", "threshold_value_bool"),
        ("x", "STRING", "threshold_value_string"),
    ],
)
def test_a_threshold_stands_in_exactly_the_column_of_its_type(
    value: Any, kind: str, column: str
) -> None:
    row = _threshold(Threshold(column="v", operator="=", value=value))
    assert row["threshold_value_type"] == kind
    assert [k for k, v in row.items() if k.startswith("threshold_value_") and v == value] == [
        column
    ]
    assert sum(v is None for v in row.values()) == 4
