"""Which alerts the rules of each schema name: where an evaluation's row belongs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from databricks_alerts.local_workspace.warehouse.errors import SqlError

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse import Warehouse
    from databricks_alerts.local_workspace.warehouse.catalog import Table

RULES, HISTORY = "alert_configurations", "alert_history"


class NamedAlerts:
    """Asks a table again only when it has a new version: many wait, and few change."""

    def __init__(self, warehouse: Warehouse, user: str) -> None:
        self._warehouse, self._user = warehouse, user
        self._found: dict[str, tuple[str, set[str]]] = {}

    def by_schema(self) -> dict[str, set[str] | SqlError]:
        """By quoted schema that holds both tables, its alerts, or why it cannot be asked."""
        rules = self._rules()
        self._found = {schema: found for schema, found in self._found.items() if schema in rules}
        return {schema: self._asked(schema, table) for schema, table in rules.items()}

    def _rules(self) -> dict[str, Table]:
        found: dict[str, dict[str, Table]] = {}
        for table in self._warehouse.catalog.tables():
            schema = f"{_quoted(table.name.catalog)}.{_quoted(table.name.schema)}"
            found.setdefault(schema, {})[table.name.table] = table
        return {
            schema: tables[RULES]
            for schema, tables in found.items()
            if {RULES, HISTORY} <= tables.keys()
        }

    def _asked(self, schema: str, table: Table) -> set[str] | SqlError:
        version = _version(table)  # before the question: what comes meanwhile is asked for next
        before = self._found.get(schema)
        if version and before and before[0] == version:
            return before[1]
        query = (
            f"SELECT DISTINCT databricks_alert_id FROM {schema}.{RULES} "
            "WHERE databricks_alert_id IS NOT NULL"
        )
        try:
            answer = self._warehouse.execute(query, user=self._user).table
        except SqlError as error:
            return error
        alerts = {str(value) for value in answer.column(0).to_pylist()}
        self._found[schema] = version, alerts
        return alerts


def _version(table: Table) -> str:
    """The folder and the newest commit of a Delta table; empty for a view."""
    if not table.location:
        return ""
    commits = (path.name for path in Path(table.location, "_delta_log").glob("*.json"))
    return f"{table.location} {max(commits, default='')}"


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"
