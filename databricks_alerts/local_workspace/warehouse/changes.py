"""INSERT, UPDATE, DELETE, MERGE, TRUNCATE: carried out, and how many rows each changed.

Sail answers how many rows it wrote, copies of unchanged ones included; the commit that the
statement made in the Delta log tells how many it changed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from databricks_alerts.local_workspace.warehouse import inserts, subqueries
from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import resolve
from databricks_alerts.local_workspace.warehouse.result import Result, rows
from databricks_alerts.local_workspace.warehouse.sessions import SparkSession
from databricks_alerts.local_workspace.warehouse.text import Text

_COMMIT_ATTEMPTS = 10
_CONFLICT = "2D521"
_WRITTEN = ("numOutputRows",)
_INSERTED = ("numTargetRowsInserted", "numOutputRows")
_UPDATED = ("numTargetRowsUpdated", "numUpdatedRows")
_DELETED = ("numTargetRowsDeleted", "numDeletedRows")


def change(text: Text, session: SparkSession, catalog: Catalog) -> Result:
    """Carry out a statement whose parameters are bound. Raises SqlError.

    A blind INSERT never conflicts in Delta, so one that met another commit is sent again.
    """
    log = _log(text, session, catalog)
    before = _versions(log)
    sql = _sent(text, session, catalog)
    attempts = _COMMIT_ATTEMPTS if text.starts("INSERT", "INTO") else 1
    for attempt in range(1, attempts + 1):
        try:
            answer = session.run(sql)
            break
        except SqlError as error:
            if attempt == attempts or error.sqlstate != _CONFLICT:
                raise
    written = _count(answer)
    metrics = _metrics(log, before, text.words[0], written)
    return _answer(
        text.words[0], metrics, _first(metrics, _WRITTEN) if written is None else written
    )


def _sent(text: Text, session: SparkSession, catalog: Catalog) -> str:
    if text.words[0] == "TRUNCATE":
        return f"DELETE FROM {text.after(2)}"
    if text.starts("INSERT", "INTO"):
        return inserts.complete_insert(text, session, catalog)
    if text.words[0] in ("UPDATE", "DELETE"):
        return subqueries.answered(text, session)
    return text.sql


def _count(answer: pa.Table) -> int | None:
    """The rows that the engine says it wrote; Apache Spark says nothing of an INSERT."""
    if not (answer.num_rows and answer.num_columns):
        return None
    return int(answer.column(0)[0].as_py() or 0)


def _answer(kind: str, metrics: dict[str, Any], written: int) -> Result:
    """Databricks' columns: num_affected_rows, for MERGE and INSERT each kind of change too."""
    if kind == "INSERT":
        columns = {"num_affected_rows": written, "num_inserted_rows": written}
    elif kind == "MERGE":
        updated, deleted, inserted = (_first(metrics, k) for k in (_UPDATED, _DELETED, _INSERTED))
        columns = {
            "num_affected_rows": updated + deleted + inserted,
            "num_updated_rows": updated,
            "num_deleted_rows": deleted,
            "num_inserted_rows": inserted,
        }
    else:
        names = _UPDATED if kind == "UPDATE" else _DELETED
        columns = {"num_affected_rows": _first(metrics, names)}
    table = rows(dict.fromkeys(columns, pa.int64()), [list(columns.values())]).table
    return Result(table, columns["num_affected_rows"])


def _first(metrics: Mapping[str, Any], names: tuple[str, ...]) -> int:
    """The first of the metrics that is there; Delta's own writer has them as strings."""
    return next((int(metrics[name]) for name in names if name in metrics), 0)


def _log(text: Text, session: SparkSession, catalog: Catalog) -> Path | None:
    """The Delta log of the table that the statement changes."""
    index = 1
    while text.words[index : index + 1] and text.words[index] in (
        *("INTO", "FROM", "OVERWRITE", "TABLE", "WITH", "SCHEMA", "EVOLUTION"),
    ):
        index += 1
    parts, _ = text.name_at(index)
    table = catalog.find(resolve(parts, session.catalog, session.schema))
    return Path(table.location) / "_delta_log" if table and table.location else None


def _versions(log: Path | None) -> set[str]:
    return {path.name for path in log.glob("*.json")} if log else set()


def _metrics(log: Path | None, before: set[str], kind: str, written: int | None) -> dict[str, Any]:
    """The metrics of the commit that the statement made; none if it changed nothing.

    Other statements may have committed meanwhile: the one of this kind that wrote as many rows as
    the engine answered is ours.
    """
    wanted = {"TRUNCATE": "DELETE", "INSERT": "WRITE"}.get(kind, kind)
    found: list[dict[str, Any]] = []
    for name in sorted(_versions(log) - before):
        info = _commit_info((log or Path()) / name)
        if info.get("operation") == wanted:
            found.append(info.get("operationMetrics") or {})
    ours = [metrics for metrics in found if _first(metrics, _WRITTEN) == written]
    return (ours or found or [{}])[0]


def _commit_info(path: Path) -> dict[str, Any]:
    for line in path.read_text().splitlines():
        action = json.loads(line)
        if "commitInfo" in action:
            return dict(action["commitInfo"])
    return {}
