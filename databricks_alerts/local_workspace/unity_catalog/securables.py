"""Catalogs, schemas and tables: finding them by name, and what the API shows of them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.errors import ApiError, forbidden, invalid
from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse
from databricks_alerts.local_workspace.warehouse.catalog import Table
from databricks_alerts.local_workspace.warehouse.names import TableName
from databricks_alerts.local_workspace.wire import Call, route

_BASE = "/api/2.1/unity-catalog"
_KINDS = ("CATALOG", "SCHEMA", "TABLE")
_NAME = re.compile(r"[^.\s/\x00-\x1f]{1,255}")


@dataclass(frozen=True)
class Securable:
    """Something that privileges are on; `name` is its full dotted name in lower case."""

    kind: str  # CATALOG | SCHEMA | TABLE
    name: str
    owner: str = ""


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("GET", f"{_BASE}/catalogs", _catalogs),
        route("GET", f"{_BASE}/catalogs/{{name}}", lambda call: _one(call, "CATALOG")),
        route("GET", f"{_BASE}/schemas", _schemas),
        route("GET", f"{_BASE}/schemas/{{name}}", lambda call: _one(call, "SCHEMA")),
        route("GET", f"{_BASE}/tables", _tables),
        route("GET", f"{_BASE}/tables/{{name}}", _table),
    ]


def find(call: Call) -> Securable:
    """The securable that the path names. Raises ApiError 404 or 400."""
    kind = call.path["kind"].upper()
    if kind not in _KINDS:
        raise invalid(f"{kind[:40]} is not a securable of this workspace: {', '.join(_KINDS)}.")
    return resolve(call.workspace.warehouse, kind, call.path["name"])


def resolve(warehouse: Warehouse, kind: str, name: str) -> Securable:
    """The securable of that name. Raises ApiError 404 or 400."""
    parts = name.lower().split(".")
    if len(parts) != _KINDS.index(kind) + 1 or not all(map(_NAME.fullmatch, parts)):
        raise invalid(f"{name[:200]!r} is not the full name of a {kind.lower()}.")
    full, catalog = ".".join(parts), warehouse.catalog
    if kind == "TABLE":
        table = catalog.find(TableName(*parts))
        if table is not None:
            return Securable(kind, full, table.owner)
    elif parts[0] in catalog.catalogs() and (len(parts) == 1 or catalog.has_schema(*parts)):
        return Securable(kind, full)
    text = f"{kind.capitalize()} '{full}' does not exist."
    raise ApiError(404, f"{kind}_DOES_NOT_EXIST", text)


def _one(call: Call, kind: str) -> dict[str, Any]:
    found = resolve(call.workspace.warehouse, kind, call.path["name"])
    return _shown(found)


def _catalogs(call: Call) -> dict[str, Any]:
    names = call.workspace.warehouse.catalog.catalogs()
    return {"catalogs": [_shown(Securable("CATALOG", name)) for name in names]}


def _schemas(call: Call) -> dict[str, Any]:
    warehouse = call.workspace.warehouse
    parent = resolve(warehouse, "CATALOG", call.query("catalog_name")).name
    names = warehouse.catalog.schemas(parent)
    return {"schemas": [_shown(Securable("SCHEMA", f"{parent}.{name}")) for name in names]}


def _tables(call: Call) -> dict[str, Any]:
    warehouse = call.workspace.warehouse
    name = f"{call.query('catalog_name')}.{call.query('schema_name')}"
    catalog, schema = resolve(warehouse, "SCHEMA", name).name.split(".")
    user, grants = call.user.name, warehouse.grants
    found = [
        table
        for table in warehouse.catalog.tables(catalog, schema)
        if table.owner == user or grants.allowed(user, "SELECT", "TABLE", str(table.name))
    ]
    return {"tables": [_shown_table(table) for table in found]}


def _table(call: Call) -> dict[str, Any]:
    warehouse = call.workspace.warehouse
    found = resolve(warehouse, "TABLE", call.path["name"])
    table = warehouse.catalog.find(TableName(*found.name.split(".")))
    assert table is not None  # resolve found it
    try:
        described = warehouse.execute(f"DESCRIBE TABLE {table.name.quoted}", user=call.user.name)
    except SqlError as error:
        raise forbidden(str(error)) from error
    columns = [
        {"name": row["col_name"], "type_text": row["data_type"], "position": position}
        for position, row in enumerate(described.table.to_pylist())
    ]
    return {**_shown_table(table), "columns": columns}


def _shown(securable: Securable) -> dict[str, Any]:
    parts = securable.name.split(".")
    shown = {"name": parts[-1], "full_name": securable.name, "owner": securable.owner}
    if securable.kind == "CATALOG":
        return {**shown, "catalog_type": "MANAGED_CATALOG"}
    return {**shown, "catalog_name": parts[0]}


def _shown_table(table: Table) -> dict[str, Any]:
    view = table.kind == "VIEW"
    return {
        "name": table.name.table,
        "full_name": str(table.name),
        "catalog_name": table.name.catalog,
        "schema_name": table.name.schema,
        "table_type": "VIEW" if view else "MANAGED",
        **({"view_definition": table.view_text} if view else {"data_source_format": "DELTA"}),
        "owner": table.owner,
        "comment": table.comment,
        "properties": table.properties,
    }
