"""What a deployment did, recorded in Delta: one MERGE a table, our own columns only."""

from __future__ import annotations

import datetime as dt
import functools
import json
import re
import statistics
import uuid
from collections.abc import Callable, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict

from databricks_alerts.errors import WarehouseError
from databricks_alerts.rules.recorded import Recorded
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import (
    ALERTS,
    DESTINATIONS,
    METRICS,
    VALIDATION,
    create_or_migrate,
    definition,
    table_path,
)
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation.report import ValidationReport

Action = Literal[
    "CREATED", "UPDATED", "REPLACED", "UNCHANGED", "HELD", "SKIPPED", "DELETED", "ERROR"
]
_SUMMARY_LENGTH = 2000
# What Delta and Spark say of a column that a MERGE names and the table lacks.
_MISSING_COLUMN = re.compile(
    r"UNRESOLVED_(COLUMN|EXPRESSION)|cannot resolve|No such (column|field)"
)


class RowOutcome(BaseModel):
    """What became of one rule or destination; `error` is the API's message or the finding.

    `action` tells what was done, ERROR that something was tried and failed: nothing can be relied
    on then but the message. `display_name` is the name that is deployed now, where this run knows.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    action: Action
    databricks_id: str | None = None
    display_name: str | None = None
    error: str | None = None

    @property
    def status(self) -> Literal["SUCCESS", "ERROR"]:
        """What last_sync_status says: a held or skipped rule is an ERROR that has a finding."""
        return "ERROR" if self.error else "SUCCESS"

    @property
    def stands_for_nothing(self) -> bool:
        """Whether the row has no alert or destination now, so that its id is to be forgotten."""
        return self.action == "SKIPPED" or (self.action == "DELETED" and not self.error)


class Outcome(BaseModel):
    """One run, as it is recorded. `latencies_ms` are those of the API's answers."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    stack: str
    engine: str
    started_at: dt.datetime
    ended_at: dt.datetime
    config_version: int | None
    alerts: tuple[RowOutcome, ...]
    destinations: tuple[RowOutcome, ...]
    latencies_ms: tuple[float, ...] = ()
    error: str | None = None

    @property
    def failures(self) -> list[RowOutcome]:
        """Rows whose change failed; held and skipped ones were not tried."""
        return [
            item
            for item in (*self.alerts, *self.destinations)
            if item.error and item.action not in ("HELD", "SKIPPED")
        ]

    def count(self, *actions: Action) -> int:
        """How many alerts had one of these actions and succeeded."""
        return sum(1 for item in self.alerts if item.action in actions and not item.error)

    @property
    def success_rate(self) -> float:
        """The share of the changes that succeeded; 1 where nothing was to change."""
        changes = [
            item
            for item in (*self.alerts, *self.destinations)
            if item.action not in ("UNCHANGED", "HELD", "SKIPPED")
        ]
        if not changes:
            return 1.0
        return sum(1 for item in changes if not item.error) / len(changes)


def has_news(outcome: Outcome, snapshot: Snapshot) -> bool:
    """Whether an outcome says anything that the tables do not say already.

    A run that changed nothing and found everything as recorded writes nothing: a stack at rest
    makes no commits (rule 13 of the design).
    """
    return outcome.error is not None or any(
        row.action not in ("UNCHANGED", "HELD", "SKIPPED") or _tells_more(row, known.get(row.key))
        for rows, known in (
            (outcome.alerts, snapshot.recorded_rules),
            (outcome.destinations, snapshot.recorded_destinations),
        )
        for row in rows
    )


def _tells_more(row: RowOutcome, known: Recorded | None) -> bool:
    """Whether a table's row (None: there is none) says something else; no id keeps its own."""
    if known is None:
        return False
    identity = None if row.stands_for_nothing else row.databricks_id or known.databricks_id
    return known != Recorded(databricks_id=identity, status=row.status, error=row.error)


