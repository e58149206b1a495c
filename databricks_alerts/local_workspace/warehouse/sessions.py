"""The engine behind the warehouse: Sail in this process, or any Spark Connect server.

Both are reached by Spark Connect. Sail's catalog lives in memory, one a Spark session, so each
session registers what a statement names before it is run. There is one Spark session for each pair
of current catalog and schema, shared by all users that stand there; one for all on another server.
"""

from __future__ import annotations

import copy
import json
import logging
import os
import re
import threading
import time
import uuid
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from functools import partial
from typing import Any

import pyarrow as pa

from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.conditions import Statement
from databricks_alerts.local_workspace.warehouse.dialect.translator import Translator
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.fetching import fetch
from databricks_alerts.local_workspace.warehouse.flat_names import FlatNames, Names
from databricks_alerts.local_workspace.warehouse.names import LENT, TableName, quote, resolve
from databricks_alerts.local_workspace.warehouse.own_names import OwnNames, engine_catalog
from databricks_alerts.local_workspace.warehouse.registrations import Registrations
from databricks_alerts.local_workspace.warehouse.sail_errors import translate
from databricks_alerts.local_workspace.warehouse.sent import Sent
from databricks_alerts.local_workspace.warehouse.text import words_of

# The rest of one entry of SAIL_CATALOG__LIST (TOML in an environment variable).
_SAIL_CATALOG = 'type="memory",initial_database=["default"],initial_database_comment=""}'


# Sail ends a session that rested for minutes; ours is the warehouse's own and lives as long.
_FOREVER = 10 * 365 * 24 * 3600
_UNTOLD = re.compile(r"\n+JVM stacktrace:.*|(?<=line )(\d+ pos \d+);\n['+:].*", re.DOTALL)
_REST = 60.0  # seconds after which a session is looked at before it is used again
_CONNECTION = "08"  # the class of SQLSTATEs for a server or a session that is gone
_RETRIES = 4  # in four seconds: pyspark waits ten minutes for a server that is gone


_log = logging.getLogger("databricks_alerts.local_workspace.warehouse")


