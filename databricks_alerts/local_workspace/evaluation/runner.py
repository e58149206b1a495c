"""Runs one alert: query, condition, state, record, and tells who listens."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from databricks_alerts.evaluation import (
    Outcome,
    evaluation_statement,
    from_api,
    parameter_values,
    plain,
    read_outcome,
    result_columns,
)
from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.evaluation.models import (
    ROWS_TOLD,
    Evaluation,
    Evaluations,
    Listener,
    Trigger,
)
from databricks_alerts.local_workspace.store import Document, Store
from databricks_alerts.local_workspace.warehouse.errors import SqlError

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse import Warehouse

_log = logging.getLogger("databricks_alerts.local_workspace.evaluation")


class Runner:
    """Evaluates alerts on the warehouse; safe for many threads."""

    def __init__(
        self,
        store: Store,
        alerts: Alerts,
        warehouse: Warehouse,
        evaluations: Evaluations,
        listeners: Sequence[Listener] = (),
    ) -> None:
        self._store, self._alerts, self._warehouse = store, alerts, warehouse
        self.evaluations = evaluations
        self._listeners = listeners
        self._turns: dict[str, threading.Lock] = {}

    def run(self, alert: Document, at: dt.datetime, trigger: Trigger) -> Evaluation:
        """Evaluate an alert as of `at` and record what was found; an alert once at a time."""
        with self._turns.setdefault(alert["id"], threading.Lock()):
            current = self._alerts.find(alert["id"]) or alert
            evaluation = self._evaluate(current, at, trigger)
            self._record(current, evaluation)
        return evaluation

    def _record(self, alert: Document, evaluation: Evaluation) -> None:
        """State, evaluation, and what follows from it: all of it or, after a crash, nothing."""
        moment = evaluation.at.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        with self._store.transaction():
            if self._alerts.find(alert["id"]) is None:
                return  # it was trashed while its query ran
            self._alerts.record_evaluation(alert["id"], evaluation.state, moment)
            self.evaluations.add(evaluation)
            for listener in self._listeners:
                listener.evaluated(alert, evaluation)

    def _evaluate(self, alert: Document, at: dt.datetime, trigger: Trigger) -> Evaluation:
        condition = alert["evaluation"]
        started = time.perf_counter()
        found = self._ask(alert)
        return Evaluation(
            id=str(uuid.uuid4()),
            alert_id=alert["id"],
            display_name=alert["display_name"],
            at=at,
            state=found.outcome.state,
            previous_state=condition.get("state", "UNKNOWN"),
            value=plain(found.outcome.value),
            threshold=plain(found.outcome.threshold),
            operator=condition["comparison_operator"],
            column=condition["source"]["name"],
            rows=found.rows,
            columns=found.columns,
            row_count=found.row_count,
            error=found.error,
            duration_ms=int((time.perf_counter() - started) * 1000),
            trigger=trigger,
        )

    def _ask(self, alert: Document) -> _Found:
        """What the warehouse says to an alert's condition, or why that is an error."""
        try:
            condition = from_api(alert["evaluation"])
            statement = evaluation_statement(alert["query_text"], condition)
            user = _user_of(alert)
            table = self._warehouse.execute(
                statement,
                parameter_values(alert.get("parameters", [])),
                user=user,
                alert_id=alert["id"],
            ).table
            rows = table.slice(0, ROWS_TOLD).to_pylist()
            outcome = read_outcome(condition, rows[0] if rows else None)
            columns = result_columns(condition, table.column_names)
            if condition.is_aggregated:
                rows = [dict(zip(columns, (outcome.value, outcome.threshold), strict=False))]
            shown = tuple({name: row[name] for name in columns} for row in rows)
            return _Found(outcome, tuple(columns), shown, table.num_rows)
        except SqlError as failure:
            return _Found(Outcome("ERROR"), error=str(failure))
        except Exception as failure:  # noqa: BLE001 - a thread's rim: one must not end the others
            _log.exception("evaluating alert %s failed", alert["id"])
            return _Found(Outcome("ERROR"), error=f"the local workspace failed: {failure}")


@dataclass(frozen=True)
class _Found:
    """An outcome and the first rows behind it; `error` says why the state is ERROR."""

    outcome: Outcome
    columns: tuple[str, ...] = ()
    rows: tuple[dict[str, Any], ...] = ()
    row_count: int = 0
    error: str | None = None


def _user_of(alert: Document) -> str:
    """Who the alert runs as."""
    return str(next(iter(alert["effective_run_as"].values()), alert["owner_user_name"]))
