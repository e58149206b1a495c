"""The one road to a SQL warehouse: databricks-sql-connector, a few connections, our errors."""

from __future__ import annotations

import queue
import re
import threading
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar
from urllib.parse import urlsplit

import tenacity

from databricks_alerts.errors import AuthenticationError, WarehouseError, WorkspaceError
from databricks_alerts.late_import import late
from databricks_alerts.sql import arrow_rows

if TYPE_CHECKING:
    from databricks.sdk.core import Config

Row = dict[str, Any]
T = TypeVar("T")
R = TypeVar("R")

# What Delta says when another writer came first; the statement took no effect and may be sent
# again (docs.databricks.com, "Isolation levels and write conflicts").
_CONFLICT = re.compile(r"DELTA_CONCURRENT|Concurrent\w+Exception|2D521|DELTA_METADATA_CHANGED")
_CONDITION = re.compile(r"\[([A-Z][A-Z0-9_]+(?:\.[A-Z0-9_]+)*)\]")
_SQLSTATE = re.compile(r"SQLSTATE:? ?([0-9A-Z]{5})")
_CONFLICT_ATTEMPTS = 8
_BATCH = 1000  # rows


@dataclass(frozen=True)
class Results:
    """What a statement answers: its columns' names (none: it answers nothing), and its rows.

    Rows are fetched from the warehouse as they are taken.
    """

    columns: tuple[str, ...]
    rows: Iterator[tuple[Any, ...]]


class SqlWarehouse:
    """A warehouse and up to `workers` connections to it, opened when first needed.

    All methods may be called from many threads. They raise WarehouseError for a statement that
    failed, AuthenticationError or WorkspaceError when the warehouse is not to be reached.
    """

    def __init__(self, connect: Callable[[], Any], where: str, workers: int = 10) -> None:
        self._connect = connect
        self._where = where
        self._workers = workers
        self._free: queue.LifoQueue[Any] = queue.LifoQueue()
        self._places = threading.Semaphore(workers)
        self._lock = threading.Lock()
        self.statements = 0

    def query(self, sql: str, params: Mapping[str, Any] | None = None, /) -> list[Row]:
        """The rows of one statement; `params` are bound to its `:name` markers."""
        with self._cursor() as cursor, translated(self._where):
            with self._lock:
                self.statements += 1
            cursor.execute(sql, dict(params) if params else None)
            if cursor.description is None:
                return []
            names = [column[0] for column in cursor.description]
            return arrow_rows.of_table(cursor.fetchall_arrow(), names)

    @contextmanager
    def results(self, sql: str, params: Mapping[str, Any] | None = None, /) -> Iterator[Results]:
        """Run a statement, and take its rows batch by batch while the block lasts."""
        with self._cursor() as cursor:
            with translated(self._where):
                cursor.execute(sql, dict(params) if params else None)
            columns = tuple(column[0] for column in cursor.description or ())
            yield Results(columns, self._fetched(cursor) if columns else iter(()))

    def _fetched(self, cursor: Any) -> Iterator[tuple[Any, ...]]:
        while True:
            with translated(self._where):
                # As Arrow: the connector's own rows turn NaN into None.
                batch = cursor.fetchmany_arrow(_BATCH)
            if not batch.num_rows:
                return
            yield from zip(*(column.to_pylist() for column in batch.columns), strict=True)

    def execute(self, sql: str, params: Mapping[str, Any] | None = None, /) -> None:
        """Run a statement for its effect."""
        self.query(sql, params)

    def change(self, sql: str, params: Mapping[str, Any] | None = None, /) -> None:
        """Run a MERGE or UPDATE, again while other writers come first (Delta's conflicts)."""
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(is_conflict),
            wait=tenacity.wait_random_exponential(multiplier=0.1, max=5),
            stop=tenacity.stop_after_attempt(_CONFLICT_ATTEMPTS),
            reraise=True,
        )
        retrying(self.query, sql, params)

    def map(self, function: Callable[[T], R], items: Sequence[T]) -> list[R]:
        """`function` of each item, as many at once as there are connections, in order."""
        workers = min(self._workers, len(items))
        if workers <= 1:  # no thread: a program that is exiting can start none
            return [function(item) for item in items]
        with ThreadPoolExecutor(workers) as pool:
            return list(pool.map(function, items))

    @contextmanager
    def opening(self, count: int) -> Iterator[None]:
        """Open up to `count` connections more while the block runs, for the `map` behind it."""
        missing = min(count, self._workers - 1)
        if missing <= 0:
            yield
            return
        with ThreadPoolExecutor(missing) as pool:
            opened = [pool.submit(self._open) for _ in range(missing)]
            yield
            for one in opened:
                one.result()

    def _open(self) -> None:
        with self._places, translated(self._where):
            self._free.put(self._connect())

    def close(self) -> None:
        """Close every connection, all at once: each takes a journey to the workspace."""
        connections = []
        while True:
            try:
                connections.append(self._free.get_nowait())
            except queue.Empty:
                break
        self.map(self._close, connections)

    def _close(self, connection: Any) -> None:
        with translated(self._where):
            connection.close()

    def __enter__(self) -> SqlWarehouse:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @contextmanager
    def _cursor(self) -> Iterator[Any]:
        with self._places:
            try:
                connection = self._free.get_nowait()
            except queue.Empty:
                with translated(self._where):
                    connection = self._connect()
            try:
                with connection.cursor() as cursor:
                    yield cursor
            finally:
                self._free.put(connection)


