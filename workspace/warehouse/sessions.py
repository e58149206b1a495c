"""The engine behind the warehouse: Sail in this process, or any Spark Connect server.

Both are reached by Spark Connect. Sail's catalog lives in memory, one a Spark session, so each
session registers what our catalog holds before it runs anything. There is one Spark session for
each pair of current catalog and schema, shared by all users that stand there.
"""

from __future__ import annotations

import json
import logging
import os
import threading
import time
import warnings
from collections.abc import Sequence
from typing import Any

import pyarrow as pa

from workspace.warehouse.catalog import Catalog, Table
from workspace.warehouse.conditions import Statement
from workspace.warehouse.errors import SqlError
from workspace.warehouse.names import TableName, quote, resolve
from workspace.warehouse.sail_errors import translate

# The rest of one entry of SAIL_CATALOG__LIST (TOML in an environment variable).
_SAIL_CATALOG = 'type="memory",initial_database=["default"],initial_database_comment=""}'


# Sail ends a session that rested for minutes; ours is the warehouse's own and lives as long.
_FOREVER = 10 * 365 * 24 * 3600
_REST = 60.0  # seconds after which a session is looked at before it is used again


class Spark:
    """A Spark Connect server: its own Sail, or the one at `url` (sc://host:port)."""

    def __init__(self, catalog: Catalog, url: str | None = None) -> None:
        # Every failed statement would stand in the log with its stack: the client gets the error.
        logging.getLogger("pyspark.sql.connect.logging").setLevel(logging.CRITICAL)
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
        """Start Sail with every catalog that we know; a remote server is taken as it is."""
        if self._remote is not None:
            return
        from pysail.spark import SparkConnectServer

        _configure_sail(self._catalog.catalogs())
        self._server = SparkConnectServer("127.0.0.1", 0)
        self._server.start(background=True)
        _, port = self._server.listening_address
        self._url = f"sc://127.0.0.1:{port}"

    def stop(self) -> None:
        """Close every session and stop Sail."""
        with self._lock:
            for session in self._sessions.values():
                session.close()
            self._sessions.clear()
            if self._server is not None:
                self._server.stop()
                self._server = None

    def restart(self) -> None:
        """Start anew: Sail takes the names of its catalogs only at its start."""
        with self._lock:
            self.stop()
            self.start()

    def session(self, catalog: str, schema: str) -> SparkSession:
        """The session that stands in this catalog and schema, up to date with our catalog."""
        with self._lock:
            key = (catalog, schema)
            if key in self._sessions and not self._sessions[key].alive():
                del self._sessions[key]  # its server ended it, or was itself started anew
            if key not in self._sessions:
                self._sessions[key] = SparkSession(self._url, self._catalog, catalog, schema)
            session = self._sessions[key]
        session.catch_up()
        return session


