"""Packs on the local workspace's SQL warehouse: every rule test, seeding, the sample data."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from databricks_alerts.errors import WarehouseError
from databricks_alerts.evaluation import Outcome, evaluation_statement, read_outcome
from databricks_alerts.local_workspace.warehouse import SqlError
from databricks_alerts.local_workspace.warehouse import Warehouse as LocalWarehouse
from databricks_alerts.packs.evaluation import condition_of
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.model import LocatedRule
from databricks_alerts.packs.records import DESTINATIONS, RULES, Shape
from databricks_alerts.packs.runner import run_tests, stopped_clock
from databricks_alerts.packs.seed import seed
from databricks_alerts.packs.variables import render_query, resolve
from databricks_alerts.packs.views import read_views

PACK = load_pack(Path(__file__).parents[2] / "packs" / "health_monitor")
FIRING = {
    "COST-001",
    "COST-007",
    "COST-012",
    "COST-017",
    "SEC-006",
    "SEC-008",
    "PERF-009",
    "PERF-011",
    "REL-003",
    "CLUSTER-002",
    "QUAL-002",
}


@dataclass(frozen=True)
class Gold:
    """A schema to seed and load into."""

    gold_schema: str
    catalog: str = "main"


class Warehouse:
    """The local warehouse as packs see one."""

    def __init__(self, inner: LocalWarehouse) -> None:
        self.inner = inner

    def query(self, sql: str, params: Mapping[str, Any] | None = None, /) -> list[dict[str, Any]]:
        try:
            return list(self.inner.execute(sql, params or {}, user="ann").table.to_pylist())
        except SqlError as error:
            raise WarehouseError(str(error)) from error

    def execute(self, sql: str, params: Mapping[str, Any] | None = None, /) -> None:
        self.query(sql, params)

    def one(self, sql: str) -> Any:
        [row] = self.query(sql)
        return next(iter(row.values()))


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    inner = LocalWarehouse(tmp_path_factory.mktemp("workspace"))
    inner.start()
    warehouse = Warehouse(inner)
    yield warehouse
    inner.stop()


@pytest.fixture
def gold(warehouse: Warehouse, request: pytest.FixtureRequest) -> Gold:
    """A schema of this test's own, with empty tables."""
    gold = Gold(gold_schema=request.node.originalname)
    warehouse.execute(f"CREATE SCHEMA main.{gold.gold_schema}")
    for shape in (RULES, DESTINATIONS):
        warehouse.execute(_table(gold, shape))
    return gold


def _evaluated(warehouse: Warehouse, located: LocatedRule, query: str) -> Outcome:
    condition = condition_of(located.rule)
    rows = warehouse.query(evaluation_statement(query, condition))
    return read_outcome(condition, rows[0] if rows else None)


def _table(gold: Gold, shape: Shape) -> str:
    columns = ", ".join(f"{name} {kind}" for name, kind in shape.columns.items())
    kept = "created_by STRING, created_at TIMESTAMP, updated_by STRING, updated_at TIMESTAMP"
    return f"CREATE TABLE main.{gold.gold_schema}.{shape.table} ({columns}, {kept})"


def test_every_rule_passes_its_tests(warehouse: Warehouse) -> None:
    results = run_tests(warehouse, PACK)
    assert len(results) >= 58
    failures = "\n".join(result.report() for result in results if not result.passed)
    assert not failures, failures


