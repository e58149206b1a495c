"""The catalog `system` of a workspace: what is in it, who may, and what it shows of itself."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from project import Project

from databricks_alerts.local_workspace import client
from databricks_alerts.local_workspace.system.samples import SAMPLES
from databricks_alerts.local_workspace.system.schemas import SCHEMAS
from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse

ADMIN = "ada@local.test"
NOW = dt.datetime(2026, 6, 15, 12, 30, tzinfo=dt.UTC)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    made = Warehouse(
        tmp_path_factory.mktemp("warehouse"),
        is_admin=lambda user: user == ADMIN,
        clock=lambda: NOW,
    )
    made.start()
    yield made
    made.stop()


def rows(warehouse: Warehouse, sql: str, user: str = ADMIN) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = warehouse.execute(sql, user=user).table.to_pylist()
    return found


@pytest.mark.parametrize("name", SCHEMAS)
def test_every_table_has_its_columns_and_types(warehouse: Warehouse, name: str) -> None:
    found = [
        (row["col_name"], row["data_type"].upper().replace(" ", ""))
        for row in rows(warehouse, f"DESCRIBE TABLE system.{name}")
    ]
    assert found == [(column, kind.upper().replace(" ", "")) for column, kind in SCHEMAS[name]]
    assert rows(warehouse, f"SELECT * FROM system.{name} LIMIT 1") is not None


@pytest.mark.parametrize("name", SAMPLES)
def test_samples_are_there_and_none_is_of_the_future(warehouse: Warehouse, name: str) -> None:
    assert rows(warehouse, f"SELECT count(*) AS n FROM system.{name}")[0]["n"] > 0
    starts = {"event_time", "usage_start_time", "start_time", "period_start_time", "change_time"}
    for column, _ in SCHEMAS[name]:
        if column in starts:
            [found] = rows(warehouse, f"SELECT max({column}) AS latest FROM system.{name}")
            assert found["latest"] <= NOW


def test_time_that_passes_adds_rows_and_doubles_none(tmp_path: Path) -> None:
    now = [NOW]
    warehouse = Warehouse(tmp_path, clock=lambda: now[0])
    warehouse.start()
    counted = "SELECT count(*) AS n, count(DISTINCT {key}) AS keys FROM system.{name}"
    tables = {"access.table_lineage": "record_id", "lakeflow.job_run_timeline": "run_id"}
    try:
        before: dict[str, int] = {}
        for hours in (0, 1, 7, 30):
            now[0] = NOW + dt.timedelta(hours=hours)
            for name, key in tables.items():
                [found] = rows(warehouse, counted.format(key=key, name=name))
                assert found["n"] == found["keys"]
                assert found["n"] >= before.get(name, 1)
                before[name] = found["n"]
    finally:
        warehouse.stop()
    again = Warehouse(tmp_path, clock=lambda: now[0])
    again.start()
    try:
        for name, key in tables.items():
            [found] = rows(again, counted.format(key=key, name=name))
            assert found["n"] == before[name]
    finally:
        again.stop()


def test_a_view_shows_what_is_new_in_the_table_under_it(warehouse: Warehouse) -> None:
    rows(warehouse, "CREATE VIEW main.default.seen AS SELECT statement_text AS s FROM "
                    "system.query.history")  # fmt: skip
    rows(warehouse, "CREATE VIEW main.default.of_seen AS SELECT s FROM main.default.seen")
    for number in (47111, 47112):
        rows(warehouse, f"SELECT {number} AS m")
        [found] = rows(
            warehouse,
            f"SELECT count(*) AS n FROM main.default.of_seen WHERE s = 'SELECT {number} AS m'",
        )
        assert found["n"] == 1


@pytest.mark.parametrize(
    "statement",
    [
        "INSERT INTO system.billing.usage SELECT * FROM system.billing.usage",
        "CREATE TABLE system.billing.mine (a INT)",
        "CREATE VIEW system.billing.mine AS SELECT 1 AS a",
        "CREATE SCHEMA system.mine",
        "DROP TABLE system.access.audit",
        "DROP SCHEMA IF EXISTS system.billing CASCADE",
        "DROP CATALOG system CASCADE",
        "ALTER TABLE system.billing.usage ADD COLUMNS (mine INT)",
        "UPDATE system.billing.usage SET cloud = 'X'",
        "DELETE FROM system.billing.usage",
        "TRUNCATE TABLE system.billing.usage",
        "OPTIMIZE system.billing.usage",
        "delete from SYSTEM.`billing`.usage",
    ],
)
def test_nobody_changes_the_catalog(warehouse: Warehouse, statement: str) -> None:
    with pytest.raises(SqlError, match="read-only"):
        rows(warehouse, statement)
    session = warehouse.new_session(ADMIN, "system", "billing")
    with pytest.raises(SqlError, match="read-only"):
        warehouse.execute(statement.replace("system.billing.", ""), session=session)


def test_grants_open_it_to_others(warehouse: Warehouse) -> None:
    query = "SELECT count(*) AS n FROM system.compute.clusters"
    with pytest.raises(SqlError, match="INSUFFICIENT_PERMISSIONS"):
        rows(warehouse, query, "ben@local.test")
    for grant in (
        "USE CATALOG ON CATALOG system",
        "USE SCHEMA ON SCHEMA system.compute",
        "SELECT ON TABLE system.compute.clusters",
    ):
        rows(warehouse, f"GRANT {grant} TO `ben@local.test`")
    assert rows(warehouse, query, "ben@local.test") == [{"n": 6}]
    with pytest.raises(SqlError, match="INSUFFICIENT_PERMISSIONS"):
        rows(warehouse, "SELECT * FROM system.access.audit", "ben@local.test")


def test_statements_are_in_the_history_failed_ones_too(warehouse: Warehouse) -> None:
    with pytest.raises(SqlError):
        rows(warehouse, "SELECT nowhere_to_be_found", "eve@local.test")
    [found] = rows(
        warehouse,
        "SELECT execution_status, executed_by, error_message, statement_type FROM "
        "system.query.history WHERE statement_text = 'SELECT nowhere_to_be_found'",
    )
    assert (found["execution_status"], found["executed_by"]) == ("FAILED", "eve@local.test")
    assert "UNRESOLVED_COLUMN" in found["error_message"]


def test_alerts_and_requests_of_the_workspace_are_in_its_system_tables(project: Project) -> None:
    project.keep_rules("COST-007", "REL-009")
    assert project.deploy().status == 0
    running = project.workspace
    mine = [item for item in client.alerts(running) if item["parent_path"].endswith(project.schema)]
    [alert] = [item["id"] for item in mine if "Runaway" in item["display_name"]]
    made = client.run_alert(running, alert)
    assert made["state"] == "TRIGGERED", made

    where = f"WHERE alert_id = '{alert}'"
    [(name, operator, column, deleted)] = project.sql(
        "SELECT display_name, evaluation_comparison_operator, evaluation_source.name, delete_time "
        f"FROM system.alert.alerts {where}"
    )
    assert (operator, column, deleted) == ("GREATER_THAN", "daily_cost", None)
    [(state, value, threshold)] = project.sql(
        "SELECT evaluation_state, evaluation_value.double_value, threshold_value.double_value "
        f"FROM system.alert.alert_evaluation_history {where}"
    )
    assert (state, threshold) == ("TRIGGERED", 500)
    assert value > 500  # type: ignore[operator]
    assert project.sql(
        f"SELECT count(*) FROM system.query.history WHERE query_source.alert_id = '{alert}'"
    ) == [(1,)]

    admin = WorkspaceClient(profile="local", config_file=str(running.config_file))
    admin.alerts_v2.trash_alert(alert)
    changes = project.sql(
        f"SELECT delete_time IS NOT NULL FROM system.alert.alerts {where} ORDER BY change_time"
    )
    assert changes == [(False,), (True,)]
    assert name
    [(status, who)] = project.sql(
        "SELECT response.status_code, user_identity.email FROM system.access.audit "
        f"WHERE action_name = 'moveAlertToTrash' AND request_params['alert_id'] = '{alert}'"
    )
    assert (status, who) == (200, "admin@local.test")
    assert project.sql("SELECT count(*) FROM system.access.audit WHERE array_contains("
                       "map_values(request_params), 'string_value')") == [(0,)]  # fmt: skip


@pytest.mark.parametrize("command", ["DESCRIBE DETAIL", "DESCRIBE HISTORY"])
def test_a_view_has_no_files_to_tell_of(warehouse: Warehouse, command: str) -> None:
    rows(warehouse, "CREATE OR REPLACE VIEW main.default.bare AS SELECT 1 AS a")
    with pytest.raises(SqlError, match="EXPECT_TABLE_NOT_VIEW"):
        rows(warehouse, f"{command} main.default.bare")
