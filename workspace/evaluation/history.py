"""Each evaluation as a row of alert_history, in every schema whose rules name the alert.

Rows wait in the durable store and go out together: one MERGE a schema every few seconds, keyed by
evaluation_id, so that nothing is lost or doubled when the process dies.
"""

from __future__ import annotations

import json
import logging
import threading
from typing import TYPE_CHECKING, Any

from workspace.evaluation.models import Evaluation
from workspace.store import Document, Store
from workspace.warehouse.errors import SqlError

if TYPE_CHECKING:
    from workspace.warehouse import Warehouse

_log = logging.getLogger("workspace.evaluation")
_OUTBOX = "history"
_SECONDS = 2.0
_BATCH = 500
_MOST = 20_000
_OF_RULE = (
    "alert_id",
    "alert_name",
    "agent_domain",
    "severity",
    "threshold_operator",
    "threshold_value_type",
    "threshold_value_double",
    "threshold_value_string",
    "threshold_value_bool",
)
_OF_EVALUATION = {
    "evaluation_id": "STRING",
    "databricks_alert_id": "STRING",
    "evaluation_timestamp": "STRING",
    "evaluation_status": "STRING",
    "previous_status": "STRING",
    "query_result_value_double": "DOUBLE",
    "query_result_value_string": "STRING",
    "query_duration_ms": "DOUBLE",
    "error_message": "STRING",
}


class History:
    """Takes evaluations at once and writes them by and by. A Listener."""

    def __init__(self, store: Store, warehouse: Warehouse) -> None:
        self._store, self._warehouse = store, warehouse
        self._ending = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="history", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self.flush()

    def evaluated(self, alert: Document, evaluation: Evaluation) -> None:
        """Keep one evaluation until it is written."""
        self._store.put(_OUTBOX, evaluation.id, _row(evaluation))

    def flush(self) -> None:
        """Write what waits; what cannot be written waits on."""
        waiting = self._store.all(_OUTBOX)
        for item in waiting[: max(0, len(waiting) - _MOST)]:
            self._store.delete(_OUTBOX, item["evaluation_id"])
        batch = waiting[-_MOST:][:_BATCH]
        if not batch:
            return
        try:
            for schema in self._schemas():
                self._write(schema, batch)
        except SqlError as error:
            _log.warning("alert_history was not written, and is tried again: %s", error)
            return
        for item in batch:
            self._store.delete(_OUTBOX, item["evaluation_id"])

    def _loop(self) -> None:
        while not self._ending.wait(_SECONDS):
            self.flush()

    def _schemas(self) -> list[str]:
        """Quoted schemas that hold both tables."""
        names: dict[str, set[str]] = {}
        for table in self._warehouse.catalog.tables():
            schema = f"`{table.name.catalog}`.`{table.name.schema}`"
            names.setdefault(schema, set()).add(table.name.table)
        wanted = {"alert_history", "alert_configurations"}
        return [schema for schema, tables in names.items() if wanted <= tables]

    def _write(self, schema: str, batch: list[Document]) -> None:
        shape = ", ".join(f"{name}: {kind}" for name, kind in _OF_EVALUATION.items())
        columns = {f"c.{name}": name for name in _OF_RULE} | {
            f"e.{name}": name
            for name in _OF_EVALUATION
            if name not in ("databricks_alert_id", "evaluation_timestamp")
        }
        columns["CAST(e.evaluation_timestamp AS TIMESTAMP)"] = "evaluation_timestamp"
        columns["CAST(CAST(e.evaluation_timestamp AS TIMESTAMP) AS DATE)"] = "evaluation_date"
        columns["current_timestamp()"] = "record_created_timestamp"
        chosen = ", ".join(f"{source} AS {name}" for source, name in columns.items())
        names = ", ".join(columns.values())
        values = ", ".join(f"s.{name}" for name in columns.values())
        self._warehouse.execute(
            f"MERGE INTO {schema}.alert_history AS t USING (SELECT {chosen} FROM "
            f"(SELECT r.* FROM (SELECT explode(from_json(:rows, 'array<struct<{shape}>>')) AS r)) "
            f"AS e JOIN {schema}.alert_configurations AS c "
            "ON c.databricks_alert_id = e.databricks_alert_id) AS s "
            "ON t.evaluation_id = s.evaluation_id "
            f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})",
            {"rows": json.dumps(batch)},
            user="admin@local.test",
        )


def _row(evaluation: Evaluation) -> dict[str, Any]:
    value = evaluation.value
    number = float(value) if isinstance(value, int | float) else None
    return {
        "evaluation_id": evaluation.id,
        "databricks_alert_id": evaluation.alert_id,
        "evaluation_timestamp": evaluation.at.isoformat(),
        "evaluation_status": evaluation.state,
        "previous_status": evaluation.previous_state,
        "query_result_value_double": number,
        "query_result_value_string": None if value is None else str(value),
        "query_duration_ms": float(evaluation.duration_ms),
        "error_message": evaluation.error,
    }
