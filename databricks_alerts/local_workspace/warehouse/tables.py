"""CREATE, ALTER, DROP and INSERT: what our catalog must know of, or Sail cannot do alone."""

from __future__ import annotations

import datetime as dt
import json
import shutil
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import TokenType

from databricks_alerts.local_workspace.warehouse import constraints
from databricks_alerts.local_workspace.warehouse.catalog import Catalog, Table
from databricks_alerts.local_workspace.warehouse.conditions import Statement, table_not_found
from databricks_alerts.local_workspace.warehouse.errors import SqlError, syntax_error, unsupported
from databricks_alerts.local_workspace.warehouse.names import TableName, literal, quote, resolve
from databricks_alerts.local_workspace.warehouse.namespaces import (
    require_schema,
    require_valid_name,
)
from databricks_alerts.local_workspace.warehouse.result import EMPTY, Result, texts
from databricks_alerts.local_workspace.warehouse.table_references import fully_named
from databricks_alerts.local_workspace.warehouse.text import Text

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse.sessions import SparkSession


_MOST_NOT_NULL = 8


def parse(text: Text) -> Any:
    """A DDL statement as a tree. Raises SqlError where it does not parse."""
    try:
        return sqlglot.parse_one(text.sql, read="databricks")
    except SqlglotError as error:
        detail = getattr(error, "errors", None) or [{}]
        first = detail[0]
        near, line = str(first.get("highlight", "")), int(first.get("line") or 1)
        position = max(int(first.get("col") or 1) - len(near), 0)
        raise syntax_error(near, line, position, text.sql) from error


def create_table(tree: exp.Create, session: SparkSession, catalog: Catalog, owner: str) -> Result:
    """CREATE [OR REPLACE] TABLE [IF NOT EXISTS], with columns or AS a query."""
    target = tree.this.this if isinstance(tree.this, exp.Schema) else tree.this
    name = _name(target, session)
    require_schema(name.catalog, name.schema, catalog)
    require_valid_name(name.table, "table")
    existing = catalog.find(name)
    if existing and tree.args.get("exists"):
        return EMPTY
    if existing and not tree.args.get("replace"):
        raise _already_exists(name)
    _require_known(tree)
    location = catalog.new_location()
    partitions, comment, properties = _properties(tree)
    made = Table(
        name, "TABLE", str(location), "", comment, owner, _now(), properties, tuple(partitions)
    )
    made = constraints.of_columns(tree, made, catalog)
    temporary = TableName(name.catalog, name.schema, f"_new_{location.name}")
    body = _columns(tree) if isinstance(tree.this, exp.Schema) else ""
    partitioned = f" PARTITIONED BY ({', '.join(map(quote, partitions))})" if partitions else ""
    query = f" AS {tree.expression.sql('databricks')}" if tree.expression else ""
    location.parent.mkdir(parents=True, exist_ok=True)
    session.run(
        f"CREATE TABLE {temporary.quoted} {body} USING delta "
        f"LOCATION 'file://{location}'{partitioned}{query}"
    )
    session.run(f"DROP TABLE {temporary.quoted}")
    if tree.args.get("replace"):
        catalog.put(made)
    elif not catalog.add(made) and not tree.args.get("exists"):
        raise _already_exists(name)
    return EMPTY


def create_view(
    text: Text, tree: exp.Create, session: SparkSession, catalog: Catalog, owner: str
) -> Result:
    """CREATE [OR REPLACE] VIEW name AS query; the query's own text is kept."""
    name = _name(tree.this.this if isinstance(tree.this, exp.Schema) else tree.this, session)
    require_schema(name.catalog, name.schema, catalog)
    require_valid_name(name.table, "view")
    if tree.find(exp.TemporaryProperty):
        raise unsupported("CREATE TEMPORARY VIEW")
    existing = catalog.find(name)
    if existing and tree.args.get("exists"):
        return EMPTY
    if existing and (existing.kind != "VIEW" or not tree.args.get("replace")):
        raise _already_exists(name)
    words = [token.token_type for token in text.tokens]
    query = text.after(words.index(TokenType.ALIAS) + 1)
    if isinstance(tree.this, exp.Schema):
        named = ", ".join(quote(column.name) for column in tree.this.expressions)
        query = f"SELECT * FROM ({query}) AS _view({named})"
    session.analyze(query)
    # Read later by sessions that stand elsewhere.
    query = fully_named(query, session.catalog, session.schema)
    _, comment, properties = _properties(tree)
    catalog.put(Table(name, "VIEW", "", query, comment, owner, _now(), properties))
    return EMPTY


