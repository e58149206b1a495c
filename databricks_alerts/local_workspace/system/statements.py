"""Statements of this warehouse as rows of system.query.history."""

from __future__ import annotations

import datetime as dt
import uuid
from dataclasses import dataclass

from databricks_alerts.local_workspace.ids import ACCOUNT_ID, ORG_ID, WAREHOUSE_ID
from databricks_alerts.local_workspace.system.journal import Journal

QUERIES = "query.history"
_LONGEST = 64_000  # characters of a statement
# What the first word of a query is called where the statement's type is asked.
_TYPES = {"WITH": "SELECT", "VALUES": "SELECT", "FROM": "SELECT", "TABLE": "SELECT", "(": "SELECT"}


@dataclass(frozen=True)
class Ran:
    """One statement that came to its end: who, when, how long, with what outcome."""

    sql: str
    user: str
    began: dt.datetime
    milliseconds: int
    rows: int = 0
    error: str | None = None
    alert_id: str | None = None


def record(journal: Journal, ran: Ran) -> None:
    """Keep it until somebody reads the history."""
    began = int(ran.began.timestamp() * 1_000_000)
    ended = began + ran.milliseconds * 1_000
    first = next(iter(ran.sql.split(None, 1)), "").upper()
    row = {
        "account_id": ACCOUNT_ID,
        "workspace_id": ORG_ID,
        "statement_id": str(uuid.uuid4()),
        "execution_status": "FAILED" if ran.error else "FINISHED",
        "compute": {"type": "WAREHOUSE", "warehouse_id": WAREHOUSE_ID},
        "executed_by": ran.user,
        "executed_as": ran.user,
        "statement_text": ran.sql[:_LONGEST],
        "statement_type": _TYPES.get(first, first),
        "error_message": ran.error,
        "total_duration_ms": ran.milliseconds,
        "waiting_for_compute_duration_ms": 0,
        "waiting_at_capacity_duration_ms": 0,
        "execution_duration_ms": ran.milliseconds,
        "start_time": began,
        "end_time": ended,
        "update_time": ended,
        "produced_rows": ran.rows,
        "from_result_cache": False,
        "spilled_local_bytes": 0,
        "query_source": {"alert_id": ran.alert_id},
    }
    journal.add(QUERIES, row)
