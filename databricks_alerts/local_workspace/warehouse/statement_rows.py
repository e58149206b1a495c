"""Statements as the Statement Execution API writes them: status, manifest, rows as text."""

from __future__ import annotations

import base64
import datetime as dt
import json
from typing import Any

import pyarrow as pa

from databricks_alerts.local_workspace.warehouse.columns import spark_type
from databricks_alerts.local_workspace.warehouse.fetching import size_of
from databricks_alerts.local_workspace.warehouse.statements import Statement

_NAMES = {"TINYINT": "BYTE", "SMALLINT": "SHORT", "BIGINT": "LONG"}


def document(statement: Statement, base: str, authorization: str) -> dict[str, Any]:
    """A statement's answer, its rows included once it succeeded."""
    answer: dict[str, Any] = {"statement_id": statement.id, "status": _status(statement)}
    if statement.state == "SUCCEEDED":
        table = statement.table()
        answer["manifest"] = _manifest(statement, table)
        answer["result"] = result(statement, base, authorization)
    return answer


def result(statement: Statement, base: str, authorization: str) -> dict[str, Any]:
    """The only chunk: rows, or the link that they are behind.

    The link is one of this API, so the caller's own authorization is asked back with it.
    """
    table = statement.table()
    counts = {"chunk_index": 0, "row_offset": 0, "row_count": table.num_rows}
    if statement.links:
        expires = dt.datetime.now(dt.UTC) + dt.timedelta(minutes=15)
        link = {
            **counts,
            "byte_count": size_of(table),
            "external_link": f"{base}/api/2.0/sql/statements/{statement.id}/result/chunks/0/data",
            "expiration": expires.isoformat(timespec="milliseconds").replace("+00:00", "Z"),
            "http_headers": {"Authorization": authorization},
        }
        return {"external_links": [link] if table.num_rows else []}
    if statement.arrow:
        return {**counts, "attachment": base64.b64encode(arrow_stream(table)).decode()}
    return {**counts, "data_array": text_rows(table)}


def arrow_stream(table: pa.Table) -> bytes:
    """The rows as an Arrow IPC stream."""
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    return bytes(sink.getvalue())


def text_rows(table: pa.Table) -> list[list[str | None]]:
    """JSON_ARRAY: every value as a string, NULL as null."""
    held = [[_text(value) for value in column.to_pylist()] for column in table.columns]
    return [list(row) for row in zip(*held, strict=True)]


def _status(statement: Statement) -> dict[str, Any]:
    status: dict[str, Any] = {"state": statement.state}
    error = statement.error
    if statement.state == "FAILED" and error is not None:
        status["error"] = {"error_code": "BAD_REQUEST", "message": str(error)}
        status["sql_state"] = error.sqlstate
    return status


def _manifest(statement: Statement, table: pa.Table) -> dict[str, Any]:
    rows = table.num_rows
    chunk = {"chunk_index": 0, "row_offset": 0, "row_count": rows, "byte_count": size_of(table)}
    return {
        "format": "ARROW_STREAM" if statement.arrow else "JSON_ARRAY",
        "schema": {
            "column_count": table.num_columns,
            "columns": [_column(index, field) for index, field in enumerate(table.schema)],
        },
        "total_chunk_count": 1 if rows else 0,
        "chunks": [chunk] if rows else [],
        "total_row_count": rows,
        "total_byte_count": size_of(table),
        "truncated": statement.truncated,
    }


def _column(index: int, field: pa.Field) -> dict[str, Any]:
    text = spark_type(field.type)
    name = text.split("(", 1)[0].split("<", 1)[0]
    column = {
        "name": field.name,
        "position": index,
        "type_name": _NAMES.get(name, name),
        "type_text": text,
    }
    if pa.types.is_decimal(field.type):
        column |= {"type_precision": field.type.precision, "type_scale": field.type.scale}
    return column


def _text(value: Any) -> str | None:
    match value:
        case None:
            return None
        case bool():
            return "true" if value else "false"
        case bytes():
            return base64.b64encode(value).decode()
        case dt.datetime():
            shown = value.isoformat(timespec="milliseconds")
            return shown.replace("+00:00", "Z")
        case list() if value and isinstance(value[0], tuple):
            return json.dumps(dict(value), default=str)
        case list() | dict():
            return json.dumps(value, default=str)
    return str(value)