class SparkSession:
    """One Spark Connect session; `run` and `analyze` may be called by many threads at once."""

    def __init__(self, url: str, catalog: Catalog, current: str, schema: str) -> None:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            # The class itself: pyspark.sql would leave a mark in os.environ that breaks children.
            from pyspark.sql.connect.session import SparkSession as Connect

            self._spark = Connect.builder.remote(url).create()
        self._catalog = catalog
        self.catalog = current
        self.schema = schema
        self._seen = -1
        self._known: dict[TableName, Table] = {}
        self._schemas: set[tuple[str, str]] = set()
        self._lock = threading.Lock()
        self._used = time.monotonic()
        self._spark.conf.set("spark.sql.session.timeZone", "UTC")

    def close(self) -> None:
        """End the session on the server."""
        self._spark.stop()

    def alive(self) -> bool:
        """Whether the server still has it; asked only after a rest."""
        from pyspark.errors import PySparkException

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
        return self._guarded(sql, lambda: self._spark.sql(sql).toArrow())

    def analyze(self, sql: str) -> Any:
        """The output schema (pyspark StructType) of one query, which is not run.

        Raises SqlError, also for what is no query: sent as a plain statement, it would be run.
        """
        from pyspark.sql.connect.dataframe import DataFrame
        from pyspark.sql.connect.plan import SQL

        return self._guarded(sql, lambda: DataFrame(SQL(sql), self._spark).schema)

    def catch_up(self) -> None:
        """Register what our catalog has and this session lacks; forget what was dropped."""
        with self._lock:
            version = self._catalog.version
            if version == self._seen:
                return
            self._catch_up_schemas()
            self._catch_up_tables()
            if self._seen < 0:
                self._internal(f"USE CATALOG {quote(self.catalog)}")
                self._internal(f"USE SCHEMA {quote(self.schema)}")
            self._seen = version

    def _catch_up_schemas(self) -> None:
        for catalog in self._catalog.catalogs():
            for schema in self._catalog.schemas(catalog):
                if (catalog, schema) not in self._schemas:
                    self._internal(f"CREATE SCHEMA IF NOT EXISTS {quote(catalog)}.{quote(schema)}")
                    self._schemas.add((catalog, schema))

    def _catch_up_tables(self) -> None:
        wanted = {table.name: table for table in self._catalog.tables()}
        for name, table in list(self._known.items()):
            if wanted.get(name) != table:
                self._internal(f"DROP {table.kind} IF EXISTS {name.quoted}")
                del self._known[name]
        # Views after the tables that they read; views on views need as many passes as levels.
        missing = [table for table in wanted.values() if table.name not in self._known]
        for table in sorted(missing, key=lambda item: (item.kind, item.created_at)):
            self._internal(_registration(table))
            self._known[table.name] = table

    def _internal(self, sql: str) -> None:
        self._guarded(sql, lambda: self._spark.sql(sql).toArrow())

    def _guarded(self, sql: str, action: Any) -> Any:
        from pyspark.errors import PySparkException

        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                return action()
        except PySparkException as error:
            raise self.translated(_message(error), sql) from error

    def translated(self, message: str, sql: str) -> SqlError:
        """An engine's message about a statement of this session, in Databricks' form."""
        return translate(message, Statement(sql, self._columns, self.catalog, self.schema))

    def _columns(self, parts: Sequence[str]) -> dict[str, str]:
        """A table's columns and types; none for what is not in the catalog."""
        name = resolve(list(parts), self.catalog, self.schema)
        if self._catalog.find(name) is None:
            return {}
        fields = self._spark.sql(f"SELECT * FROM {name.quoted}").schema.fields
        return {field.name: field.dataType.simpleString() for field in fields}


def _registration(table: Table) -> str:
    """The statement that makes a table known to a session without touching its files."""
    if table.kind == "VIEW":
        return f"CREATE OR REPLACE VIEW {table.name.quoted} AS {table.view_text}"
    return f"CREATE TABLE {table.name.quoted} USING delta LOCATION 'file://{table.location}'"


def _message(error: Any) -> str:
    """The engine's own words, with condition and SQLSTATE where the engine gives them."""
    text = str(error.getMessage() or error)
    condition, sqlstate = error.getCondition(), error.getSqlState()
    if condition and sqlstate and "SQLSTATE" not in text and not text.startswith("["):
        return f"[{condition}] {text} SQLSTATE: {sqlstate}"
    return text


def _configure_sail(catalogs: list[str]) -> None:
    """Sail reads its settings from the environment when it starts."""
    entries = ",".join(f"{{name={json.dumps(name)}," + _SAIL_CATALOG for name in catalogs)
    os.environ["SAIL_SPARK__SESSION_TIMEOUT_SECS"] = str(_FOREVER)
    os.environ["SAIL_CATALOG__LIST"] = f"[{entries}]"
    os.environ["SAIL_CATALOG__DEFAULT_CATALOG"] = catalogs[0]
    os.environ["SAIL_CATALOG__DEFAULT_DATABASE"] = '["default"]'
