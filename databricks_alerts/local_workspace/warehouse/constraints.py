"""Primary and foreign keys: kept and shown, never enforced, as in Unity Catalog.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-ddl-alter-table-add-constraint
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.catalog import Catalog, Constraint, Table
from databricks_alerts.local_workspace.warehouse.conditions import Statement, table_not_found
from databricks_alerts.local_workspace.warehouse.errors import SqlError, unsupported
from databricks_alerts.local_workspace.warehouse.names import TableName, resolve

_KINDS: dict[type[Any], str] = {exp.PrimaryKey: "PRIMARY KEY", exp.ForeignKey: "FOREIGN KEY"}


def of_columns(tree: exp.Create, table: Table, catalog: Catalog) -> Table:
    """The table of a CREATE TABLE with the keys that its column list names. Raises SqlError."""
    if not isinstance(tree.this, exp.Schema):
        return table
    items = tree.this.expressions
    columns = [item.name.lower() for item in items if isinstance(item, exp.ColumnDef)]
    for item in items:
        if isinstance(item, exp.ColumnDef):
            for part in item.constraints:
                table = _with_column_key(part, item.name, table, columns, catalog)
        else:
            table = add(item, table, columns, catalog)
    return table


def add(item: exp.Expr, table: Table, columns: Sequence[str], catalog: Catalog) -> Table:
    """The table with one more key. Raises SqlError for one that cannot be."""
    name = item.this.name if isinstance(item, exp.Constraint) else ""
    keys = item.expressions if isinstance(item, exp.Constraint) else [item]
    for key in keys:
        kind = _KINDS.get(type(key))
        if kind is None:
            raise unsupported("A CHECK constraint")
        named = tuple(part.name.lower() for part in key.expressions)
        reference = key.args.get("reference") if kind == "FOREIGN KEY" else None
        table = _with(table, name, kind, named, reference, columns, catalog)
    return table


def drop(action: exp.Expr, table: Table) -> Table:
    """The table without a constraint. Raises SqlError for one that it does not have."""
    if isinstance(action, exp.Command):  # sqlglot does not know DROP PRIMARY KEY
        words = str(action.expression).upper().split()
        gone = [key.name for key in table.constraints if key.kind == "PRIMARY KEY"]
        exists, name = words[2:4] == ["IF", "EXISTS"], "PRIMARY KEY"
    else:
        name = action.args["tables"][0].name
        gone = [key.name for key in table.constraints if key.name == name.lower()]
        exists = bool(action.args.get("exists"))
    if not gone and not exists:
        raise SqlError(
            "DELTA_CONSTRAINT_DOES_NOT_EXIST",
            f"Cannot drop nonexistent constraint {name} from table {table.name.shown}. To avoid "
            "throwing an error, provide the parameter IF EXISTS.",
            "42704",
        )
    return replace(table, constraints=tuple(k for k in table.constraints if k.name not in gone))


def is_drop(action: exp.Expr) -> bool:
    """Whether an action of ALTER TABLE drops a constraint."""
    if isinstance(action, exp.Command):
        return str(action.expression).upper().split()[:2] == ["PRIMARY", "KEY"]
    return isinstance(action, exp.Drop) and action.args.get("kind") == "CONSTRAINT"


def _with_column_key(
    part: exp.ColumnConstraint, column: str, table: Table, columns: Sequence[str], catalog: Catalog
) -> Table:
    name = part.this.name if part.this else ""
    if isinstance(part.kind, exp.PrimaryKeyColumnConstraint):
        return _with(table, name, "PRIMARY KEY", (column.lower(),), None, columns, catalog)
    if isinstance(part.kind, exp.Reference):
        named = (column.lower(),)
        return _with(table, name, "FOREIGN KEY", named, part.kind, columns, catalog)
    return table


def _with(
    table: Table,
    name: str,
    kind: str,
    named: tuple[str, ...],
    reference: Any,
    columns: Sequence[str],
    catalog: Catalog,
) -> Table:
    name = (name or "_".join([table.name.table, *named, kind[:1].lower() + "k"])).lower()
    _require_columns(named, columns)
    if any(key.name == name or key.kind == kind == "PRIMARY KEY" for key in table.constraints):
        raise SqlError(
            "DELTA_CONSTRAINT_ALREADY_EXISTS",
            f"Constraint '{name}' already exists. Please delete the old constraint first.",
            "42710",
        )
    key = Constraint(name, kind, named)
    if reference is not None:
        parent, theirs = _parent(reference, table, named, catalog)
        key = replace(key, reference=str(parent), reference_columns=theirs)
    return replace(table, constraints=(*table.constraints, key))


def _require_columns(named: Sequence[str], columns: Sequence[str]) -> None:
    missing = next((column for column in named if column not in columns), None)
    if missing is not None:
        raise SqlError(
            "DELTA_COLUMN_NOT_FOUND",
            f"Unable to find the column `{missing}` given [{', '.join(columns)}].",
            "42703",
        )


def _parent(
    reference: Any, table: Table, named: tuple[str, ...], catalog: Catalog
) -> tuple[TableName, tuple[str, ...]]:
    """What a foreign key refers to: a table, and the columns of its primary key."""
    held = reference.this
    target = held.this if isinstance(held, exp.Schema) else held
    parts = [part.name for part in target.parts]
    name = resolve(parts, table.name.catalog, table.name.schema)
    parent = table if name == table.name else catalog.find(name)
    if parent is None:
        raise table_not_found(parts, Statement(reference.sql("databricks")))
    primary = next(_primary(parent), ())
    theirs = (
        tuple(part.name.lower() for part in held.expressions)
        if isinstance(held, exp.Schema)
        else primary
    )
    if not primary or sorted(theirs) != sorted(primary) or len(theirs) != len(named):
        raise SqlError(
            "FOREIGN_KEY_MISMATCH",
            f"Foreign key parent columns {_listed(theirs)} do not match primary key child columns "
            f"{_listed(primary)}.",
            "42830",
        )
    return name, theirs


def _primary(table: Table) -> Iterator[tuple[str, ...]]:
    return (key.columns for key in table.constraints if key.kind == "PRIMARY KEY")


def _listed(columns: Sequence[str]) -> str:
    return f"({', '.join(columns)})"
