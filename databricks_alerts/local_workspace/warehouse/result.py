"""What a statement answers: an Arrow table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa


@dataclass(frozen=True)
class Result:
    """Rows with their schema; `rows_modified` is -1 for statements that change none."""

    table: pa.Table
    rows_modified: int = -1

    @property
    def schema(self) -> pa.Schema:
        """Names and types of the columns."""
        return self.table.schema


EMPTY = Result(pa.table({}))


def rows(columns: Mapping[str, pa.DataType], values: Sequence[Sequence[Any]]) -> Result:
    """A result from Python rows."""
    schema = pa.schema(list(columns.items()))
    arrays = [
        pa.array([row[index] for row in values], type=field.type)
        for index, field in enumerate(schema)
    ]
    return Result(pa.Table.from_arrays(arrays, schema=schema))


def texts(columns: Sequence[str], values: Sequence[Sequence[Any]]) -> Result:
    """A result whose columns are all strings, as most SHOW and DESCRIBE answers are."""
    return rows(dict.fromkeys(columns, pa.string()), values)
