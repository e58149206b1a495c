"""Arrow results in Thrift's words: column types, Arrow batches, and columns of values."""

from __future__ import annotations

import json
from typing import Any

import pyarrow as pa
from databricks.sql.thrift_api.TCLIService import ttypes

from databricks_alerts.local_workspace.warehouse.fetching import size_of

_Id = ttypes.TTypeId


def table_schema(schema: pa.Schema) -> Any:
    """The TTableSchema of an Arrow schema."""
    return ttypes.TTableSchema(
        columns=[
            ttypes.TColumnDesc(field.name, _type_desc(field.type), index + 1, "")
            for index, field in enumerate(schema)
        ]
    )


def arrow_batches(table: pa.Table, max_bytes: int) -> list[Any]:
    """The table as TSparkArrowBatch list; a batch holds at most about `max_bytes`."""
    size = max(size_of(table), 1)
    rows = max(1, table.num_rows * max_bytes // size) if size > max_bytes else table.num_rows or 1
    return [
        ttypes.TSparkArrowBatch(batch=batch.serialize().to_pybytes(), rowCount=batch.num_rows)
        for batch in table.combine_chunks().to_batches(max_chunksize=rows)
    ]


def wire_table(table: pa.Table, arrow_types: Any) -> pa.Table:
    """The table with types that the client did not ask for natively turned into strings."""
    columns, fields = [], []
    for column, field in zip(table.columns, table.schema, strict=True):
        values, kind = column, field.type
        if pa.types.is_large_string(kind):
            values = column.cast(pa.string())
        elif _is_complex(kind) and not getattr(arrow_types, "complexTypesAsArrow", True):
            values = _as_json(column)
        elif _is_text(kind, arrow_types):
            values = _as_text(column)
        elif pa.types.is_null(kind):
            values = pa.chunked_array([pa.nulls(len(column), pa.string())])
        columns.append(values)
        fields.append(pa.field(field.name, values.type))
    return pa.table(columns, schema=pa.schema(fields)) if fields else table


def value_columns(table: pa.Table) -> list[Any]:
    """The table as TColumn list, for clients that read no Arrow."""
    return [_value_column(column) for column in table.columns]


def _value_column(column: pa.ChunkedArray) -> Any:
    values = column.to_pylist()
    nulls = _null_bits(values)
    kind = column.type
    if pa.types.is_boolean(kind):
        held = [bool(value) for value in values]
        return ttypes.TColumn(boolVal=ttypes.TBoolColumn(held, nulls))
    if pa.types.is_integer(kind):
        numbers = [value or 0 for value in values]
        match kind.bit_width:
            case 8:
                return ttypes.TColumn(byteVal=ttypes.TByteColumn(numbers, nulls))
            case 16:
                return ttypes.TColumn(i16Val=ttypes.TI16Column(numbers, nulls))
            case 32:
                return ttypes.TColumn(i32Val=ttypes.TI32Column(numbers, nulls))
        return ttypes.TColumn(i64Val=ttypes.TI64Column(numbers, nulls))
    if pa.types.is_floating(kind):
        return ttypes.TColumn(doubleVal=ttypes.TDoubleColumn([v or 0.0 for v in values], nulls))
    if pa.types.is_binary(kind):
        return ttypes.TColumn(binaryVal=ttypes.TBinaryColumn([v or b"" for v in values], nulls))
    texts = ["" if value is None else _text(value) for value in values]
    return ttypes.TColumn(stringVal=ttypes.TStringColumn(texts, nulls))


def _null_bits(values: list[Any]) -> bytes:
    """One bit a row, set where the value is NULL, lowest bit first (HiveServer2's form)."""
    bits = bytearray((len(values) + 7) // 8)
    for index, value in enumerate(values):
        if value is None:
            bits[index // 8] |= 1 << (index % 8)
    return bytes(bits)


def _type_desc(kind: pa.DataType) -> Any:
    qualifiers = None
    if pa.types.is_decimal(kind):
        qualifiers = ttypes.TTypeQualifiers(
            {
                "precision": ttypes.TTypeQualifierValue(i32Value=kind.precision),
                "scale": ttypes.TTypeQualifierValue(i32Value=kind.scale),
            }
        )
    entry = ttypes.TPrimitiveTypeEntry(_type_id(kind), qualifiers)
    return ttypes.TTypeDesc([ttypes.TTypeEntry(primitiveEntry=entry)])


_TYPE_IDS = [
    (pa.types.is_boolean, _Id.BOOLEAN_TYPE),
    (pa.types.is_int8, _Id.TINYINT_TYPE),
    (pa.types.is_int16, _Id.SMALLINT_TYPE),
    (pa.types.is_int32, _Id.INT_TYPE),
    (pa.types.is_int64, _Id.BIGINT_TYPE),
    (pa.types.is_float32, _Id.FLOAT_TYPE),
    (pa.types.is_float64, _Id.DOUBLE_TYPE),
    (pa.types.is_decimal, _Id.DECIMAL_TYPE),
    (pa.types.is_date, _Id.DATE_TYPE),
    (pa.types.is_timestamp, _Id.TIMESTAMP_TYPE),
    (pa.types.is_map, _Id.MAP_TYPE),
    (pa.types.is_list, _Id.ARRAY_TYPE),
    (pa.types.is_struct, _Id.STRUCT_TYPE),
    (pa.types.is_null, _Id.NULL_TYPE),
    (pa.types.is_duration, _Id.INTERVAL_DAY_TIME_TYPE),
    (pa.types.is_interval, _Id.INTERVAL_YEAR_MONTH_TYPE),
    (pa.types.is_binary, _Id.BINARY_TYPE),
]


def _type_id(kind: pa.DataType) -> int:
    return int(next((found for test, found in _TYPE_IDS if test(kind)), _Id.STRING_TYPE))


def _is_text(kind: pa.DataType, arrow_types: Any) -> bool:
    """Whether values of this type travel as strings: intervals, and decimals unless asked for."""
    if pa.types.is_decimal(kind):
        return not getattr(arrow_types, "decimalAsArrow", True)
    return bool(pa.types.is_duration(kind) or pa.types.is_interval(kind))


def _is_complex(kind: pa.DataType) -> bool:
    return bool(pa.types.is_nested(kind))


def _as_json(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = [None if value is None else _text(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _as_text(column: pa.ChunkedArray) -> pa.ChunkedArray:
    texts = [None if value is None else str(value) for value in column.to_pylist()]
    return pa.chunked_array([pa.array(texts, pa.string())])


def _text(value: Any) -> str:
    if isinstance(value, list | dict | tuple):
        if value and isinstance(value, list) and isinstance(value[0], tuple):
            value = dict(value)
        return json.dumps(value, default=str)
    return str(value)


def spark_type(kind: pa.DataType) -> str:
    """An Arrow type as Spark SQL writes it, such as `ARRAY<STRING>` or `DECIMAL(10,2)`."""
    if pa.types.is_list(kind):
        return f"ARRAY<{spark_type(kind.value_type)}>"
    if pa.types.is_map(kind):
        return f"MAP<{spark_type(kind.key_type)}, {spark_type(kind.item_type)}>"
    if pa.types.is_struct(kind):
        return f"STRUCT<{', '.join(f'{item.name}: {spark_type(item.type)}' for item in kind)}>"
    if pa.types.is_decimal(kind):
        return f"DECIMAL({kind.precision},{kind.scale})"
    name = ttypes.TTypeId._VALUES_TO_NAMES[_type_id(kind)].removesuffix("_TYPE")
    return "INTERVAL" if name.startswith("INTERVAL") else name