def record_news(
    warehouse: SqlWarehouse,
    settings: Settings,
    outcome: Outcome,
    report: ValidationReport,
    snapshot: Snapshot,
) -> None:
    """Write what the tables do not say already: all of it, fresh results alone, or nothing.

    Raises WarehouseError.
    """
    if has_news(outcome, snapshot):
        record(warehouse, settings, outcome, report)
    elif report.has_fresh_results:
        _insert(
            warehouse, settings, VALIDATION, ["validation_run_id", "alert_id"], _results(report)
        )


def new_run_id() -> str:
    """A new sync_run_id."""
    return str(uuid.uuid4())


def record(
    warehouse: SqlWarehouse,
    settings: Settings,
    outcome: Outcome,
    report: ValidationReport | None = None,
) -> None:
    """Write the outcome into the four tables; Delta conflicts are retried.

    Only columns that deployment owns are written, so a user's edit made meanwhile stays. Tables of
    an older version are migrated first. Raises WarehouseError.
    """
    try:
        _write(warehouse, settings, outcome, report)
    except WarehouseError as error:
        if not _MISSING_COLUMN.search(str(error)):
            raise
        create_or_migrate(warehouse, settings)
        _write(warehouse, settings, outcome, report)


def _write(
    warehouse: SqlWarehouse,
    settings: Settings,
    outcome: Outcome,
    report: ValidationReport | None,
) -> None:
    results = _results(report) if report else []
    metrics = [_metrics(settings, outcome)]
    alert_columns = {
        "databricks_alert_id": "databricks_id",
        "databricks_display_name": "display_name",
    }
    destination_columns = {
        "databricks_destination_id": "databricks_id",
        "databricks_display_name": "display_name",
    }
    merge = functools.partial(_merge_rows, warehouse, settings)
    insert = functools.partial(_insert, warehouse, settings)
    # Four tables that know nothing of each other, so all at once.
    writes: list[Callable[[], None]] = [
        lambda: merge(ALERTS, alert_columns, outcome.alerts, outcome.ended_at),
        lambda: merge(DESTINATIONS, destination_columns, outcome.destinations, outcome.ended_at),
        lambda: insert(VALIDATION, ["validation_run_id", "alert_id"], results),
        lambda: insert(METRICS, ["sync_run_id"], metrics, update=True),
    ]
    warehouse.map(lambda write: write(), writes)


def _merge_rows(
    warehouse: SqlWarehouse,
    settings: Settings,
    table: str,
    columns: dict[str, str],
    rows: Sequence[RowOutcome],
    moment: dt.datetime,
) -> None:
    """One MERGE; every value travels in one bound JSON parameter."""
    if not rows:
        return
    key = definition(table).key
    document = [
        {
            "row_key": row.key,
            "databricks_id": row.databricks_id,
            "display_name": row.display_name,
            "status": row.status,
            "error": row.error,
            "action": row.action,
            "nothing": row.stands_for_nothing,
        }
        for row in rows
    ]
    written = "".join(
        f"t.{column} = CASE WHEN s.nothing THEN NULL ELSE coalesce(s.{source}, t.{column}) END, "
        for column, source in columns.items()
    )
    warehouse.change(
        f"MERGE INTO {table_path(settings, table)} AS t USING ("
        "SELECT r.* FROM (SELECT explode(from_json(:rows, 'array<struct<row_key: string, "
        "databricks_id: string, display_name: string, status: string, error: string, "
        "action: string, nothing: boolean>>')) AS r)) AS s "
        f"ON t.{key} = s.row_key WHEN MATCHED THEN UPDATE SET {written}"
        "t.last_synced_at = CAST(:moment AS TIMESTAMP), t.last_sync_status = s.status, "
        "t.last_sync_error = s.error, t.last_sync_action = s.action",
        {"rows": json.dumps(document), "moment": moment.isoformat()},
    )


