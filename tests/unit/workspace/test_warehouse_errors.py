"""What an engine says of a failure, told in Databricks' form."""

from __future__ import annotations

from databricks_alerts.local_workspace.warehouse.conditions import Statement
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.sail_errors import translate


def _told(message: str, sql: str = "SELECT 1") -> SqlError:
    return translate(message, Statement(sql))


def test_an_engine_that_is_gone_is_told_from_one_that_broke() -> None:
    form = '<RPC terminated with:\n\tstatus = StatusCode.{}\n\tdetails = "{}"\n>'
    gone = _told(form.format("UNAVAILABLE", "failed to connect"))
    assert (gone.condition, gone.sqlstate) == ("WAREHOUSE_UNAVAILABLE", "08001")
    broken = _told(form.format("UNKNOWN", "'void org.apache.spark.X.<init>(boolean)'"))
    assert (broken.condition, broken.sqlstate) == ("INTERNAL_ERROR", "XX000")
    assert "'void org.apache.spark.X.<init>(boolean)'" in broken.message


def test_a_session_that_its_server_forgot_is_no_fault_of_the_statement() -> None:
    for condition in ("NO_ACTIVE_SESSION", "INVALID_HANDLE.SESSION_NOT_FOUND"):
        told = _told(f"[{condition}] No active Spark session found. SQLSTATE: 08003")
        assert (told.condition, told.sqlstate) == ("WAREHOUSE_UNAVAILABLE", "08001")
