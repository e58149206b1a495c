"""Three-level names on a server that has two levels, such as Apache Spark's session catalog.

Every schema of ours is a database there, named by a digest: its names know letters, digits and
`_` only, and two workspaces on one server must not meet. Messages get the statement's own names
and positions back.
"""

from __future__ import annotations

import hashlib
import re

from databricks_alerts.local_workspace.warehouse.catalog import Table
from databricks_alerts.local_workspace.warehouse.names import LENT, TableName, quote, resolve
from databricks_alerts.local_workspace.warehouse.own_names import OwnNames
from databricks_alerts.local_workspace.warehouse.sent import Sent
from databricks_alerts.local_workspace.warehouse.table_references import (
    Edit,
    Reference,
    edited,
    references,
)

_PLAIN = re.compile(r"[a-z0-9_]+")


class FlatNames:
    """The names of one workspace (`key` tells it from others) on a server with two levels."""

    # Whether names stay at the server when its sessions end.
    outlive = True

    def __init__(self, key: str) -> None:
        self._key = key
        self._databases: dict[str, str] = {}

    def catalog(self, name: str) -> str:
        """The one catalog of the server that holds all of ours."""
        return "spark_catalog"

    def database(self, catalog: str, schema: str) -> str:
        """The server's name of a schema."""
        name = f"ws_{self._digest(catalog, schema)}"
        self._databases[name] = f"{quote(catalog)}.{quote(schema)}"
        return name

    def table(self, name: TableName) -> str:
        """The server's name of a table, quoted."""
        return f"{quote(self.database(name.catalog, name.schema))}.{quote(self._bare(name))}"

    def is_registered(self, table: Table) -> bool:
        """Whether the server is told of a table or view at all."""
        return True

    def sent(self, sql: str, catalog: str, schema: str, words: frozenset[str]) -> Sent:
        """A statement of a session that stands in `catalog`.`schema`, in the server's names."""
        edits: list[Edit] = []
        names: dict[str, str] = {}
        for item in references(sql):
            if item.table[0].startswith(LENT):
                continue  # the engine has it by that name
            name = resolve(list(item.table), catalog, schema)
            edits.append(Edit(item.start, item.end, self._written(item, name)))
            spelled = ".".join(quote(part) for part in item.parts[:-1])
            names.setdefault(self.database(name.catalog, name.schema), spelled)
            names.setdefault(self._bare(name), quote(item.parts[-1]))
        return Sent(edited(sql, edits), sql, tuple(edits), names, self._databases)

    def _written(self, item: Reference, name: TableName) -> str:
        # A table that has another name there keeps its own one for columns qualified by it.
        alias = f" AS {quote(item.parts[-1])}"
        renamed = self._bare(name) != name.table
        return self.table(name) + (alias if renamed and item.takes_alias else "")

    def _bare(self, name: TableName) -> str:
        return name.table if _PLAIN.fullmatch(name.table) else f"t_{self._digest(name.table)}"

    def _digest(self, *parts: str) -> str:
        return hashlib.sha256("\0".join((self._key, *parts)).encode()).hexdigest()[:16]


Names = FlatNames | OwnNames
