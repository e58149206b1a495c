"""Evaluations outlive kill -9; history survives tables that cannot be written."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from databricks import sql
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2
from waiting import until

from databricks_alerts.local_workspace import client, process
from databricks_alerts.local_workspace.errors import WorkspaceProcessError
from databricks_alerts.local_workspace.process import Running

_RULES = (
    "CREATE TABLE {s}.alert_configurations (alert_id STRING, alert_name STRING, "
    "agent_domain STRING, severity STRING, threshold_operator STRING, "
    "threshold_value_type STRING, threshold_value_double DOUBLE, threshold_value_string STRING, "
    "threshold_value_bool BOOLEAN, databricks_alert_id STRING)"
)
_HISTORY = (
    "CREATE TABLE {s}.alert_history (evaluation_id STRING, alert_id STRING, alert_name STRING, "
    "agent_domain STRING, severity STRING, evaluation_timestamp TIMESTAMP, evaluation_date DATE, "
    "evaluation_status STRING, previous_status STRING, query_result_value_double DOUBLE, "
    "query_result_value_string STRING, threshold_operator STRING, threshold_value_type STRING, "
    "threshold_value_double DOUBLE, threshold_value_string STRING, threshold_value_bool BOOLEAN, "
    "query_duration_ms DOUBLE, error_message STRING, notification_sent BOOLEAN, "
    "notification_channels_used ARRAY<STRING>, record_created_timestamp TIMESTAMP)"
)


@pytest.fixture
def folder(tmp_path: Path) -> Iterator[Path]:
    """A folder of a workspace of the test's own, stopped after it."""
    yield tmp_path / "workspace"
    process.stop(tmp_path / "workspace")


def run_sql(running: Running, *statements: str) -> list[Any]:
    """The last statement's rows."""
    rows: list[Any] = []
    with (
        sql.connect(
            server_hostname=running.url.removeprefix("http://"),
            http_path=f"/sql/1.0/warehouses/{running.warehouse_id}",
            access_token=running.token,
            _connection_uri=f"{running.url}/sql/1.0/warehouses/{running.warehouse_id}",
            enable_telemetry=False,
        ) as connection,
        connection.cursor() as cursor,
    ):
        for statement in statements:
            cursor.execute(statement)
            rows = cursor.fetchall() if statement.startswith("SELECT") else []
    return rows


def make_alert(running: Running, name: str, **changes: Any) -> str:
    document = {
        "display_name": name,
        "query_text": "SELECT 11 AS v",
        "warehouse_id": running.warehouse_id,
        "evaluation": {
            "source": {"name": "v"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 10}},
            "empty_result_state": "OK",
            **changes,
        },
        "schedule": {
            "quartz_cron_schedule": "0 0 * * * ?",
            "timezone_id": "UTC",
            "pause_status": "PAUSED",
        },
    }
    sdk = WorkspaceClient(profile="local", config_file=str(running.config_file))
    return str(sdk.alerts_v2.create_alert(AlertV2.from_dict(document)).id)


def test_what_was_evaluated_before_kill_9_is_there_after_it_once(folder: Path) -> None:
    running = process.start(folder)
    keys = [make_alert(running, f"alert {number}") for number in range(4)]
    run_sql(running, "CREATE SCHEMA main.k", _RULES.format(s="main.k"), _HISTORY.format(s="main.k"))
    rules = ", ".join(
        f"('R{n}', 'r', 'COST', 'INFO', '>', 'DOUBLE', 10D, NULL, NULL, '{key}')"
        for n, key in enumerate(keys)
    )
    run_sql(running, f"INSERT INTO main.k.alert_configurations VALUES {rules}")
    answered: list[str] = []

    def go_on(key: str) -> None:
        while True:
            try:
                answered.append(str(client.run_alert(running, key)["id"]))
            except (WorkspaceProcessError, OSError):
                return

    with ThreadPoolExecutor(4) as pool:
        futures = [pool.submit(go_on, key) for key in keys]
        until(lambda: len(answered) >= 40)
        os.kill(running.pid, signal.SIGKILL)
        for future in futures:
            future.result()

    running = process.start(folder)
    kept = {item["id"]: item for key in keys for item in client.evaluations(running, key)}
    assert set(answered) <= set(kept)
    for key in keys:
        newest = client.evaluations(running, key)[0]
        alert = next(item for item in client.alerts(running) if item["id"] == key)
        assert alert["evaluation"]["state"] == "TRIGGERED"
        assert alert["evaluation"]["last_evaluated_at"][:19] == newest["at"][:19]

    def written() -> list[str]:
        rows = run_sql(running, "SELECT evaluation_id FROM main.k.alert_history")
        return [row[0] for row in rows]

    until(lambda: set(kept) <= set(written()))
    assert len(written()) == len(set(written()))


def test_a_history_table_that_cannot_be_written_holds_up_no_other(folder: Path) -> None:
    running = process.start(folder)
    first, late = make_alert(running, "first"), make_alert(running, "late")
    row = "('R', 'r', 'COST', 'INFO', '>', 'DOUBLE', 10D, NULL, NULL, '{}')"
    for schema in ("main.good", "main.`b-roken`"):
        run_sql(running, f"CREATE SCHEMA {schema}", _RULES.format(s=schema))
        insert = f"INSERT INTO {schema}.alert_configurations VALUES "
        run_sql(running, insert + row.format(first))
    run_sql(running, _HISTORY.format(s="main.good"))
    run_sql(running, "CREATE TABLE main.`b-roken`.alert_history (nothing STRING)")

    client.run_alert(running, late)  # its rule does not know it yet
    client.run_alert(running, first)
    query = (
        "SELECT evaluation_status, notification_sent, query_result_value_double "
        "FROM main.good.alert_history"
    )
    assert [tuple(item) for item in until(lambda: run_sql(running, query))] == [
        ("TRIGGERED", False, 11.0)
    ]
    log = (folder / "server.log").read_text()
    assert log.count("`b-roken`.alert_history waits to be written") == 1

    run_sql(running, "INSERT INTO main.good.alert_configurations VALUES " + row.format(late))
    until(lambda: len(run_sql(running, query)) == 2)
    run_sql(running, "DROP TABLE main.`b-roken`.alert_history", _HISTORY.format(s="main.`b-roken`"))
    mended = "SELECT count(*) FROM main.`b-roken`.alert_history"
    until(lambda: run_sql(running, mended)[0][0] == 1)
    assert len(run_sql(running, query)) == 2


def test_numbers_that_json_lacks_do_not_break_the_answer(local_workspace: Running) -> None:
    key = make_alert(local_workspace, "nan", comparison_operator="EQUAL")
    sdk = WorkspaceClient(profile="local", config_file=str(local_workspace.config_file))
    alert = sdk.alerts_v2.get_alert(key)
    alert.query_text = "SELECT CAST('NaN' AS DOUBLE) AS v"
    sdk.alerts_v2.update_alert(key, alert, "query_text")
    found = client.run_alert(local_workspace, key)
    assert (found["state"], found["value"], found["rows"]) == ("OK", "NaN", [{"v": "NaN"}])
    sdk.alerts_v2.trash_alert(key, purge=True)
