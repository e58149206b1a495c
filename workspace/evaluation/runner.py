"""Runs one alert: query, condition, state, record, and tells who listens."""

from __future__ import annotations

import datetime as dt
import logging
import threading
import time
import uuid
from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from typing import TYPE_CHECKING, Any

from workspace.alerts.models import Alerts
from workspace.evaluation.conditions import ConditionError, Verdict, judge
from workspace.evaluation.models import ROWS_KEPT, Evaluation, Evaluations, Listener, Trigger
from workspace.store import Document, Store
from workspace.warehouse.errors import SqlError

if TYPE_CHECKING:
    from workspace.warehouse import Warehouse

_log = logging.getLogger("workspace.evaluation")


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
        columns, rows, verdict, error = self._ask(alert)
        return Evaluation(
            id=str(uuid.uuid4()),
            alert_id=alert["id"],
            display_name=alert["display_name"],
            at=at,
            state=verdict.state,
            previous_state=condition.get("state", "UNKNOWN"),
            value=verdict.value,
            threshold=verdict.threshold,
            operator=condition["comparison_operator"],
            column=condition["source"]["name"],
            rows=tuple(rows[:ROWS_KEPT]),
            columns=tuple(columns),
            row_count=len(rows),
            error=error,
            duration_ms=int((time.perf_counter() - started) * 1000),
            trigger=trigger,
        )

    def _ask(self, alert: Document) -> tuple[list[str], list[dict[str, Any]], Verdict, str | None]:
        """Columns, rows, what they say, and why that is an error."""
        columns: list[str] = []
        rows: list[dict[str, Any]] = []
        try:
            table = self._warehouse.execute(
                alert["query_text"], parameters_of(alert), user=_user_of(alert)
            ).table
            columns, rows = table.column_names, table.to_pylist()
            return columns, rows, judge(alert["evaluation"], columns, rows), None
        except (SqlError, ConditionError) as failure:
            error = str(failure)
        except Exception as failure:  # noqa: BLE001 - a thread's rim: one must not end the others
            _log.exception("evaluating alert %s failed", alert["id"])
            error = f"the local workspace failed: {failure}"
        return columns, rows, Verdict("ERROR"), error


def parameters_of(alert: Document) -> dict[str, Any]:
    """The values of an alert's `:name` parameters in their types."""
    return {
        item["name"]: _typed(item.get("type", "STRING"), item.get("value"))
        for item in alert.get("parameters", [])
    }


def _typed(kind: str, value: Any) -> Any:
    """A value that cannot be what its type says stays text: the warehouse then says so."""
    text = str(value)
    try:
        match kind.upper():
            case "NUMBER" | "NUMERIC" | "DECIMAL" | "DOUBLE" | "FLOAT":
                return Decimal(text)
            case "INT" | "INTEGER" | "BIGINT" | "LONG":
                return int(text)
            case "BOOLEAN":
                return text.lower() == "true"
            case "DATE":
                return dt.date.fromisoformat(text)
            case "TIMESTAMP" | "DATETIME":
                return dt.datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return text
    return None if value is None else text


def _user_of(alert: Document) -> str:
    """Who the alert runs as."""
    return str(next(iter(alert["effective_run_as"].values()), alert["owner_user_name"]))
