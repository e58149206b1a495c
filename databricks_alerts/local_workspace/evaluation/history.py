"""Each evaluation as a row of alert_history, in every schema whose rules name the alert.

Rows wait in the durable store and go out together: one MERGE a schema every few seconds, keyed by
evaluation_id, so that nothing is lost or doubled when the process dies. A table that cannot be
written holds up no other. A rule learns its alert's id at the end of a deployment: an evaluation
that comes before it waits for it.
"""

from __future__ import annotations

import json
import logging
import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from databricks_alerts.evaluation import text_of
from databricks_alerts.local_workspace.evaluation.models import Evaluation
from databricks_alerts.local_workspace.evaluation.named_alerts import NamedAlerts
from databricks_alerts.local_workspace.store import Document, Store
from databricks_alerts.local_workspace.warehouse.errors import SqlError

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse import Warehouse

_log = logging.getLogger("databricks_alerts.local_workspace.evaluation")
_OUTBOX = "history"
_SECONDS = 2.0
_BATCH = 500
_MOST = 20_000  # rows that wait; then the oldest go
_PATIENCE = 600.0  # seconds that a row waits for a rule that names its alert
_USER = "admin@local.test"
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
    "notification_sent": "BOOLEAN",
    "notification_channels_used": "ARRAY<STRING>",
}


class History:
    """Takes evaluations at once and writes them by and by. A Listener.

    `receivers_of` tells who is notified of an evaluation.
    """

    def __init__(
        self, store: Store, warehouse: Warehouse, receivers_of: Callable[[str], list[str]]
    ) -> None:
        self._store, self._warehouse, self._receivers_of = store, warehouse, receivers_of
        self._alerts = NamedAlerts(warehouse, _USER)
        self._ending = threading.Event()
        self._problems: dict[str, str] = {}  # by schema, so that each is logged once
        self._thread = threading.Thread(target=self._loop, name="history", daemon=True)

    def start(self) -> None:
        """Begin to write."""
        self._thread.start()

    def close(self) -> None:
        """Write what waits, and end."""
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join()
        self._flush_safely()

    def evaluated(self, alert: Document, evaluation: Evaluation) -> None:
        """Keep one evaluation until it is written."""
        row = _row(evaluation, self._receivers_of(evaluation.id))
        self._store.put(_OUTBOX, evaluation.id, {**row, "kept_at": time.time(), "done": []})

    def flush(self) -> None:
        """Write what waits; what cannot be written waits on."""
        waiting = self._store.all(_OUTBOX)
        if not waiting:
            return
        self._forget(waiting[:-_MOST])
        waiting = waiting[-_MOST:]
        schemas = self._named()
        done: dict[str, list[str]] = {item["evaluation_id"]: item["done"] for item in waiting}
        for schema, alerts in schemas.items():
            for batch in _batches(waiting, schema, alerts or set()):
                if self._write(schema, batch):
                    for item in batch:
                        done[item["evaluation_id"]] = [*done[item["evaluation_id"]], schema]
        self._settle(waiting, done, schemas)

    def _settle(
        self,
        waiting: list[Document],
        done: dict[str, list[str]],
        schemas: dict[str, set[str] | None],
    ) -> None:
        """Forget what stands everywhere; note of the rest where it stands already."""
        long_ago = time.time() - _PATIENCE
        with self._store.transaction():
            for item in waiting:
                key, alert = item["evaluation_id"], item["databricks_alert_id"]
                wanted = {
                    name for name, known in schemas.items() if known is None or alert in known
                }
                missing = wanted - set(done[key])
                if not missing and (done[key] or item["kept_at"] < long_ago):
                    self._store.delete(_OUTBOX, key)
                elif done[key] != item["done"]:
                    self._store.put(_OUTBOX, key, {**item, "done": done[key]})

    def _forget(self, items: list[Document]) -> None:
        if items:
            _log.warning("%d evaluations never reached alert_history and are dropped", len(items))
        with self._store.transaction():
            for item in items:
                self._store.delete(_OUTBOX, item["evaluation_id"])

    def _loop(self) -> None:
        while not self._ending.wait(_SECONDS):
            self._flush_safely()

    def _flush_safely(self) -> None:
        try:
            self.flush()
        except Exception:  # noqa: BLE001 - a thread's rim: the next flush tries again
            _log.exception("alert_history was not written")

    def _named(self) -> dict[str, set[str] | None]:
        """By schema, the alerts that its rules name; None where it cannot be asked."""
        named: dict[str, set[str] | None] = {}
        for schema, found in self._alerts.by_schema().items():
            if isinstance(found, SqlError):
                self._complain(schema, found)
            named[schema] = None if isinstance(found, SqlError) else set(found)
        return named

    def _write(self, schema: str, batch: list[Document]) -> bool:
        """Whether the rows of a batch stand in a schema's table."""
        try:
            self._warehouse.execute(_merge(schema), {"rows": json.dumps(batch)}, user=_USER)
        except SqlError as error:
            self._complain(schema, error)
            return False
        self._problems.pop(schema, None)
        return True

    def _complain(self, schema: str, error: SqlError) -> None:
        """Log what is wrong with a schema's tables, once as long as it stays the same."""
        if self._problems.get(schema) != str(error):
            self._problems[schema] = str(error)
            _log.warning("%s.alert_history waits to be written: %s", schema, error)


def _batches(waiting: list[Document], schema: str, alerts: set[str]) -> list[list[Document]]:
    """The rows that a schema still lacks, a statement's worth each."""
    lacking = [
        item
        for item in waiting
        if item["databricks_alert_id"] in alerts and schema not in item["done"]
    ]
    return [lacking[start : start + _BATCH] for start in range(0, len(lacking), _BATCH)]


def _merge(schema: str) -> str:
    """The statement that writes the parameter `rows`, with what the rules say of them."""
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
    return (
        f"MERGE INTO {schema}.alert_history AS t USING (SELECT {chosen} FROM "
        f"(SELECT r.* FROM (SELECT explode(from_json(:rows, 'array<struct<{shape}>>')) AS r)) "
        f"AS e JOIN {schema}.alert_configurations AS c "
        "ON c.databricks_alert_id = e.databricks_alert_id) AS s "
        "ON t.evaluation_id = s.evaluation_id "
        f"WHEN NOT MATCHED THEN INSERT ({names}) VALUES ({values})"
    )


def _row(evaluation: Evaluation, receivers: list[str]) -> dict[str, Any]:
    value = evaluation.value
    number = float(value) if isinstance(value, int | float) else None
    return {
        "evaluation_id": evaluation.id,
        "databricks_alert_id": evaluation.alert_id,
        "evaluation_timestamp": evaluation.at.isoformat(),
        "evaluation_status": evaluation.state,
        "previous_status": evaluation.previous_state,
        "query_result_value_double": number,
        "query_result_value_string": None if value is None else text_of(value),
        "query_duration_ms": float(evaluation.duration_ms),
        "error_message": evaluation.error,
        "notification_sent": bool(receivers),
        "notification_channels_used": receivers,
    }
