"""What Delta and Unity Catalog remember that spares an EXPLAIN: one statement for all rules."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from databricks_alerts.errors import WarehouseError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import VALIDATION, table_path
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.warehouse import Row, SqlWarehouse
from databricks_alerts.validation.fingerprint import Schemas, unopened
from databricks_alerts.validation.references import TableName

# Views over views over views: each level is a statement more.
_LEVELS = 3


@dataclass(frozen=True)
class Remembered:
    """`valid` maps alert_id to the fingerprint of its last result, if that was a valid one."""

    valid: dict[str, str] = field(default_factory=dict)
    schemas: Schemas = field(default_factory=Schemas)


def remember(
    warehouse: SqlWarehouse, settings: Settings, tables: Iterable[TableName]
) -> Remembered:
    """The last results, and the columns of `tables`; nothing where the warehouse cannot tell.

    A workspace without information_schema, or results of an older version, only cost speed: every
    rule is then sent. Raises WorkspaceError, AuthenticationError.
    """
    wanted = set(tables)
    found = _ask(warehouse, settings, wanted)
    own = {table for table in wanted if table[0] == settings.catalog.lower()}
    if found is None and own != wanted:
        found = _ask(warehouse, settings, own)  # one rule's wrong catalog is not all rules' cost
    return found or Remembered()


def _ask(warehouse: SqlWarehouse, settings: Settings, wanted: set[TableName]) -> Remembered | None:
    """None if the warehouse refuses; nothing is asked for no tables."""
    if not wanted:
        return Remembered()
    try:
        rows = warehouse.query(*_statement(settings, wanted, results=True))
        for _ in range(_LEVELS):
            more = unopened(wanted, _schemas(rows)) - wanted
            if not more:
                break
            wanted |= more
            rows += warehouse.query(*_statement(settings, more, results=False))
    except WarehouseError:
        return None
    valid = {row["a"]: row["b"] for row in rows if row["kind"] == "result" and row["b"]}
    return Remembered(valid, _schemas(rows))


def _statement(
    settings: Settings, tables: set[TableName], *, results: bool
) -> tuple[str, dict[str, str]]:
    """Columns and views by catalog, and the last results, as rows (kind, a, b, c, d, e, n)."""
    parts = []
    for catalog in sorted({table[0] for table in tables}):
        schema = f"{quote(catalog)}.information_schema"
        chosen = (
            "WHERE array_contains(from_json(:tables, 'array<string>'), "
            "concat(table_catalog, '.', table_schema, '.', table_name))"
        )
        parts += [
            "SELECT 'column' AS kind, table_catalog AS a, table_schema AS b, table_name AS c, "
            "column_name AS d, full_data_type AS e, CAST(ordinal_position AS INT) AS n "
            f"FROM {schema}.columns {chosen}",
            "SELECT 'view', table_catalog, table_schema, table_name, '', view_definition, 0 "
            f"FROM {schema}.views {chosen}",
        ]
    if results:
        parts.append(
            "SELECT 'result', alert_id, "
            "max_by(CASE WHEN is_valid THEN coalesce(fingerprint, '') ELSE '' END, validated_at), "
            f"'', '', '', 0 FROM {table_path(settings, VALIDATION)} GROUP BY alert_id"
        )
    names = [".".join(table) for table in sorted(tables)]
    return " UNION ALL ".join(parts), {"tables": json.dumps(names)}


def _schemas(rows: list[Row]) -> Schemas:
    columns: dict[TableName, list[tuple[int, str, str]]] = {}
    views: dict[TableName, str] = {}
    for row in rows:
        name = (row["a"], row["b"], row["c"])
        if row["kind"] == "column":
            columns.setdefault(name, []).append((int(row["n"]), row["d"], row["e"]))
        elif row["kind"] == "view":
            # A definition that one may not see could hide anything: it has no tables to look at.
            views[name] = row["e"] or "?"
    return Schemas(
        {name: tuple((d, e) for _, d, e in sorted(found)) for name, found in columns.items()},
        views,
    )