def _insert(
    warehouse: SqlWarehouse,
    settings: Settings,
    table: str,
    keys: list[str],
    rows: list[dict[str, Any]],
    *,
    update: bool = False,
) -> None:
    """One MERGE that inserts rows that are not there yet, so that a retry doubles nothing.

    With `update` a row that is there is written anew: a run may be recorded while it goes on.
    """
    if not rows:
        return
    columns = definition(table).columns
    # Times travel as texts: what from_json makes of them depends on the engine's settings.
    shape = ", ".join(
        f"{column.name}: {'string' if column.type == 'TIMESTAMP' else column.type}"
        for column in columns
    )
    names = ", ".join(column.name for column in columns)
    values = [
        f"CAST(s.{column.name} AS TIMESTAMP)" if column.type == "TIMESTAMP" else f"s.{column.name}"
        for column in columns
    ]
    matched = " AND ".join(f"t.{key} = s.{key}" for key in keys)
    written = ", ".join(
        f"t.{column.name} = {value}"
        for column, value in zip(columns, values, strict=True)
        if column.name not in keys
    )
    again = f"WHEN MATCHED THEN UPDATE SET {written} " if update else ""
    warehouse.change(
        f"MERGE INTO {table_path(settings, table)} AS t USING ("
        f"SELECT r.* FROM (SELECT explode(from_json(:rows, 'array<struct<{shape}>>')) AS r)) AS s "
        f"ON {matched} {again}WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({', '.join(values)})",
        {"rows": json.dumps(rows, default=_text)},
    )


def _results(report: ValidationReport) -> list[dict[str, Any]]:
    rows = []
    for result in report.rules:
        first = result.findings[0] if result.findings else None
        rows.append(
            {
                "alert_id": result.alert_id,
                "is_valid": result.is_valid,
                "error_message": "; ".join(item.what for item in result.findings) or None,
                "validation_run_id": report.run_id,
                "validated_at": report.validated_at,
                "config_version": report.config_version,
                "query_hash": result.query_hash or None,
                "error_class": (first.error_class or None) if first else None,
                "sqlstate": (first.sqlstate or None) if first else None,
                "duration_ms": result.duration_ms,
                "fingerprint": result.fingerprint or None,
            }
        )
    return rows


def _metrics(settings: Settings, outcome: Outcome) -> dict[str, Any]:
    latencies = sorted(outcome.latencies_ms)
    errors = [f"{item.key}: {item.error}" for item in outcome.failures]
    errors += [outcome.error] if outcome.error else []
    return {
        "sync_run_id": outcome.run_id,
        "sync_started_at": outcome.started_at,
        "sync_ended_at": outcome.ended_at,
        "total_alerts": len(outcome.alerts),
        "success_count": outcome.count("CREATED", "UPDATED", "REPLACED", "DELETED"),
        "error_count": len(outcome.failures),
        "created_count": outcome.count("CREATED"),
        "updated_count": outcome.count("UPDATED", "REPLACED"),
        "deleted_count": outcome.count("DELETED"),
        "skipped_count": sum(1 for item in outcome.alerts if item.action in ("HELD", "SKIPPED")),
        "avg_api_latency_ms": statistics.fmean(latencies) if latencies else None,
        "max_api_latency_ms": latencies[-1] if latencies else None,
        "min_api_latency_ms": latencies[0] if latencies else None,
        "p95_api_latency_ms": _percentile(latencies, 0.95),
        "total_duration_seconds": (outcome.ended_at - outcome.started_at).total_seconds(),
        "dry_run": False,
        "catalog": settings.catalog,
        "gold_schema": settings.gold_schema,
        "error_summary": "; ".join(errors)[:_SUMMARY_LENGTH] or None,
        "record_created_timestamp": dt.datetime.now(dt.UTC),
        "config_version": outcome.config_version,
        "stack": outcome.stack,
        "engine": outcome.engine,
    }


def _percentile(ordered: list[float], share: float) -> float | None:
    """The nearest-rank percentile of ordered values."""
    if not ordered:
        return None
    rank = max(1, -(-len(ordered) * int(share * 100) // 100))
    return ordered[rank - 1]


def _text(value: Any) -> str:
    if isinstance(value, dt.datetime):
        return value.isoformat()
    raise TypeError(f"{type(value).__name__} has no place in a row")