def drop(text: Text, tree: exp.Drop, session: SparkSession, catalog: Catalog) -> str:
    """DROP TABLE | VIEW [IF EXISTS]; answers the full name."""
    kind = str(tree.args.get("kind", "")).upper()
    if kind not in ("TABLE", "VIEW"):
        raise unsupported(f"DROP {kind}")
    name = _name(_dropped(tree), session)
    table = catalog.find(name)
    if table is None:
        if tree.args.get("exists"):
            return str(name)
        raise table_not_found(name.parts, Statement(text.sql))
    if table.kind != kind:
        raise SqlError(
            "WRONG_COMMAND_FOR_OBJECT_TYPE",
            f"The operation DROP {kind} requires a {kind}. But {name} is a {table.kind}. "
            f"Use DROP {table.kind} instead.",
            "42809",
        )
    catalog.drop(name)
    if table.location:
        shutil.rmtree(table.location, ignore_errors=True)
    return str(name)


def optimize(text: Text, session: SparkSession, catalog: Catalog) -> Result:
    """OPTIMIZE table: small files become large ones. ZORDER and WHERE are not there."""
    from deltalake import DeltaTable

    parts, behind = text.name_at(1)
    table = catalog.find(resolve(parts, session.catalog, session.schema))
    if table is None or not table.location:
        raise table_not_found(parts, Statement(text.sql))
    if behind < len(text.tokens):
        raise unsupported(f"OPTIMIZE … {text.tokens[behind].text.upper()}")
    metrics = DeltaTable(table.location).optimize.compact()
    return texts(["path", "metrics"], [[f"file:{table.location}", json.dumps(metrics)]])


def alter_table(tree: exp.Alter, session: SparkSession, catalog: Catalog) -> Result:
    """ALTER TABLE … ADD COLUMNS, SET TBLPROPERTIES, UNSET is not there."""
    name = _name(tree.this, session)
    table = catalog.find(name)
    if table is None:
        raise table_not_found(name.parts, Statement(tree.sql("databricks")))
    for action in tree.args.get("actions", []):
        if isinstance(action, exp.AlterRename):
            return _rename(table, _name(action.this, session), catalog)
        table = _alter(action, table, session, catalog)
    catalog.put(table)
    return EMPTY


def delta_columns(table: Table, session: SparkSession) -> dict[str, str]:
    """A table's columns in order: name in lower case → type in Spark's words."""
    schema = session.analyze(f"SELECT * FROM {table.name.quoted}")
    return {field.name.lower(): field.dataType.simpleString() for field in schema.fields}


def _rename(table: Table, new: TableName, catalog: Catalog) -> Result:
    require_schema(new.catalog, new.schema, catalog)
    require_valid_name(new.table, "table")
    if catalog.find(new):
        raise _already_exists(new)
    catalog.rename(table.name, new)
    return EMPTY


def _alter(action: Any, table: Table, session: SparkSession, catalog: Catalog) -> Table:
    """Carry out one action; answers the table as the catalog shall know it."""
    if isinstance(action, exp.ColumnDef | exp.Schema):
        found = [action] if isinstance(action, exp.ColumnDef) else action.expressions
        _add_columns(table, [item for item in found if isinstance(item, exp.ColumnDef)])
        return replace(table, revision=table.revision + 1)
    if isinstance(action, exp.AlterSet):
        # Kept and shown; the features that some properties switch on are not there locally.
        properties = {
            item.name: item.args["value"].name
            for item in action.find_all(exp.Property)
            if item.args.get("value") is not None
        }
        return replace(table, properties={**table.properties, **properties})
    if isinstance(action, exp.AddConstraint):
        columns = list(delta_columns(table, session))
        for item in action.expressions:
            table = constraints.add(item, table, columns, catalog)
        return table
    if constraints.is_drop(action):
        return constraints.drop(action, table)
    raise unsupported(f"ALTER TABLE … {action.sql('databricks')}")


def _add_columns(table: Table, columns: list[exp.ColumnDef]) -> None:
    """Add columns to a Delta table's schema through its log, all in one commit."""
    from deltalake import DeltaTable

    delta = DeltaTable(table.location)
    present = {field.name.lower() for field in delta.schema().fields}
    for column in columns:
        if column.name.lower() in present:
            raise SqlError(
                "FIELD_ALREADY_EXISTS",
                f"Cannot add column, because `{column.name}` already exists in {table.name}.",
                "42710",
            )
    delta.alter.add_columns([_delta_field(column) for column in columns])


def _delta_field(column: exp.ColumnDef) -> Any:
    """A column definition as a field of Delta's schema (protocol's JSON form)."""
    from deltalake.schema import Field

    if column.kind is None:
        raise unsupported(f"a column without a type ({column.name})")
    comment = next(
        (str(item.this.name) for item in column.find_all(exp.CommentColumnConstraint)), ""
    )
    document = {
        "name": column.name,
        "type": delta_type(column.kind),
        "nullable": True,
        "metadata": {"comment": comment} if comment else {},
    }
    return Field.from_json(json.dumps(document))


_DELTA_TYPES = {"INT": "integer", "BIGINT": "long", "SMALLINT": "short", "TINYINT": "byte"}


