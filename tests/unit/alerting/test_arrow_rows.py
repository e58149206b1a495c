"""Rows of Arrow tables are those that pyarrow makes, and no pandas is needed for them."""

from __future__ import annotations

import datetime as dt
import subprocess
import sys
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from databricks_alerts.sql.arrow_rows import of_table

ROOT = Path(__file__).parents[3]
TYPES = {
    "int": (pa.int32(), st.integers(-(2**31), 2**31 - 1)),
    "long": (pa.int64(), st.integers(-(2**63), 2**63 - 1)),
    "double": (pa.float64(), st.floats(allow_nan=False)),
    "flag": (pa.bool_(), st.booleans()),
    "text": (pa.string(), st.text(st.characters(exclude_categories=["Cs"]))),
    "bytes": (pa.binary(), st.binary()),
    "day": (pa.date32(), st.dates()),
    "exact": (pa.decimal128(20, 2), st.decimals(-(10**9), 10**9, places=2)),
    "list": (pa.list_(pa.string()), st.lists(st.none() | st.sampled_from(["a", "b"]))),
    "local": (pa.timestamp("us"), st.datetimes()),
    "utc": (pa.timestamp("us", "UTC"), st.datetimes(timezones=st.just(dt.UTC))),
    "zone": (pa.timestamp("us", "Europe/Berlin"), st.datetimes(timezones=st.just(dt.UTC))),
    "seconds": (
        pa.timestamp("s"),
        st.datetimes().map(lambda moment: moment.replace(microsecond=0)),
    ),
}
ROWS = st.lists(st.fixed_dictionaries({key: st.none() | item for key, (_, item) in TYPES.items()}))


@given(ROWS)
@example([{**dict.fromkeys(TYPES), "zone": dt.datetime(2076, 10, 25, tzinfo=dt.UTC)}])
@settings(deadline=None)
def test_rows_are_what_was_put_in(rows: list[dict[str, Any]]) -> None:
    schema = pa.schema([(key, kind) for key, (kind, _) in TYPES.items()])
    table = pa.Table.from_pylist(rows, schema)
    # In the hour that a zone has twice, no two zones' times are ever equal to Python (PEP 495).
    found = [
        {**row, "zone": row["zone"] and row["zone"].astimezone(dt.UTC)}
        for row in of_table(table, list(TYPES))
    ]
    assert found == rows
    assert [row["utc"] and row["utc"].isoformat() for row in of_table(table, list(TYPES))] == [
        row["utc"] and row["utc"].isoformat() for row in rows
    ]


def test_names_that_are_there_twice_and_no_columns_at_all() -> None:
    table = pa.table([pa.array([1]), pa.array([2])], names=["x", "x"])
    assert of_table(table, ["x", "x"]) == [{"x": 2}]
    assert of_table(pa.table({}), []) == []


def _stream() -> bytes:
    """A table as the connector receives it: pyarrow asks for pandas to make one of Python."""
    table = pa.table({"t": pa.array([0], pa.timestamp("us", "UTC")), "n": pa.array([1])})
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, table.schema) as writer:
        writer.write_table(table)
    data: bytes = sink.getvalue().to_pybytes()
    return data


@pytest.mark.parametrize("use", [False, True])
def test_pandas_is_run_only_when_it_is_used(use: bool) -> None:
    script = (
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from databricks_alerts.late_import import late\nlate('pandas')\n"
        "import databricks.sql.client, pandas, datetime, pyarrow as pa\n"
        "from databricks_alerts.sql.arrow_rows import of_table\n"
        f"table = pa.ipc.open_stream(bytes.fromhex({_stream().hex()!r})).read_all()\n"
        "assert of_table(table, ['t', 'n'])[0]['t'].year == 1970\n"
        f"if {use}: assert pandas.DataFrame({{'a': [1]}}).a.sum() == 1\n"
        "print('pandas.core' in sys.modules)"
    )
    answer = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert answer.stdout.strip() == str(use), answer.stderr
