"""A query's rows from the engine, batch by batch, no more than this process can hold."""

from __future__ import annotations

from contextlib import closing
from typing import Any

import pyarrow as pa

from databricks_alerts.local_workspace.warehouse.errors import SqlError

# Bytes of Arrow data of one result. Databricks hands larger ones out by links to cloud storage.
MOST_BYTES = 1 << 30


def size_of(table: pa.Table) -> int:
    """The bytes of an Arrow table.

    Its `nbytes` looks at the offsets of list columns, and past the end of those that a JVM sends
    for an empty one: the process then dies of a segmentation fault.
    """
    return int(table.get_total_buffer_size())


def fetch(frame: Any, most: int | None = None) -> pa.Table:
    """The rows of a Spark Connect DataFrame, as its `toArrow` gives them (times in UTC).

    `toArrow` itself gathers whatever comes: a cross join by mistake would end the workspace.
    Raises SqlError for a result of more than `most` bytes (MOST_BYTES), PySparkException as the
    engine does.
    """
    from pyspark.sql.pandas.types import to_arrow_schema

    most = MOST_BYTES if most is None else most
    schema = to_arrow_schema(
        frame.schema, error_on_duplicated_field_names_in_struct=True, timezone="UTC"
    )
    client = frame.sparkSession.client
    parts: list[pa.Table] = []
    size = 0
    plan, observations = frame._plan.to_proto(client), frame._plan.observations
    with closing(client.to_table_as_iterator(plan, observations)) as batches:
        for part in batches:
            if not isinstance(part, pa.Table):
                continue  # the schema
            size += size_of(part)
            if size > most:
                raise SqlError(
                    "RESULT_TOO_LARGE.LOCAL_WORKSPACE",
                    f"The result has more than {most:,} bytes, which is as much as the local "
                    "workspace holds: select fewer rows or columns, or aggregate.",
                    "54000",
                )
            parts.append(part)
    return pa.concat_tables(parts).cast(schema) if parts else schema.empty_table()
