"""The catalog as JDBC's metadata calls list it (GetCatalogs, GetSchemas, GetTables, GetColumns)."""

from __future__ import annotations

import re
from typing import Any

from databricks_alerts.local_workspace.warehouse.result import Result, texts
from databricks_alerts.local_workspace.warehouse.warehouse import Session, Warehouse


def catalogs(warehouse: Warehouse, session: Session, req: Any) -> Result:
    """TABLE_CAT."""
    return texts(["TABLE_CAT"], [[name] for name in warehouse.catalog.catalogs()])


def schemas(warehouse: Warehouse, session: Session, req: Any) -> Result:
    """TABLE_SCHEM, TABLE_CATALOG of the schemas that match."""
    found = [
        [schema, catalog]
        for catalog in warehouse.catalog.catalogs()
        if _matches(catalog, req.catalogName)
        for schema in warehouse.catalog.schemas(catalog)
        if _matches(schema, req.schemaName)
    ]
    return texts(["TABLE_SCHEM", "TABLE_CATALOG"], found)


def tables(warehouse: Warehouse, session: Session, req: Any) -> Result:
    """TABLE_CAT, TABLE_SCHEM, TABLE_NAME, TABLE_TYPE, REMARKS of the tables that match."""
    found = [
        [table.name.catalog, table.name.schema, table.name.table, table.kind, table.comment]
        for table in _tables(warehouse, req)
        if not req.tableTypes or table.kind in req.tableTypes
    ]
    columns = ["TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "TABLE_TYPE", "REMARKS"]
    return texts(columns, found)


def columns(warehouse: Warehouse, session: Session, req: Any) -> Result:
    """TABLE_CAT, TABLE_SCHEM, TABLE_NAME, COLUMN_NAME, TYPE_NAME of the columns that match."""
    found = [
        [table.name.catalog, table.name.schema, table.name.table, name, kind.upper()]
        for table in _tables(warehouse, req)
        for name, kind in _columns(warehouse, session, table.name.quoted)
        if _matches(name, req.columnName)
    ]
    names = ["TABLE_CAT", "TABLE_SCHEM", "TABLE_NAME", "COLUMN_NAME", "TYPE_NAME"]
    return texts(names, found)


def _columns(warehouse: Warehouse, session: Session, name: str) -> list[tuple[str, str]]:
    described = warehouse.execute(f"DESCRIBE TABLE {name}", session=session).table
    return list(zip(described.column(0).to_pylist(), described.column(1).to_pylist(), strict=True))


def _tables(warehouse: Warehouse, req: Any) -> list[Any]:
    return [
        table
        for table in warehouse.catalog.tables()
        if _matches(table.name.catalog, req.catalogName)
        and _matches(table.name.schema, req.schemaName)
        and _matches(table.name.table, req.tableName)
    ]


def _matches(name: str, pattern: str | None) -> bool:
    """JDBC's patterns: `%` any run of characters, `_` any one; none matches all."""
    if not pattern:
        return True
    expression = "".join(
        {"%": ".*", "_": "."}.get(character, re.escape(character)) for character in pattern
    )
    return re.fullmatch(expression, name, re.IGNORECASE) is not None
