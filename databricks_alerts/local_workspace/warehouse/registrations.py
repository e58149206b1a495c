"""Which of our schemas and tables a Spark session has been told of, and telling it of more.

Only the schemas that a statement names are looked at: a workspace holds thousands of tables, and a
session needs few of them.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path

from databricks_alerts.local_workspace.warehouse.catalog import Catalog, Table
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.flat_names import Names
from databricks_alerts.local_workspace.warehouse.names import TableName
from databricks_alerts.local_workspace.warehouse.text import words_of

Schema = tuple[str, str]  # catalog, schema


class Registrations:
    """What one session of an engine knows of `catalog`; `run` carries a statement out there.

    `translate` puts a view's query, of a catalog and schema, into the engine's words.
    """

    def __init__(
        self,
        catalog: Catalog,
        names: Names,
        run: Callable[[str], None],
        translate: Callable[[str, str, str], str],
    ) -> None:
        self._translate = translate
        self._catalog = catalog
        self._names = names
        self._run = run
        self._known: dict[Schema, dict[TableName, Table]] = {}
        self._seen: dict[Schema, int] = {}
        self._broken: dict[TableName, SqlError] = {}
        self._listed = -1
        self._schemas: dict[str, list[Schema]] = {}
        self._lock = threading.Lock()

    def catch_up(self, spelled: frozenset[str], catalog: str, schema: str) -> None:
        """Register what a statement with these words may name, for one in `catalog`.`schema`.

        A schema may be named wherever its name stands as a word. Raises SqlError.
        """
        words = {word.lower() for word in spelled}
        version = self._catalog.version
        with self._lock:
            self._list(version)
            todo = self._named(words)
            if (catalog, schema) in self._schemas.get(schema, ()):
                todo.add((catalog, schema))
            views: list[Table] = []
            done: set[Schema] = set()
            while todo - done:
                for one in sorted(todo - done):
                    found = self._catch_up_tables(one, version)
                    views += [view for view in found if self._known[one].get(view.name) != view]
                    for view in found:
                        todo |= self._named({word.lower() for word in words_of(view.view_text)})
                    done.add(one)
            # Views after all tables that they read; those on views after these.
            for view in sorted(views, key=lambda item: item.created_at):
                self._try_to_register(view)
            broken = dict(self._broken)
            for one in done:
                self._seen[one] = version
        for name, error in broken.items():
            if name.table in words:
                raise error

    def _try_to_register(self, table: Table) -> None:
        """Register; what is broken concerns only those who name it.

        A view's tables may be gone, a table's files damaged. A server that is gone is no fault of
        the table's.
        """
        self._broken.pop(table.name, None)
        try:
            self._register(table)
        except SqlError as error:
            if error.sqlstate.startswith("08"):
                raise
            self._broken[table.name] = error

    def _list(self, version: int) -> None:
        if self._listed == version:
            return
        self._schemas = {}
        for catalog in self._catalog.catalogs():
            for name in self._catalog.schemas(catalog):
                self._schemas.setdefault(name, []).append((catalog, name))
        self._listed = version

    def _named(self, words: set[str]) -> set[Schema]:
        return {schema for word in words for schema in self._schemas.get(word, ())}

    def _catch_up_tables(self, schema: Schema, version: int) -> list[Table]:
        """Register a schema's tables; answers its views, unless nothing changed since."""
        if self._seen.get(schema) == version:
            return []
        if schema not in self._known:
            self._run(f"CREATE SCHEMA IF NOT EXISTS {self._names.database(*schema)}")
        known = self._known.setdefault(schema, {})
        wanted = {table.name: table for table in self._catalog.tables(*schema)}
        for name, table in list(known.items()):
            if wanted.get(name) != table:
                self._run(f"DROP {table.kind} IF EXISTS {self._names.table(name)}")
                del known[name]
        for name in [name for name in self._broken if name not in wanted]:
            if (name.catalog, name.schema) == schema:
                del self._broken[name]
        for table in wanted.values():
            if table.kind != "VIEW" and table.name not in known:
                self._try_to_register(table)
        return [table for table in wanted.values() if table.kind == "VIEW"]

    def _register(self, table: Table) -> None:
        """Make a table known without touching its files. Raises SqlError."""
        if table.location and not (Path(table.location) / "_delta_log").is_dir():
            raise SqlError(
                "DELTA_PATH_DOES_NOT_EXIST",
                f"{table.name.shown} doesn't exist, or is not a Delta table: its files are gone "
                f"from {table.location}. Drop it: DROP TABLE {table.name.shown}",
                "42K03",
            )
        if not self._names.is_registered(table):
            return
        name = self._names.table(table.name)
        if table.kind == "VIEW":
            where = (table.name.catalog, table.name.schema)
            query = self._translate(table.view_text, *where)
            text = self._names.sent(query, *where, words_of(query)).sql
            self._run(f"CREATE OR REPLACE VIEW {name} AS {text}")
        else:
            if self._names.outlive:
                self._run(f"DROP TABLE IF EXISTS {name}")
            self._run(f"CREATE TABLE {name} USING delta LOCATION 'file://{table.location}'")
        self._known[table.name.catalog, table.name.schema][table.name] = table