def open_warehouse(config: Config, warehouse_id: str, workers: int = 10) -> SqlWarehouse:
    """The warehouse of a workspace, by the credentials of `config`; opens nothing yet.

    A workspace that speaks plain http (on loopback) is reached by its whole URL, since the
    connector otherwise assumes https.
    """
    address = urlsplit(config.host or "")
    path = f"/sql/1.0/warehouses/{warehouse_id}"
    options: dict[str, Any] = {
        "server_hostname": address.hostname,
        "http_path": path,
        "enable_telemetry": False,
        "user_agent_entry": "databricks-alerts",
        # Seconds; a warehouse that starts answers 503 and is waited for, a wrong host is not.
        "_retry_stop_after_attempts_duration": 300,
        "_retry_delay_min": 0.5,
        # The connector waits max(Retry-After, this), 5 being the least it takes: its default of 60
        # makes minutes of a flood of 429 that asks for a second.
        "_retry_delay_max": 5.0,
        "_retry_stop_after_attempts_count": 60,
        "_socket_timeout": 300,
    }
    if address.scheme == "http":
        options["_connection_uri"] = f"{config.host}{path}"

    def connect() -> Any:
        if not _proxied(address.scheme, address.hostname or ""):
            _require_answer(address.hostname or "", address.port, address.scheme)
        late("pandas")  # of which nothing is used: see arrow_rows
        from databricks import sql

        return sql.connect(credentials_provider=lambda: config.authenticate, **options)

    return SqlWarehouse(connect, f"SQL warehouse {warehouse_id} on {config.host}", workers)


def is_conflict(error: BaseException) -> bool:
    """Whether a statement failed only because another writer came first."""
    return isinstance(error, WarehouseError) and bool(_CONFLICT.search(str(error)))


@contextmanager
def translated(where: str) -> Iterator[None]:
    """Turn the connector's errors into ours; the one place where that happens."""
    from databricks.sql import exc

    try:
        yield
    except exc.RequestError as error:
        raise _unreachable(error, where) from error
    except exc.Error as error:
        text = str(error)
        if _SQLSTATE.search(text) or _CONDITION.search(text):
            raise statement_error(text) from error
        raise _unreachable(error, where) from error
    except OSError as error:
        raise WorkspaceError(f"{where} does not answer: {error}") from error


def statement_error(text: str) -> WarehouseError:
    """A statement's failure with the condition and SQLSTATE that its text names."""
    condition, sqlstate = _CONDITION.search(text), _SQLSTATE.search(text)
    return WarehouseError(
        text.strip(),
        condition=condition[1] if condition else "",
        sqlstate=sqlstate[1] if sqlstate else "",
    )


def _unreachable(error: Exception, where: str) -> WorkspaceError:
    text = str(error)
    context = getattr(error, "context", None) or {}
    status = str(context.get("http-code", ""))
    if status in ("401", "403") or re.search(r"\b(401|403)\b|[Uu]nauthorized|Forbidden", text):
        return AuthenticationError(
            f"{where} refuses the credentials (HTTP {status or '401'}): {text}. Check the stack's "
            "databricks:profile, or DATABRICKS_HOST and DATABRICKS_TOKEN"
        )
    if status == "404":
        return WorkspaceError(
            f"{where} does not exist (HTTP 404): check databricks-alerts:warehouseId"
        )
    return WorkspaceError(f"{where} does not answer: {text}")


def _proxied(scheme: str, host: str) -> bool:
    """Whether requests go by a proxy (HTTPS_PROXY, NO_PROXY): then only it reaches the host."""
    from urllib.request import getproxies, proxy_bypass

    return scheme in getproxies() and not proxy_bypass(host)


def _require_answer(host: str, port: int | None, scheme: str) -> None:
    """Fail at once, not after the connector's minutes of retries, where nothing listens."""
    import socket

    number = port or (443 if scheme == "https" else 80)
    try:
        socket.create_connection((host, number), timeout=30).close()
    except OSError as error:
        raise WorkspaceError(
            f"no workspace answers at {scheme}://{host}:{number} ({error}). Check the stack's "
            "databricks:host or profile; the local workspace is started by "
            "`alerts workspace start`"
        ) from error
