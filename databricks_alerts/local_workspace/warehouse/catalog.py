"""What exists: catalogs, schemas, tables and views, kept in SQLite across restarts and crashes.

Sail's own catalog lives in memory and is one a session. This one is the truth; sessions are
brought up to it (see `sessions`). A table is registered in one transaction after its Delta log
exists, so a crash leaves either a whole table or a folder that nobody names.
"""

from __future__ import annotations

import json
import logging
import threading
import uuid
from dataclasses import dataclass, field
from pathlib import Path

from databricks_alerts.local_workspace.database import open_database
from databricks_alerts.local_workspace.warehouse.names import TableName

_SCHEMA = """
CREATE TABLE IF NOT EXISTS catalogs (name TEXT PRIMARY KEY, comment TEXT);
CREATE TABLE IF NOT EXISTS schemas (
  catalog TEXT, name TEXT, comment TEXT, PRIMARY KEY (catalog, name));
CREATE TABLE IF NOT EXISTS tables (
  catalog TEXT, schema TEXT, name TEXT, kind TEXT, location TEXT, view_text TEXT, comment TEXT,
  owner TEXT, created_at TEXT, properties TEXT, partitions TEXT, revision INTEGER,
  constraints TEXT, PRIMARY KEY (catalog, schema, name));
"""
_COLUMNS_SINCE = {"constraints": "TEXT"}  # what stores of older versions lack
_INTO_TABLES = f"INTO tables VALUES ({','.join('?' * 13)})"


_log = logging.getLogger("databricks_alerts.local_workspace.warehouse")


@dataclass(frozen=True)
class Constraint:
    """A primary or foreign key; `reference` is the parent table's full name."""

    name: str
    kind: str  # PRIMARY KEY | FOREIGN KEY
    columns: tuple[str, ...]
    reference: str = ""
    reference_columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Table:
    """A table or view as the catalog knows it; `location` is a Delta folder, empty for views.

    `revision` rises when columns change, so that every session registers the table anew.
    """

    name: TableName
    kind: str  # TABLE | VIEW
    location: str = ""
    view_text: str = ""
    comment: str = ""
    owner: str = ""
    created_at: str = ""
    properties: dict[str, str] = field(default_factory=dict)
    partitions: tuple[str, ...] = ()
    revision: int = 0
    constraints: tuple[Constraint, ...] = ()


