"""Statements of the Statement Execution API: run in the background, kept until closed."""

from __future__ import annotations

import threading
import uuid
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa

from databricks_alerts.local_workspace.warehouse import columns
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.result import Result
from databricks_alerts.local_workspace.warehouse.warehouse import Session, Warehouse

_MOST = 1_000  # statements and sessions kept; the oldest give way
_WORKERS = 16


@dataclass
class Statement:
    """One statement: how its rows are wanted, and the Future that gives them."""

    id: str
    user: str
    arrow: bool
    links: bool
    row_limit: int
    future: Future[Result]
    canceled: bool = False
    wire: pa.Table | None = None
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def state(self) -> str:
        """PENDING, RUNNING, SUCCEEDED, FAILED or CANCELED."""
        if self.canceled:
            return "CANCELED"
        if not self.future.done():
            return "RUNNING" if self.future.running() else "PENDING"
        return "FAILED" if self.future.exception() else "SUCCEEDED"

    @property
    def error(self) -> SqlError | None:
        """Why it failed. What is no SqlError is raised: it is our mistake."""
        if not self.future.done() or self.future.cancelled():
            return None
        found = self.future.exception()
        if found is not None and not isinstance(found, SqlError):
            raise found
        return found

    @property
    def truncated(self) -> bool:
        """Whether row_limit cut the result."""
        return bool(0 < self.row_limit < self.future.result().table.num_rows)

    def table(self) -> pa.Table:
        """The rows as they travel, at most row_limit of them."""
        with self.lock:
            if self.wire is None:
                whole = self.future.result().table
                cut = whole.slice(0, self.row_limit) if self.row_limit > 0 else whole
                self.wire = columns.wire_table(cut, None)
            return self.wire


class Statements:
    """Every client's statements and sessions of this API; safe for many threads."""

    def __init__(self) -> None:
        self._pool = ThreadPoolExecutor(_WORKERS, thread_name_prefix="statement")
        self._lock = threading.Lock()
        self._statements: OrderedDict[str, Statement] = OrderedDict()
        self._sessions: OrderedDict[str, Session] = OrderedDict()

    def open(self, session: Session) -> str:
        """Keep a session; answers its id."""
        return self._keep(self._sessions, str(uuid.uuid4()), session)

    def session(self, key: str, user: str) -> Session | None:
        """The user's own session of that id."""
        with self._lock:
            found = self._sessions.get(key)
        return found if found and found.user == user else None

    def close_session(self, key: str) -> None:
        """Forget a session."""
        with self._lock:
            self._sessions.pop(key, None)

    def submit(
        self, warehouse: Warehouse, session: Session, sql: str, arguments: Any, wanted: Wanted
    ) -> Statement:
        """Begin a statement."""
        future = self._pool.submit(warehouse.execute, sql, arguments, session=session)
        key = str(uuid.uuid4())
        statement = Statement(
            key, session.user, wanted.arrow, wanted.links, wanted.row_limit, future
        )
        self._keep(self._statements, key, statement)
        return statement

    def find(self, key: str, user: str) -> Statement | None:
        """The user's own statement of that id."""
        with self._lock:
            found = self._statements.get(key)
        return found if found and found.user == user else None

    def close(self, key: str) -> None:
        """Forget a statement and its rows."""
        with self._lock:
            self._statements.pop(key, None)

    def _keep(self, kept: OrderedDict[str, Any], key: str, item: Any) -> str:
        with self._lock:
            while len(kept) >= _MOST:
                kept.popitem(last=False)
            kept[key] = item
        return key


@dataclass(frozen=True)
class Wanted:
    """How a client wants its rows: as Arrow or JSON, behind a link or inline, how many at most."""

    arrow: bool = False
    links: bool = False
    row_limit: int = 0


def cancel(statement: Statement) -> None:
    """Cancel what did not finish. What runs in the engine ends there; its rows are not shown."""
    if not statement.future.done():
        statement.canceled = True
        statement.future.cancel()
