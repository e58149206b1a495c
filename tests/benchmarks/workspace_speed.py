"""The local workspace alone: a list of 1,000 alerts, EXPLAIN through the connector."""

from __future__ import annotations

import json
import statistics
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from databricks import sql
from databricks.sdk import WorkspaceClient

from databricks_alerts.local_workspace import process
from databricks_alerts.local_workspace.process import Running
from tests.benchmarks.measurement import Measurement, report

_ALERTS = 1000
_EXPLAINS = 100


def measure(folder: Path) -> Iterator[Measurement]:
    """Milliseconds of a whole list through databricks-sdk, and of one EXPLAIN."""
    running = process.start(folder / "speed")
    try:
        for number in range(_ALERTS):
            _create(running, number)
        client = WorkspaceClient(profile="local", config_file=str(running.config_file))
        started = time.perf_counter()
        found = len(list(client.alerts_v2.list_alerts(page_size=100)))
        seconds = time.perf_counter() - started
        if found != _ALERTS:
            raise ValueError(f"{found} alerts of {_ALERTS} were listed")
        yield report("workspace: list of 1,000 alerts", seconds * 1000, 200, "ms")
        yield report("workspace: EXPLAIN, median", _explain(running) * 1000, 50, "ms")
    finally:
        process.stop(folder / "speed")


def _create(running: Running, number: int) -> None:
    body = {
        "display_name": f"alert {number}",
        "query_text": "SELECT 1 AS value",
        "warehouse_id": running.warehouse_id,
        "evaluation": {
            "source": {"name": "value"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 5}},
        },
        "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC"},
    }
    request = urllib.request.Request(
        f"{running.url}/api/2.0/alerts",
        data=json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {running.token}", "Content-Type": "application/json"},
    )
    urllib.request.urlopen(request).close()


def _explain(running: Running) -> float:
    path = f"/sql/1.0/warehouses/{running.warehouse_id}"
    seconds = []
    with (
        sql.connect(
            server_hostname="127.0.0.1",
            http_path=path,
            access_token=running.token,
            _connection_uri=f"{running.url}{path}",
            enable_telemetry=False,
        ) as connection,
        connection.cursor() as cursor,
    ):
        cursor.execute("CREATE TABLE IF NOT EXISTS main.default.t AS SELECT 1 AS a, 'x' AS b")
        for _ in range(_EXPLAINS):
            started = time.perf_counter()
            cursor.execute("EXPLAIN EXTENDED SELECT b, sum(a) AS s FROM main.default.t GROUP BY b")
            cursor.fetchall()
            seconds.append(time.perf_counter() - started)
    return statistics.median(seconds)
