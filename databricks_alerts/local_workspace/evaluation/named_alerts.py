"""Which alerts the rules of each schema name: where an evaluation's row belongs, whose it is."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import quote

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse import Warehouse
    from databricks_alerts.local_workspace.warehouse.catalog import Table

RULES, HISTORY = "alert_configurations", "alert_history"
Named = dict[str, tuple[str, ...]]  # by alert, what its rule says in the columns asked for


class NamedAlerts:
    """Asks a table again only when it has a new version: many wait, and few change.

    `columns` are what is asked of each rule besides its alert. Safe for many threads: who comes
    while another asks waits for that answer.
    """

    def __init__(self, warehouse: Warehouse, user: str, columns: Sequence[str] = ()) -> None:
        self._warehouse, self._user, self._columns = warehouse, user, tuple(columns)
        self._found: dict[str, tuple[str, Named]] = {}
        self._lock = threading.Lock()

    def by_schema(self) -> dict[str, Named | SqlError]:
        """By quoted schema that holds both tables, its alerts, or why it cannot be asked."""
        with self._lock:
            rules = self._rules()
            known = self._found.items()
            self._found = {schema: found for schema, found in known if schema in rules}
            return {schema: self._asked(schema, table) for schema, table in rules.items()}

    def _rules(self) -> dict[str, Table]:
        found: dict[str, dict[str, Table]] = {}
        for table in self._warehouse.catalog.tables():
            schema = f"{quote(table.name.catalog)}.{quote(table.name.schema)}"
            found.setdefault(schema, {})[table.name.table] = table
        return {
            schema: tables[RULES]
            for schema, tables in found.items()
            if {RULES, HISTORY} <= tables.keys()
        }

    def _asked(self, schema: str, table: Table) -> Named | SqlError:
        version = _version(table)  # before the question: what comes meanwhile is asked for next
        before = self._found.get(schema)
        if version and before and before[0] == version:
            return before[1]
        columns = ", ".join(("databricks_alert_id", *self._columns))
        query = (
            f"SELECT DISTINCT {columns} FROM {schema}.{RULES} WHERE databricks_alert_id IS NOT NULL"
        )
        try:
            answer = self._warehouse.execute(query, user=self._user).table
        except SqlError as error:
            return error
        rows = [[_text(value) for value in column.to_pylist()] for column in answer.columns]
        alerts = {key: tuple(values) for key, *values in zip(*rows, strict=True)}
        self._found[schema] = version, alerts
        return alerts


def _text(value: object) -> str:
    return "" if value is None else str(value)


def _version(table: Table) -> str:
    """The folder and the newest commit of a Delta table; empty for a view."""
    if not table.location:
        return ""
    commits = (path.name for path in Path(table.location, "_delta_log").glob("*.json"))
    return f"{table.location} {max(commits, default='')}"