def test_a_pack_is_seeded_once_and_edits_survive(warehouse: Warehouse, gold: Gold) -> None:
    rules = f"main.{gold.gold_schema}.alert_configurations"
    first = seed(warehouse, gold, PACK, {}, by="ann", local_host="http://127.0.0.1:1")
    assert (first.inserted, first.updated, first.unchanged) == (39, 0, 0)
    warehouse.execute(
        f"UPDATE {rules} SET threshold_value_double = 200, alert_name = 'Mine'"
        " WHERE alert_id = 'COST-003'"
    )
    again = seed(warehouse, gold, PACK, {}, by="bob", local_host="http://127.0.0.1:1")
    assert (again.inserted, again.updated, again.unchanged) == (0, 0, 39)
    assert warehouse.one(f"SELECT count(*) FROM {rules} WHERE updated_by IS NOT NULL") == 0

    changed = {"monthly_budget": 5000}
    third = seed(warehouse, gold, PACK, changed, by="bob", local_host="http://127.0.0.1:1")
    assert third.rules.updated == ("COST-003", "COST-004")
    [row] = warehouse.query(f"SELECT * FROM {rules} WHERE alert_id = 'COST-003'")
    assert (row["threshold_value_double"], row["alert_name"]) == (200, "Budget Threshold Warning")
    assert "CAST(5000 AS DOUBLE)" in row["alert_query_template"]
    assert (row["created_by"], row["updated_by"]) == ("ann", "bob")
    assert row["notification_channels"] == ["finops_slack", "finops_email"]
    assert dict(row["tags"])["pack"] == "health_monitor"

    forced = seed(warehouse, gold, PACK, {}, by="bob", force=True)
    assert (forced.inserted, forced.updated) == (0, 39)
    assert (
        warehouse.one(f"SELECT threshold_value_double FROM {rules} WHERE alert_id = 'COST-003'")
        == 80
    )


def test_texts_reach_the_table_unchanged(warehouse: Warehouse, gold: Gold) -> None:
    text = 'it\'s "so" \\ `é` 😀 ${catalog} {{ALERT_NAME}} :seeded_by -- ; \n\t/* */'
    manifest = PACK.manifest.model_copy(update={"name": "texts"})
    located = PACK.rule("SEC-001")
    rule = replace(located.rule, id="TEXT-1", name=text, owner=text, tags={text: text})
    pack = replace(PACK, manifest=manifest, rules=(replace(located, rule=rule),))
    seed(warehouse, gold, pack, {}, by=text)
    rules = f"main.{gold.gold_schema}.alert_configurations"
    [row] = warehouse.query(f"SELECT * FROM {rules} WHERE alert_id = 'TEXT-1'")
    assert [row["alert_name"], row["owner"], row["created_by"]] == [text] * 3
    assert dict(row["tags"])[text] == text


def _with_views(warehouse: Warehouse, gold: Gold) -> Gold:
    for view in read_views(PACK.folder, gold):
        warehouse.execute(view.sql)
    return gold


def test_the_views_are_the_tables_that_the_pack_declares(warehouse: Warehouse, gold: Gold) -> None:
    _with_views(warehouse, gold)
    for table, columns in PACK.manifest.tables.items():
        rows = warehouse.query(f"DESCRIBE TABLE main.{gold.gold_schema}.{table}")
        found = {row["col_name"]: row["data_type"].upper() for row in rows}
        assert found == columns, table


@pytest.mark.parametrize(
    "now",
    [
        datetime(2026, 1, 1, 0, 0, 0, tzinfo=UTC),
        datetime(2026, 1, 1, 6, 13, 7, tzinfo=UTC),
        datetime(2026, 3, 8, 12, tzinfo=UTC),
        datetime(2028, 2, 29, 23, 59, 59, tzinfo=UTC),
    ],
)
def test_the_same_third_of_the_rules_fires_at_any_time_of_any_day(
    tmp_path: Path, now: datetime
) -> None:
    inner = LocalWarehouse(tmp_path, clock=lambda: now)
    inner.system.sources.clear()  # this test's own statements are no part of the samples
    inner.start()
    try:
        assert _fired(Warehouse(inner), now) == FIRING
    finally:
        inner.stop()


def _fired(warehouse: Warehouse, now: datetime) -> set[str]:
    gold = _with_views(warehouse, Gold(gold_schema="default"))
    values = resolve(PACK.manifest.variables, {})
    fired = set()
    for located in PACK.rules:
        query = render_query(located.rule.query, values)
        query = query.replace("${catalog}", "`main`").replace("${gold_schema}", gold.gold_schema)
        plan = str(warehouse.one(f"EXPLAIN {query}"))
        assert plan.startswith("== Physical Plan =="), plan
        outcome = _evaluated(warehouse, located, stopped_clock(query, now))
        assert outcome.value is not None, f"{located.rule.id} has no value on the sample data"
        fired |= {located.rule.id} if outcome.state == "TRIGGERED" else set()
    return fired
