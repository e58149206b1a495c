"""Unity Catalog's grants: who may do what on catalogs, schemas and tables, kept in SQLite.

SQL's GRANT and the permissions API of REST read and write the same store. A privilege on a catalog
or schema holds for all that is in it.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from databricks_alerts.local_workspace.database import open_database
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import TableName

KINDS = ("CATALOG", "SCHEMA", "TABLE")
PRIVILEGES = frozenset(
    {
        "ALL PRIVILEGES",
        "APPLY TAG",
        "BROWSE",
        "CREATE FUNCTION",
        "CREATE SCHEMA",
        "CREATE TABLE",
        "EXECUTE",
        "MANAGE",
        "MODIFY",
        "SELECT",
        "USE CATALOG",
        "USE SCHEMA",
    }
)
# Everybody belongs to this group.
ACCOUNT_USERS = "account users"


@dataclass(frozen=True, order=True)
class Grant:
    """One privilege of one principal on one object; `name` is its full dotted name."""

    principal: str
    privilege: str
    kind: str  # CATALOG | SCHEMA | TABLE (views are tables here)
    name: str


class Grants:
    """The grants below `directory`; safe for many threads.

    `is_admin` answers whether a user may do everything; without it everybody may, as in a
    warehouse that stands alone.
    """

    def __init__(self, directory: Path, is_admin: Callable[[str], bool] | None = None) -> None:
        directory.mkdir(parents=True, exist_ok=True)
        self._is_admin = is_admin
        self._lock = threading.RLock()
        self._db = open_database(directory / "grants.sqlite", "FULL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS grants (principal TEXT, privilege TEXT, kind TEXT, "
            "name TEXT, PRIMARY KEY (principal, privilege, kind, name))"
        )

    def close(self) -> None:
        """Close the store."""
        with self._lock:
            self._db.close()

    def is_admin(self, user: str) -> bool:
        """Whether this user may do everything."""
        return self._is_admin is None or self._is_admin(user)

    def add(self, kind: str, name: str, principal: str, privileges: Iterable[str]) -> None:
        """Grant privileges; those that are there stay. Raises SqlError for unknown ones."""
        self._each(
            "INSERT OR IGNORE INTO grants VALUES (?,?,?,?)", kind, name, principal, privileges
        )

    def remove(self, kind: str, name: str, principal: str, privileges: Iterable[str]) -> None:
        """Revoke privileges; ALL PRIVILEGES takes every one away."""
        named = set(privileges)
        held = [grant.privilege for grant in self.on(kind, name) if grant.principal == principal]
        taken = held if "ALL PRIVILEGES" in named else named
        statement = "DELETE FROM grants WHERE principal=? AND privilege=? AND kind=? AND name=?"
        self._each(statement, kind, name, principal, taken)

    def on(self, kind: str, name: str) -> list[Grant]:
        """The grants made on one object itself, sorted."""
        query = "SELECT * FROM grants WHERE kind = ? AND name = ? ORDER BY principal, privilege"
        with self._lock:
            return [Grant(*row) for row in self._db.execute(query, (kind, name.lower()))]

    def effective(self, kind: str, name: str) -> list[Grant]:
        """The grants on one object and on what it is in."""
        parts = name.split(".")
        return [
            grant
            for depth in range(1, len(parts) + 1)
            for grant in self.on(KINDS[depth - 1], ".".join(parts[:depth]))
        ]

    def forget(self, kind: str, name: str) -> None:
        """Drop all grants on an object that was dropped, and on what was in it."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM grants WHERE kind = ? AND name = ?", (kind, name))
            # Quoted names may hold LIKE's wildcards: compare the prefix itself.
            prefix = f"{name}."
            statement = "DELETE FROM grants WHERE substr(name, 1, ?) = ?"
            self._db.execute(statement, (len(prefix), prefix))

    def allowed(self, user: str, privilege: str, kind: str, name: str) -> bool:
        """Whether `user` holds the privilege on the object, by any grant that covers it."""
        if self.is_admin(user):
            return True
        return any(
            grant.privilege in (privilege, "ALL PRIVILEGES")
            for grant in self.effective(kind, name.lower())
            if grant.principal in (user, ACCOUNT_USERS)
        )

    def require(self, user: str, privilege: str, kind: str, name: str) -> None:
        """Raises SqlError INSUFFICIENT_PERMISSIONS where `allowed` is false."""
        if not self.allowed(user, privilege, kind, name):
            raise insufficient(privilege, kind, name)

    def require_on_table(
        self, user: str, privilege: str, table: TableName, owner: str = ""
    ) -> None:
        """A privilege on a table, and USE CATALOG and USE SCHEMA on what it is in."""
        self.require(user, "USE CATALOG", "CATALOG", table.catalog)
        self.require(user, "USE SCHEMA", "SCHEMA", f"{table.catalog}.{table.schema}")
        if user != owner:
            self.require(user, privilege, "TABLE", str(table))

    def _each(
        self, statement: str, kind: str, name: str, principal: str, privileges: Iterable[str]
    ) -> None:
        chosen = list(privileges)
        for privilege in chosen:
            if privilege not in PRIVILEGES:
                raise SqlError(
                    "UC_INVALID_PRIVILEGE", f"`{privilege}` is no privilege on {kind}.", "42601"
                )
        with self._lock, self._db:
            rows = [(principal, privilege, kind, name.lower()) for privilege in chosen]
            self._db.executemany(statement, rows)


def insufficient(privilege: str, kind: str, name: str) -> SqlError:
    """What a user is told who may not."""
    return SqlError(
        "INSUFFICIENT_PERMISSIONS",
        "Insufficient privileges:\n"
        f"User does not have {privilege} on {kind.capitalize()} '{name}'.",
        "42501",
    )