class Catalog:
    """The durable catalog below `directory`; safe for many threads.

    `version` rises with every change, so that a session knows when it is behind.
    """

    def __init__(self, directory: Path, catalogs: tuple[str, ...]) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self.directory = directory.resolve()
        self._tables_dir = directory / "tables"
        self._lock = threading.RLock()
        self._db = open_database(directory / "catalog.sqlite", "FULL")
        self._db.executescript(_SCHEMA)
        self._add_columns()
        self.version = 0
        self._names: tuple[int, frozenset[str]] = (-1, frozenset())
        for name in catalogs:
            self.add_catalog(name)

    def _add_columns(self) -> None:
        present = {row[1] for row in self._rows("PRAGMA table_info(tables)")}
        for name, kind in _COLUMNS_SINCE.items():
            if name not in present:
                self._db.execute(f"ALTER TABLE tables ADD COLUMN {name} {kind}")

    def close(self) -> None:
        """Close the database; everything is on disk already."""
        with self._lock:
            self._db.close()

    def new_location(self) -> Path:
        """A folder that no table has: dropping and creating a name never meets old files."""
        return self._tables_dir / uuid.uuid4().hex

    def catalogs(self) -> list[str]:
        """The names of all catalogs, sorted."""
        return [row[0] for row in self._rows("SELECT name FROM catalogs ORDER BY name")]

    def schemas(self, catalog: str) -> list[str]:
        """The names of a catalog's schemas, sorted."""
        query = "SELECT name FROM schemas WHERE catalog = ? ORDER BY name"
        return [row[0] for row in self._rows(query, catalog)]

    def tables(self, catalog: str | None = None, schema: str | None = None) -> list[Table]:
        """Tables and views, all or those of a catalog or schema, sorted by name."""
        query = (
            "SELECT * FROM tables WHERE (?1 IS NULL OR catalog = ?1) "
            "AND (?2 IS NULL OR schema = ?2) ORDER BY catalog, schema, name"
        )
        return self._read(query, catalog, schema)

    def views(self) -> list[Table]:
        """All views."""
        return self._read("SELECT * FROM tables WHERE kind = 'VIEW'")

    def find(self, name: TableName) -> Table | None:
        """A table or view by its full name."""
        query = "SELECT * FROM tables WHERE catalog = ? AND schema = ? AND name = ?"
        return next(iter(self._read(query, name.catalog, name.schema, name.table)), None)

    def names(self) -> frozenset[str]:
        """Every name of a catalog, schema, table or view, as one set."""
        version = self.version
        if self._names[0] != version:
            rows = self._rows(
                "SELECT name FROM catalogs UNION SELECT name FROM schemas UNION "
                "SELECT name FROM tables"
            )
            self._names = (version, frozenset(row[0] for row in rows))
        return self._names[1]

    def has_schema(self, catalog: str, schema: str) -> bool:
        """Whether the schema exists."""
        return schema in self.schemas(catalog)

    def add_catalog(self, name: str, comment: str = "") -> None:
        """Add a catalog with its schema `default`; one that exists stays."""
        self._write("INSERT OR IGNORE INTO catalogs VALUES (?, ?)", name.lower(), comment)
        self.add_schema(name, "default")

    def add_schema(self, catalog: str, name: str, comment: str = "") -> None:
        """Add a schema; one that exists stays."""
        statement = "INSERT OR IGNORE INTO schemas VALUES (?, ?, ?)"
        self._write(statement, catalog.lower(), name.lower(), comment)

    def drop_schema(self, catalog: str, name: str) -> None:
        """Forget a schema with all its tables."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM tables WHERE catalog = ? AND schema = ?", (catalog, name))
            self._db.execute("DELETE FROM schemas WHERE catalog = ? AND name = ?", (catalog, name))
            self.version += 1

    def drop_catalog(self, name: str) -> None:
        """Forget a catalog with all that is in it, in one transaction."""
        with self._lock, self._db:
            for table in ("tables", "schemas"):
                self._db.execute(f"DELETE FROM {table} WHERE catalog = ?", (name,))
            self._db.execute("DELETE FROM catalogs WHERE name = ?", (name,))
            self.version += 1

    def rename(self, old: TableName, new: TableName) -> None:
        """Give a table or view another name; its files stay where they are."""
        self._write(
            "UPDATE tables SET catalog = ?, schema = ?, name = ? "
            "WHERE catalog = ? AND schema = ? AND name = ?",
            *(new.catalog, new.schema, new.table, old.catalog, old.schema, old.table),
        )

    def put(self, table: Table) -> None:
        """Add or replace a table or view."""
        self._write(f"INSERT OR REPLACE {_INTO_TABLES}", *_row(table))

    def add(self, table: Table) -> bool:
        """Add a table or view; False, and nothing done, if its name is taken meanwhile."""
        with self._lock:
            if self.find(table.name) is not None:
                return False
            self.put(table)
            return True

    def drop(self, name: TableName) -> None:
        """Forget a table or view; its files stay until the workspace is cleaned."""
        self._write(
            "DELETE FROM tables WHERE catalog = ? AND schema = ? AND name = ?",
            name.catalog,
            name.schema,
            name.table,
        )

    def _read(self, query: str, *values: str | None) -> list[Table]:
        """The tables that a query finds; a row that cannot be read is told in the log, and left."""
        found = []
        for row in self._rows(query, *values):
            try:
                found.append(_table(row))
            except ValueError as error:
                _log.error(
                    "catalog.sqlite: %s is set aside: %s", ".".join(map(str, row[:3])), error
                )
        return found

    def _rows(self, query: str, *values: str | None) -> list[tuple[str, ...]]:
        with self._lock:
            return self._db.execute(query, values).fetchall()

    def _write(self, statement: str, *values: str) -> None:
        with self._lock, self._db:
            self._db.execute(statement, values)
            self.version += 1


def _row(table: Table) -> tuple[str, ...]:
    return (
        table.name.catalog,
        table.name.schema,
        table.name.table,
        table.kind,
        table.location,
        table.view_text,
        table.comment,
        table.owner,
        table.created_at,
        json.dumps(table.properties),
        json.dumps(table.partitions),
        str(table.revision),
        json.dumps([vars(key) for key in table.constraints]),
    )


def _table(row: tuple[str, ...]) -> Table:
    (
        catalog,
        schema,
        name,
        kind,
        location,
        text,
        comment,
        owner,
        created,
        properties,
        parts,
        revision,
        constraints,
    ) = row
    return Table(
        TableName(catalog, schema, name),
        kind,
        location,
        text,
        comment,
        owner,
        created,
        json.loads(properties),
        tuple(json.loads(parts)),
        int(revision),
        tuple(_constraint(**key) for key in json.loads(constraints or "[]")),
    )


def _constraint(
    columns: list[str], reference_columns: list[str], name: str, kind: str, reference: str
) -> Constraint:
    return Constraint(name, kind, tuple(columns), reference, tuple(reference_columns))