class Spark:
    """A Spark Connect server: its own Sail, or the one at `url` (sc://host:port)."""

    def __init__(self, catalog: Catalog, url: str | None = None) -> None:
        # Every failed statement would stand in the log with its stack: the client gets the error.
        for name in ("pyspark.sql.connect.logging", "SQLQueryContextLogger"):
            logging.getLogger(name).setLevel(logging.CRITICAL)
        self._catalog = catalog
        self._remote = url
        self._server: Any = None
        self._url = url or ""
        self._lock = threading.RLock()
        self._sessions: dict[tuple[str, str], SparkSession] = {}

    @property
    def is_sail(self) -> bool:
        """Whether the engine is the embedded one."""
        return self._remote is None

    def start(self) -> None:
        """Start Sail with every catalog that we know; a remote server is taken as it is.

        A catalog that Sail refuses would fail every statement: it is set aside, and said so.
        """
        if self._remote is not None:
            return
        names = self._catalog.catalogs()
        if not self._starts_with(names):
            refused = [name for name in names if not self._starts_with([name])]
            for name in refused:
                _log.error(
                    "catalog %r is set aside, since the SQL engine refuses its name; its tables "
                    "are still on disk. Drop it: DROP CATALOG %s CASCADE",
                    name,
                    quote(name),
                )
            if not self._starts_with([name for name in names if name not in refused]):
                raise RuntimeError("the SQL engine does not answer; see the log")

    def _starts_with(self, catalogs: list[str]) -> bool:
        """Start Sail with these catalogs; whether it then answers. One that does not is stopped."""
        from pysail.spark import SparkConnectServer

        _configure_sail(catalogs)
        self._server = SparkConnectServer("127.0.0.1", 0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        self._url = f"sc://127.0.0.1:{port}"
        try:
            self.session(catalogs[0], "default").run("SELECT 1")
        except SqlError as error:
            _log.warning("Sail with the catalogs %s: %s", ", ".join(catalogs), error)
            self.stop()
            return False
        return True

    def stop(self) -> None:
        """Close every session and stop Sail."""
        with self._lock:
            if self._server is not None:
                for session in self._sessions.values():
                    session.close()
            elif self._sessions:
                next(iter(self._sessions.values())).close()
            self._sessions.clear()
            if self._server is not None:
                self._server.stop()
                self._server = None

    def restart(self, catalogs: list[str]) -> bool:
        """Start anew: Sail takes the names of its catalogs only at its start.

        False, with Sail as it was before, where it refuses one of these.
        """
        with self._lock:
            self.stop()
            if self._starts_with(catalogs):
                return True
            self.start()
            return False

    def session(self, catalog: str, schema: str) -> SparkSession:
        """The session that stands in this catalog and schema, up to date with our catalog."""
        with self._lock:
            key = (catalog, schema)
            if key in self._sessions and not self._sessions[key].alive():
                self._forget(key)  # its server ended it, or was itself started anew
            if key not in self._sessions:
                self._sessions[key] = self._opened(catalog, schema)
            return self._sessions[key]

    def _forget(self, key: tuple[str, str]) -> None:
        if self._server is None:
            self._sessions.clear()
        self._sessions.pop(key, None)

    def _opened(self, catalog: str, schema: str) -> SparkSession:
        if self._server is not None:
            session = SparkSession(
                self._url, self._catalog, OwnNames(self._catalog), catalog, schema
            )
            session.use()
            return session
        # Another server may have one catalog for all its sessions, and two levels of names: one
        # session serves all, and every name is sent in full.
        for other in self._sessions.values():
            return other.standing_in(catalog, schema)
        names = FlatNames(str(self._catalog.directory))
        return SparkSession(self._url, self._catalog, names, catalog, schema)


class SparkSession:
    """One Spark Connect session; `run` and `analyze` may be called by many threads at once."""

    def __init__(self, url: str, catalog: Catalog, names: Names, current: str, schema: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The class itself: pyspark.sql would leave a mark in os.environ that breaks children.
            from pyspark.sql.connect.client.retries import DefaultPolicy
            from pyspark.sql.connect.session import SparkSession as Connect

            self._spark = Connect.builder.remote(url).create()
        self._spark.client.set_retry_policies([DefaultPolicy(max_retries=_RETRIES)])
        self._catalog = catalog
        self._names = names
        self._translator = Translator(catalog, self._table_columns, is_sail=not names.outlive)
        self._registered = Registrations(
            catalog, names, self._internal, self._translator.translated
        )
        self.catalog = current
        self.schema = schema
        self._used = time.monotonic()
        self._lost = threading.Event()
        self._asked = threading.local()
        self._lent: dict[str, list[tuple[str, str]]] = {}
        self._guarded(Sent("", ""), self._configure)

    def standing_in(self, catalog: str, schema: str) -> SparkSession:
        """The same session of the server, for statements of another catalog and schema."""
        other = copy.copy(self)
        other.catalog, other.schema = catalog, schema
        return other

    @contextmanager
    def for_statement(self) -> Iterator[SparkSession]:
        """The same session for one statement: what it lends is taken back when that has run."""
        other = copy.copy(self)
        other._lent = {}
        try:
            yield other
        finally:
            other._take_back()

    def lend(self, table: pa.Table) -> str:
        """The name by which the statement that runs finds these rows. Raises SqlError."""
        from pyspark.sql.connect.dataframe import DataFrame
        from pyspark.sql.connect.plan import LocalRelation
        from pyspark.sql.pandas.types import from_arrow_schema

        name, schema = f"{LENT}{uuid.uuid4().hex}", from_arrow_schema(table.schema)
        # Not createDataFrame, which reads settings of the server that differ by its version.
        rows = DataFrame(LocalRelation(table, schema.json()), self._spark)
        self._guarded(Sent("", ""), lambda: rows.createOrReplaceTempView(name))
        self._lent[name] = [(field.name, field.dataType.simpleString()) for field in schema.fields]
        return name

    def _take_back(self) -> None:
        # A server that is gone has forgotten it already; what the statement answered counts.
        for name in self._lent:
            with suppress(SqlError):
                self._guarded(Sent("", ""), partial(self._spark.catalog.dropTempView, name))

    def use(self) -> None:
        """Make catalog and schema the current ones at the server."""
        self._registered.catch_up(frozenset(), self.catalog, self.schema)
        self._internal(f"USE CATALOG {self._names.catalog(self.catalog)}")
        self._internal(f"USE SCHEMA {quote(self.schema)}")

    def _configure(self) -> None:
        self._spark.conf.set("spark.sql.session.timeZone", "UTC")
        # Apache Spark puts values in place of ${name} everywhere, in literals too; rules hold such.
        self._spark.conf.set("spark.sql.variable.substitute", "false")

    def close(self) -> None:
        """End the session on the server."""
        self._spark.stop()

    def alive(self) -> bool:
        """Whether the server still has it; asked only after a rest."""
        from pyspark.errors import PySparkException

        if self._lost.is_set():
            return False
        now = time.monotonic()
        rested, self._used = now - self._used, now
        if rested < _REST:
            return True
        try:
            self._spark.sql("SELECT 1").toArrow()
        except (PySparkException, OSError):
            return False
        return True

    def run(self, sql: str) -> pa.Table:
        """The rows of one statement. Raises SqlError."""
        sent = self._sent(sql)
        return self._guarded(sent, lambda: fetch(self._spark.sql(sent.sql)))

    def plan(self, sql: str) -> str:
        """What the engine answers to an EXPLAIN: one text, where Spark has a row a line.

        Raises SqlError.
        """
        sent = self._sent(sql)
        answer = self._guarded(sent, lambda: self._spark.sql(sent.sql).toArrow())
        return sent.restored("\n".join(map(str, answer.column(0).to_pylist())))

    def analyze(self, sql: str) -> Any:
        """The output schema (pyspark StructType) of one query, which is not run.

        Raises SqlError, also for what is no query: sent as a plain statement, it would be run.
        """
        from pyspark.sql.connect.dataframe import DataFrame
        from pyspark.sql.connect.plan import SQL

        sent = self._sent(sql)
        return self._guarded(sent, lambda: DataFrame(SQL(sent.sql), self._spark).schema)

    def translated(self, message: str, sql: str) -> SqlError:
        """An engine's message about a statement of this session, in Databricks' form."""
        error = translate(message, Statement(sql, self._columns, self.catalog, self.schema))
        return self._translator.settled(error, sql, self.catalog, self.schema, self._lent)

    def _sent(self, sql: str) -> Sent:
        """The statement in the engine's names, once the engine knows what it names."""
        words = words_of(sql)
        self._registered.catch_up(words, self.catalog, self.schema)
        told = self._translator.translated(sql, self.catalog, self.schema, self._lent)
        if told == sql:
            return self._names.sent(sql, self.catalog, self.schema, words)
        sent = self._names.sent(told, self.catalog, self.schema, words_of(told))
        return replace(sent, asked=sql)

    def _internal(self, sql: str) -> None:
        self._guarded(Sent(sql, sql), lambda: self._spark.sql(sql).toArrow())

    def _guarded(self, sent: Sent, action: Any) -> Any:
        from pyspark.errors import PySparkException

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return action()
        except PySparkException as error:
            told = self.translated(sent.restored(_message(error)), sent.told)
            if told.sqlstate.startswith(_CONNECTION):
                self._lost.set()  # for all that stand in it: the next statement has a new one
            raise told from error

    def _table_columns(self, name: TableName) -> list[tuple[str, str]]:
        """A registered table's columns and their types. Raises SqlError."""
        from pyspark.sql.connect.dataframe import DataFrame
        from pyspark.sql.connect.plan import SQL

        query = f"SELECT * FROM {name.quoted}"
        sent = self._names.sent(query, name.catalog, name.schema, words_of(query))
        fields = self._guarded(sent, lambda: DataFrame(SQL(sent.sql), self._spark).schema).fields
        return [(field.name, field.dataType.simpleString()) for field in fields]

    def _columns(self, parts: Sequence[str]) -> dict[str, str]:
        """A table's columns and types; none for what is not in the catalog."""
        name = resolve(list(parts), self.catalog, self.schema)
        if self._catalog.find(name) is None or getattr(self._asked, "columns", False):
            return {}
        # What is asked to tell of an error is not told of itself: that would have no end.
        self._asked.columns = True
        try:
            fields = self.analyze(f"SELECT * FROM {name.quoted}").fields
        except SqlError:
            return {}
        finally:
            self._asked.columns = False
        return {field.name: field.dataType.simpleString() for field in fields}


def _message(error: Any) -> str:
    """The engine's own words, with condition and SQLSTATE where the engine gives them.

    Without a server's stack and the tree of the plan, which Databricks does not tell either.
    """
    text = _UNTOLD.sub(r"\1", str(error.getMessage() or error))
    condition, sqlstate = error.getCondition(), error.getSqlState()
    if condition and sqlstate and "SQLSTATE" not in text:
        told = text.rpartition(f"[{condition}] ")[2].strip()
        return f"[{condition}] {told} SQLSTATE: {sqlstate}"
    return text


def _configure_sail(catalogs: list[str]) -> None:
    """Sail reads its settings from the environment when it starts."""
    names = [engine_catalog(name) for name in catalogs]
    entries = ",".join(f"{{name={json.dumps(name)}," + _SAIL_CATALOG for name in names)
    os.environ["SAIL_SPARK__SESSION_TIMEOUT_SECS"] = str(_FOREVER)
    os.environ["SAIL_CATALOG__LIST"] = f"[{entries}]"
    os.environ["SAIL_CATALOG__DEFAULT_CATALOG"] = catalogs[0]
    os.environ["SAIL_CATALOG__DEFAULT_DATABASE"] = '["default"]'
