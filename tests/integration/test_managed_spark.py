"""`alerts workspace start --sql-engine spark`, with a real Apache Spark: `make test-spark` only."""

from __future__ import annotations

import os
import re
import signal
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import StatementState
from waiting import until
from warehouse_server import SPARK

from databricks_alerts.local_workspace import process

pytestmark = [
    pytest.mark.real_spark,
    pytest.mark.skipif(not SPARK, reason="needs Java and a download: make test-spark"),
]


def _asked(workspace: process.Running, sql: str) -> list[list[str]] | None:
    """The rows of a statement; None where it fails."""
    client = WorkspaceClient(host=workspace.url, token=workspace.token, auth_type="pat")
    answer = client.statement_execution.execute_statement(
        sql, workspace.warehouse_id, wait_timeout="50s"
    )
    assert answer.status is not None
    if answer.status.state is not StatementState.SUCCEEDED:
        return None
    return (answer.result.data_array if answer.result else None) or []


def _servers(folder: Path) -> list[int]:
    """The processes of the Spark whose own files are in this folder."""
    mark = str(folder / "spark" / "databases").encode()
    found = []
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            line = path.read_bytes()
        except OSError:
            continue
        if mark in line and re.match(rb"[^\0]*java\0", line):
            found.append(int(path.parent.name))
    return found


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="looks for processes in /proc")
def test_spark_is_started_watched_and_stopped_and_shares_its_tables_with_sail(
    tmp_path: Path,
) -> None:
    table = "main.default.shared"
    running = process.start(tmp_path, sql_engine="spark", spark_memory="1g")
    try:
        assert running.sql_engine == "spark"
        assert _asked(running, f"CREATE TABLE {table} AS SELECT 1 AS n") == []
        # Sail lacks this function: so this is Spark.
        asked = "SELECT transform_values(map('a', 1), (k, v) -> v + 4)['a'] AS n"
        assert _asked(running, asked) == [["5"]]
        (first,) = _servers(tmp_path)
        os.kill(first, signal.SIGKILL)
        assert until(lambda: _asked(running, f"SELECT n FROM {table}"), 90) == [["1"]]
        assert first not in _servers(tmp_path)
    finally:
        process.stop(tmp_path)
    until(lambda: not _servers(tmp_path))
    on_sail = process.start(tmp_path)
    try:
        assert on_sail.sql_engine == "sail"
        assert _asked(on_sail, f"INSERT INTO {table} VALUES (2)") is not None
        assert _asked(on_sail, f"SELECT n FROM {table} ORDER BY n") == [["1"], ["2"]]
    finally:
        process.stop(tmp_path)
    again = process.start(tmp_path, sql_engine="spark")
    try:
        assert _asked(again, f"SELECT n FROM {table} ORDER BY n") == [["1"], ["2"]]
    finally:
        os.kill(again.pid, signal.SIGKILL)
    until(lambda: not _servers(tmp_path))
