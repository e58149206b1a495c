"""Arrow columns of a given type from plain values: how samples and live rows become a table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from sqlglot import exp

Values = Mapping[str, Any]


def table(schema: pa.Schema, count: int, values: Values) -> pa.Table:
    """A table of `count` rows; a column that is not named is NULL.

    A value is one for all rows, or a list or an array with one a row; of a struct it is a mapping
    of such. Times are microseconds since 1970, dates days. Raises KeyError for an unknown name.
    """
    _require_known(schema.names, values)
    arrays = [column(field.type, values.get(field.name), count) for field in schema]
    return pa.Table.from_arrays(arrays, schema=schema)


def column(kind: pa.DataType, value: Any, count: int) -> pa.Array:
    """One column, see `table`."""
    if value is None:
        return pa.nulls(count, kind)
    if pa.types.is_struct(kind) and isinstance(value, Mapping):
        fields = [kind.field(index) for index in range(kind.num_fields)]
        _require_known([field.name for field in fields], value)
        inner = [column(field.type, value.get(field.name), count) for field in fields]
        return pa.StructArray.from_arrays(inner, fields=fields)
    if not isinstance(value, list | np.ndarray):
        return pa.repeat(pa.scalar(value, type=kind), count)
    if isinstance(value, np.ndarray) and value.dtype != object:
        return pa.array(value).cast(_stored(kind)).cast(kind)
    if pa.types.is_map(kind):
        value = [list(item.items()) if isinstance(item, Mapping) else item for item in value]
    return pa.array(value, type=kind)


def _stored(kind: pa.DataType) -> pa.DataType:
    """What an array of numbers is before it is a time or a date."""
    if pa.types.is_timestamp(kind):
        return pa.int64()
    return pa.int32() if pa.types.is_date(kind) else kind


def _require_known(names: list[str], values: Values) -> None:
    strange = set(values) - set(names)
    if strange:
        raise KeyError(f"no such column: {', '.join(sorted(strange))}; there is {', '.join(names)}")


def arrow_type(kind: exp.DataType) -> pa.DataType:
    """A SQL type as Arrow has it; raises KeyError for one that no system table has."""
    match kind.this:
        case exp.DataType.Type.ARRAY:
            return pa.list_(arrow_type(kind.expressions[0]))
        case exp.DataType.Type.MAP:
            key, value = kind.expressions
            return pa.map_(arrow_type(key), arrow_type(value))
        case exp.DataType.Type.STRUCT:
            fields = [item for item in kind.expressions if isinstance(item, exp.ColumnDef)]
            return pa.struct([(item.name, arrow_type(item.args["kind"])) for item in fields])
        case exp.DataType.Type.DECIMAL:
            precision, scale = (int(item.name) for item in kind.expressions)
            return pa.decimal128(precision, scale)
    return _PLAIN[kind.this]


_PLAIN = {
    exp.DataType.Type.TEXT: pa.string(),
    exp.DataType.Type.INT: pa.int32(),
    exp.DataType.Type.BIGINT: pa.int64(),
    exp.DataType.Type.DOUBLE: pa.float64(),
    exp.DataType.Type.BOOLEAN: pa.bool_(),
    exp.DataType.Type.DATE: pa.date32(),
    exp.DataType.Type.TIMESTAMP: pa.timestamp("us", tz="UTC"),
    exp.DataType.Type.TIMESTAMPTZ: pa.timestamp("us", tz="UTC"),
}
