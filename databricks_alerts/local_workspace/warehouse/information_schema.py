"""information_schema: our catalog's rows, lent to the engine for as long as a statement runs."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pyarrow as pa

from databricks_alerts.local_workspace.warehouse.catalog import Catalog, Table
from databricks_alerts.local_workspace.warehouse.conditions import Statement, table_not_found
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import quote

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse.sessions import SparkSession

_REFERENCE = re.compile(
    r"(?:(?P<catalog>`[^`]+`|\w+)\s*\.\s*)?`?information_schema`?\s*\.\s*`?(?P<view>\w+)`?"
    r"(?P<alias>\s+(?:AS\s+)?(?!(?:WHERE|JOIN|LEFT|RIGHT|INNER|FULL|CROSS|GROUP|ORDER|LIMIT|UNION|ON|"
    r"HAVING|QUALIFY|INTERSECT|EXCEPT|WINDOW|USING|NATURAL|ANTI|SEMI|OUTER)\b)`?\w+`?)?",
    re.IGNORECASE,
)
_VIEWS = {
    "catalogs": ("catalog_name", "catalog_owner", "comment"),
    "schemata": ("catalog_name", "schema_name", "schema_owner", "comment"),
    "tables": (
        "table_catalog",
        "table_schema",
        "table_name",
        "table_type",
        "table_owner",
        "comment",
        "data_source_format",
    ),
    "columns": (
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "is_nullable",
        "full_data_type",
        "data_type",
        "comment",
    ),
    "views": ("table_catalog", "table_schema", "table_name", "view_definition"),
    "table_constraints": (
        "constraint_catalog",
        "constraint_schema",
        "constraint_name",
        "table_catalog",
        "table_schema",
        "table_name",
        "constraint_type",
        "is_deferrable",
        "initially_deferred",
        "enforced",
    ),
    "key_column_usage": (
        "constraint_catalog",
        "constraint_schema",
        "constraint_name",
        "table_catalog",
        "table_schema",
        "table_name",
        "column_name",
        "ordinal_position",
        "position_in_unique_constraint",
    ),
}
_NUMBERS = {"ordinal_position", "position_in_unique_constraint"}
_Rows = list[list[str | None]]


def with_information_schema(sql: str, session: SparkSession, catalog: Catalog) -> str:
    """The query with a table that `session` lends for each `[catalog.]information_schema.view`.

    Lent, not written into the statement: an engine parses a million values in minutes.
    """
    lent: dict[tuple[str, str], str] = {}

    def expand(found: re.Match[str]) -> str:
        view = found["view"].lower()
        if view not in _VIEWS:
            raise table_not_found([found[0].strip()], Statement(sql))
        scope = (found["catalog"] or session.catalog).strip("`").lower()
        if (view, scope) not in lent:
            rows = _rows(view, scope, session, catalog)
            lent[view, scope] = quote(session.lend(_table(view, rows)))
        alias = found["alias"] or f" AS {view}"
        return f"{lent[view, scope]}{alias}"

    return _REFERENCE.sub(expand, sql)


def _rows(view: str, scope: str, session: SparkSession, catalog: Catalog) -> _Rows:
    owners = _scopes(scope, catalog)
    match view:
        case "catalogs":
            return [[name, "", ""] for name in catalog.catalogs()]
        case "schemata":
            return [[owner, name, "", ""] for owner in owners for name in catalog.schemas(owner)]
    return [
        row
        for owner in owners
        for table in catalog.tables(owner)
        for row in _table_rows(view, table, session)
    ]


def _table_rows(view: str, table: Table, session: SparkSession) -> _Rows:
    match view:
        case "tables":
            is_view = table.kind == "VIEW"
            return [
                [
                    *table.name.parts,
                    "VIEW" if is_view else "MANAGED",
                    table.owner,
                    table.comment,
                    "UNKNOWN_DATA_SOURCE_FORMAT" if is_view else "DELTA",
                ]
            ]
        case "views":
            return [[*table.name.parts, table.view_text]] if table.kind == "VIEW" else []
        case "table_constraints":
            return _constraint_rows(table)
        case "key_column_usage":
            return _key_rows(table)
    return _column_rows(table, session)


def _constraint_rows(table: Table) -> _Rows:
    name = [table.name.catalog, table.name.schema]
    return [
        [*name, key.name, *table.name.parts, key.kind, "YES", "YES", "NO"]
        for key in table.constraints
    ]


def _key_rows(table: Table) -> _Rows:
    """Only a foreign key's columns have a position in another key."""
    name = [table.name.catalog, table.name.schema]
    return [
        [
            *name,
            key.name,
            *table.name.parts,
            column,
            str(position),
            str(position) if key.kind == "FOREIGN KEY" else None,
        ]
        for key in table.constraints
        for position, column in enumerate(key.columns, 1)
    ]


def _scopes(scope: str, catalog: Catalog) -> list[str]:
    """`system.information_schema` is about every catalog, another's about itself."""
    return catalog.catalogs() if scope == "system" else [scope]


# Columns by what defines a table or view: a look at information_schema is about all of a catalog,
# and asking the engine for each would take longer the more there are. A view's columns are those of
# its creation, as in Unity Catalog (ALTER VIEW … WITH SCHEMA is not known here).
_KNOWN_COLUMNS: dict[tuple[str, str, int], _Rows] = {}
_MOST_KNOWN = 20_000


def _column_rows(table: Table, session: SparkSession) -> _Rows:
    key = (
        f"{table.name.quoted}@{table.created_at}",
        table.location or table.view_text,
        table.revision,
    )
    known = _KNOWN_COLUMNS.get(key)
    if known is None:
        if len(_KNOWN_COLUMNS) >= _MOST_KNOWN:
            _KNOWN_COLUMNS.clear()
        try:
            known = _KNOWN_COLUMNS[key] = _analyzed_columns(table, session)
        except SqlError:
            if table.kind == "TABLE":
                raise
            return []  # a view over what is gone: nobody can tell its columns, all others can be
    return known


def _analyzed_columns(table: Table, session: SparkSession) -> _Rows:
    schema = session.analyze(f"SELECT * FROM {table.name.quoted}")
    return [
        [
            *table.name.parts,
            field.name,
            str(position),
            "YES" if field.nullable else "NO",
            field.dataType.simpleString(),
            re.sub(r"[<(].*", "", field.dataType.simpleString()).upper(),
            field.metadata.get("comment", ""),
        ]
        for position, field in enumerate(schema.fields, 1)
    ]


def _table(view: str, rows: _Rows) -> pa.Table:
    """Rows, or none, as a table: positions as numbers, the rest as strings."""
    arrays = {}
    for index, name in enumerate(_VIEWS[view]):
        texts = pa.array([row[index] for row in rows], pa.string())
        arrays[name] = texts.cast(pa.int32()) if name in _NUMBERS else texts
    return pa.table(arrays)
