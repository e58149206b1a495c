"""Rows of the connector's Arrow tables, without pandas, which takes a second and 45 MB to import.

pyarrow asks for pandas when it turns a single timestamp into Python, so timestamps are turned here.
"""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pyarrow as pa

_EPOCH = dt.datetime(1970, 1, 1)  # without a zone, as Arrow counts


def of_table(table: pa.Table, names: list[str]) -> list[dict[str, Any]]:
    """The rows of a table whose columns are called `names`, in order."""
    columns = [_values(column) for column in table.itercolumns()]
    return [dict(zip(names, row, strict=True)) for row in zip(*columns, strict=True)]


def _values(column: pa.ChunkedArray) -> list[Any]:
    import pyarrow as pa

    if not (pa.types.is_timestamp(column.type) and column.type.unit == "us"):
        values: list[Any] = column.to_pylist()
        return values
    zone = pa.lib.string_to_tzinfo(column.type.tz) if column.type.tz else None
    return [_moment(value, zone) for value in column.cast(pa.int64()).to_pylist()]


def _moment(microseconds: int | None, zone: dt.tzinfo | None) -> dt.datetime | None:
    if microseconds is None:
        return None
    moment = _EPOCH + dt.timedelta(microseconds=microseconds)
    return moment if zone is None else moment.replace(tzinfo=dt.UTC).astimezone(zone)
