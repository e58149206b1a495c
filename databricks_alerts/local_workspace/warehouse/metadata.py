"""SHOW and DESCRIBE, answered from our own catalog and the Delta logs."""

from __future__ import annotations

import datetime as dt
import json
import re
from typing import TYPE_CHECKING

import pyarrow as pa

from databricks_alerts.local_workspace.warehouse.catalog import Catalog, Table
from databricks_alerts.local_workspace.warehouse.conditions import Statement, table_not_found
from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import resolve
from databricks_alerts.local_workspace.warehouse.result import Result, rows, texts
from databricks_alerts.local_workspace.warehouse.tables import delta_columns
from databricks_alerts.local_workspace.warehouse.text import Text

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.warehouse.sessions import SparkSession


def show(text: Text, session: SparkSession, catalog: Catalog) -> Result | None:
    """SHOW CATALOGS | SCHEMAS | TABLES | VIEWS | COLUMNS | TBLPROPERTIES; None for others."""
    match text.words[1:2]:
        case ["CATALOGS"]:
            return texts(["catalog"], [[name] for name in catalog.catalogs()])
        case ["SCHEMAS"] | ["DATABASES"]:
            scope = text.name_at(3)[0][-1].lower() if len(text.tokens) > 3 else session.catalog
            return texts(["databaseName"], [[name] for name in catalog.schemas(scope)])
        case ["TABLES"] | ["VIEWS"]:
            return _show_tables(text, session, catalog)
        case ["COLUMNS"]:
            table = described(text, 3, session, catalog)
            return texts(["col_name"], [[name] for name in delta_columns(table, session)])
        case ["TBLPROPERTIES"]:
            table = described(text, 2, session, catalog)
            return texts(["key", "value"], sorted(table.properties.items()))
    return None


def describe_table(text: Text, session: SparkSession, catalog: Catalog) -> Result:
    """DESCRIBE [TABLE] [EXTENDED] name."""
    index = 1
    while text.words[index : index + 1] and text.words[index] in ("TABLE", "EXTENDED", "FORMATTED"):
        index += 1
    table = described(text, index, session, catalog)
    schema = session.analyze(f"SELECT * FROM {table.name.quoted}")
    comments = _comments(table)
    found: list[list[str | None]] = [
        [field.name, field.dataType.simpleString(), comments.get(field.name)]
        for field in schema.fields
    ]
    if "EXTENDED" in text.words[:index] or "FORMATTED" in text.words[:index]:
        found += [
            ["", "", ""],
            ["# Detailed Table Information", "", ""],
            ["Catalog", table.name.catalog, ""],
            ["Database", table.name.schema, ""],
            ["Table", table.name.table, ""],
            ["Type", "MANAGED" if table.kind == "TABLE" else "VIEW", ""],
            ["Owner", table.owner, ""],
            ["Created Time", table.created_at, ""],
            ["Comment", table.comment, ""],
            ["Provider", "delta" if table.kind == "TABLE" else "", ""],
            ["Location", f"file:{table.location}" if table.location else "", ""],
        ]
    return texts(["col_name", "data_type", "comment"], found)


def describe_history(text: Text, session: SparkSession, catalog: Catalog) -> Result:
    """DESCRIBE HISTORY name [LIMIT n]: the commits of the table's Delta log, newest first."""
    from deltalake import DeltaTable

    table = _delta_table(text, "DESCRIBE HISTORY", session, catalog)
    words = [token.text.upper() for token in text.tokens]
    limit = int(text.tokens[words.index("LIMIT") + 1].text) if "LIMIT" in words else None
    commits = DeltaTable(table.location).history(limit)
    return rows(
        {
            "version": pa.int64(),
            "timestamp": pa.timestamp("us", tz="UTC"),
            "userName": pa.string(),
            "operation": pa.string(),
            "operationParameters": pa.map_(pa.string(), pa.string()),
        },
        [
            [
                commit["version"],
                dt.datetime.fromtimestamp(commit["timestamp"] / 1000, dt.UTC),
                table.owner,
                commit.get("operation"),
                [
                    (key, value if isinstance(value, str) else json.dumps(value))
                    for key, value in (commit.get("operationParameters") or {}).items()
                ],
            ]
            for commit in commits
        ],
    )


def describe_detail(text: Text, session: SparkSession, catalog: Catalog) -> Result:
    """DESCRIBE DETAIL name: format, name, location, properties, files and bytes."""
    from deltalake import DeltaTable

    table = _delta_table(text, "DESCRIBE DETAIL", session, catalog)
    actions = pa.table(DeltaTable(table.location).get_add_actions(flatten=True))
    sizes = actions.column("size_bytes").to_pylist()
    return rows(
        {
            "format": pa.string(),
            "name": pa.string(),
            "location": pa.string(),
            "partitionColumns": pa.list_(pa.string()),
            "numFiles": pa.int64(),
            "sizeInBytes": pa.int64(),
            "properties": pa.map_(pa.string(), pa.string()),
        },
        [
            [
                "delta",
                str(table.name),
                f"file:{table.location}",
                list(table.partitions),
                len(sizes),
                sum(sizes),
                sorted(table.properties.items()),
            ]
        ],
    )


def described(text: Text, index: int, session: SparkSession, catalog: Catalog) -> Table:
    """The table that the statement names at token `index`. Raises SqlError if there is none."""
    parts, _ = text.name_at(index)
    table = catalog.find(resolve(parts, session.catalog, session.schema))
    if table is None:
        raise table_not_found(parts, Statement(text.sql))
    return table


def _delta_table(text: Text, command: str, session: SparkSession, catalog: Catalog) -> Table:
    """The table that the statement is about. Raises SqlError for a view, which has no files."""
    table = described(text, 2, session, catalog)
    if table.kind == "VIEW":
        raise SqlError(
            "EXPECT_TABLE_NOT_VIEW.NO_ALTERNATIVE",
            f"'{command}' expects a table but {table.name.shown} is a view.",
            "42809",
        )
    return table


def _comments(table: Table) -> dict[str, str | None]:
    """The comments of a Delta table's columns."""
    from deltalake import DeltaTable

    if not table.location:
        return {}
    fields = DeltaTable(table.location).schema().fields
    return {field.name: str(field.metadata.get("comment") or "") or None for field in fields}


def _like(text: Text) -> re.Pattern[str]:
    """The pattern of a LIKE at the statement's end: `*` any run of characters, `|` or."""
    words = [token.text.upper() for token in text.tokens]
    if len(words) < 4 or words[-2] != "LIKE":
        return re.compile("")
    parts = text.tokens[-1].text.split("|")
    expression = "|".join(".*".join(map(re.escape, part.strip().split("*"))) for part in parts)
    return re.compile(f"(?:{expression})\\Z", re.IGNORECASE)


def _show_tables(text: Text, session: SparkSession, catalog: Catalog) -> Result:
    scope, schema = session.catalog, session.schema
    if len(text.tokens) > 3 and text.words[2] in ("IN", "FROM"):
        parts = [part.lower() for part in text.name_at(3)[0]]
        scope, schema = (parts[0], parts[1]) if len(parts) > 1 else (scope, parts[0])
    kinds = ("VIEW",) if text.words[1] == "VIEWS" else ("TABLE", "VIEW")
    found = [
        [table.name.schema, table.name.table, False]
        for table in catalog.tables(scope, schema)
        if table.kind in kinds and _like(text).match(table.name.table)
    ]
    columns = {"database": pa.string(), "tableName": pa.string(), "isTemporary": pa.bool_()}
    return rows(columns, found)