def delta_type(kind: exp.DataType) -> Any:
    """A SQL type as Delta's schema has it (protocol's JSON form)."""
    match kind.this:
        case exp.DataType.Type.ARRAY:
            return {
                "type": "array",
                "elementType": delta_type(kind.expressions[0]),
                "containsNull": True,
            }
        case exp.DataType.Type.MAP:
            key, value = kind.expressions
            return {
                "type": "map",
                "keyType": delta_type(key),
                "valueType": delta_type(value),
                "valueContainsNull": True,
            }
        case exp.DataType.Type.STRUCT:
            fields = [item for item in kind.expressions if isinstance(item, exp.ColumnDef)]
            return {
                "type": "struct",
                "fields": [
                    {"name": item.name, "type": delta_type(item.kind), "nullable": True}
                    | {"metadata": {}}
                    for item in fields
                    if item.kind is not None
                ],
            }
    text = kind.sql("databricks").upper()
    return _DELTA_TYPES.get(text, text.lower())


def _columns(tree: exp.Create) -> str:
    """The column list for Sail: names, types, NOT NULL and comments, no table constraints.

    Sail 0.7.2 plans a MERGE in time that doubles with every NOT NULL column (14 of them: a second,
    18: minutes), so only the first ones are enforced; the rest may take NULL here.
    """
    parts: list[str] = []
    enforced = 0
    for column in tree.this.expressions:
        if not isinstance(column, exp.ColumnDef) or column.kind is None:
            continue
        required = any(
            isinstance(item.kind, exp.NotNullColumnConstraint)
            and not item.kind.args.get("allow_null")
            for item in column.constraints
        )
        _require_plain(column)
        comment = next(
            (
                item.kind.this.name
                for item in column.constraints
                if isinstance(item.kind, exp.CommentColumnConstraint)
            ),
            None,
        )
        parts.append(
            f"{quote(column.name)} {column.kind.sql('databricks')}"
            + (" NOT NULL" if required and enforced < _MOST_NOT_NULL else "")
            + (f" COMMENT {literal(comment)}" if comment is not None else "")
        )
        enforced += required
    return f"({', '.join(parts)})"


def _require_known(tree: exp.Create) -> None:
    """Raises SqlError for what a CREATE TABLE promises and the local workspace would not keep."""
    if not isinstance(tree.this, exp.Schema) and tree.expression is None:
        raise unsupported("CREATE TABLE without columns and without AS (LIKE, CLONE)")
    if tree.find(exp.CheckColumnConstraint):
        raise unsupported("A CHECK constraint")
    if any(kind.this is exp.DataType.Type.VARIANT for kind in tree.find_all(exp.DataType)):
        raise unsupported("The type VARIANT")


def _require_plain(column: exp.ColumnDef) -> None:
    """Raises SqlError for what a column promises and the local workspace would not keep."""
    for item in column.constraints:
        if isinstance(item.kind, exp.DefaultColumnConstraint):
            raise unsupported(f"DEFAULT (of column {column.name})")
        if isinstance(
            item.kind, exp.ComputedColumnConstraint | exp.GeneratedAsIdentityColumnConstraint
        ):
            raise unsupported(f"GENERATED (column {column.name})")


def _properties(tree: exp.Create) -> tuple[list[str], str, dict[str, str]]:
    """Partition columns, comment and TBLPROPERTIES of a CREATE TABLE."""
    partitions: list[str] = []
    comment, properties = "", {}
    container = tree.args.get("properties")
    for item in container.expressions if container else []:
        if isinstance(item, exp.PartitionedByProperty):
            partitions = [column.name for column in item.this.expressions]
        elif isinstance(item, exp.SchemaCommentProperty):
            comment = item.this.name
        elif type(item) is exp.Property:
            properties[item.name] = item.args["value"].name
        elif isinstance(item, exp.FileFormatProperty) and item.name.lower() != "delta":
            raise unsupported(f"USING {item.name}: tables are Delta tables; it")
        elif isinstance(item, exp.LocationProperty):
            raise unsupported("LOCATION (an external table)")
    return partitions, comment, properties


def _dropped(tree: exp.Drop) -> Any:
    """What a DROP names: one object at a time."""
    named = [tree.this] if tree.this is not None else list(tree.args.get("tables") or ())
    if len(named) != 1:
        raise unsupported("DROP of several objects at once")
    return named[0]


def _name(table: exp.Expression, session: SparkSession) -> TableName:
    parts = [part.name for part in table.parts] if isinstance(table, exp.Table) else [table.name]
    return resolve(parts, session.catalog, session.schema)


def _already_exists(name: TableName) -> SqlError:
    return SqlError(
        "TABLE_OR_VIEW_ALREADY_EXISTS",
        f"Cannot create table or view {name.shown} because it already exists. Choose a different "
        "name, drop or replace the existing object, or add the IF NOT EXISTS clause to tolerate "
        "pre-existing objects.",
        "42P07",
    )


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat()
