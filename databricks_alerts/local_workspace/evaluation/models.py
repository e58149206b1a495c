"""One evaluation of an alert, and the last ones of each, durable."""

from __future__ import annotations

import datetime as dt
from collections import deque
from dataclasses import asdict, dataclass, replace
from typing import Any, Literal, Protocol

from databricks_alerts.evaluation import State, plain
from databricks_alerts.evaluation.values import Plain
from databricks_alerts.local_workspace.store import Document, Store

Trigger = Literal["SCHEDULE", "MANUAL"]
KIND = "evaluation"
_KEPT = 200  # of each alert
ROWS_KEPT = 10  # of each evaluation, in the list of them
ROWS_TOLD = 100  # in a notification, as Databricks has it
_CELL = 4000  # characters of a value that are kept


@dataclass(frozen=True)
class Evaluation:
    """What was found at `at` (UTC): the state, the value it hangs on, the query's first rows.

    `previous_state` is that before; `duration_ms` the query's; `error` why the state is ERROR.
    """

    id: str
    alert_id: str
    display_name: str
    at: dt.datetime
    state: State
    previous_state: str
    value: Plain = None
    threshold: Plain = None
    operator: str = ""
    column: str = ""
    rows: tuple[dict[str, Any], ...] = ()
    columns: tuple[str, ...] = ()
    row_count: int = 0
    error: str | None = None
    duration_ms: int = 0
    trigger: Trigger = "SCHEDULE"

    def document(self) -> Document:
        """As JSON has it."""
        found = asdict(self)
        return found | {
            "at": self.at.isoformat(),
            "rows": [_plain(row) for row in self.rows],
            "columns": list(self.columns),
        }


class Listener(Protocol):
    """Who wants to know of evaluations; must not block."""

    def evaluated(self, alert: Document, evaluation: Evaluation) -> None:
        """An evaluation was recorded."""


class Evaluations:
    """The last evaluations of each alert, newest first; kept across restarts."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._by_alert: dict[str, deque[Document]] = {}
        store.delete_where(KIND, lambda item: store.get("alert", item["alert_id"]) is None)
        for document in sorted(store.all(KIND), key=lambda item: str(item["at"])):
            self._by_alert.setdefault(document["alert_id"], deque()).append(document)

    def add(self, evaluation: Evaluation) -> None:
        """Remember one; the oldest of its alert goes when there are too many."""
        document = replace(evaluation, rows=evaluation.rows[:ROWS_KEPT]).document()
        with self._store.transaction():
            known = self._by_alert.setdefault(evaluation.alert_id, deque())
            self._store.put(KIND, evaluation.id, document)
            known.append(document)
            while len(known) > _KEPT:
                self._store.delete(KIND, known.popleft()["id"])

    def latest(self, alert_id: str, limit: int = _KEPT) -> list[Document]:
        """The newest evaluations of one alert."""
        with self._store.transaction():
            return list(self._by_alert.get(alert_id, ()))[::-1][:limit]

    def recent(self, limit: int = 100) -> list[Document]:
        """The newest evaluations of all alerts."""
        with self._store.transaction():
            every = [item for known in self._by_alert.values() for item in known]
        return sorted(every, key=lambda item: str(item["at"]), reverse=True)[:limit]


def _plain(row: dict[str, Any]) -> dict[str, Any]:
    """A row's values as JSON has them: what it lacks, as text; long texts cut."""
    return {name: _simple(value) for name, value in row.items()}


def _simple(value: Any) -> Any:
    found = plain(value)
    return f"{found[:_CELL]}…" if isinstance(found, str) and len(found) > _CELL else found
