"""Every operator, aggregation and type: what the table of types says, the warehouse does.

Each combination is evaluated on the local warehouse's own SQL by the statement that alerts run, and
judged by evaluation.kinds; the two must agree. Combinations that are good go out together.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from typing import Any

import pytest

from databricks_alerts.evaluation import (
    AGGREGATIONS,
    OPERATORS,
    Condition,
    Operand,
    evaluation_statement,
    fit,
    parse_kind,
    read_outcome,
)
from databricks_alerts.evaluation.statement import MET, THRESHOLD, VALUE
from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse

# Type: the literals of a column; the order of the first two is known.
COLUMNS = {
    "bigint": ("1L", "3L", "NULL"),
    "double": ("CAST(1.5 AS DOUBLE)", "CAST(3.5 AS DOUBLE)", "CAST(NULL AS DOUBLE)"),
    "decimal(10,2)": ("CAST(0.10 AS DECIMAL(10,2))", "CAST(0.20 AS DECIMAL(10,2))"),
    "string": ("'a'", "'b'", "NULL"),
    "boolean": ("false", "true", "NULL"),
    "date": ("DATE'2026-01-01'", "DATE'2026-01-03'", "NULL"),
    "timestamp": ("TIMESTAMP'2026-01-01 08:00:00'", "TIMESTAMP'2026-01-03 08:00:00'"),
    "timestamp_ntz": ("TIMESTAMP_NTZ'2026-01-01 08:00:00'",),
    "interval day to second": ("INTERVAL '1' DAY", "INTERVAL '3' DAY"),
    "array<int>": ("array(1)", "array(3)"),
    "void": ("NULL", "NULL"),
}
BATCH = 24  # statements that go out together; more overflow the stack of Sail's planner
THRESHOLDS = [2.0, float("nan"), "b", "2", "0.15", "2026-01-02", "2026-01-02 08:00:00", True]
# What Sail takes or refuses otherwise than Databricks: (type, aggregation), (type, threshold).
GAPS: set[tuple[str, Any]] = {
    ("string", "SUM"),  # Sail casts texts that are numbers, and fails on the others
    ("string", "MEDIAN"),
    ("boolean", "MEDIAN"),
    ("timestamp", "MEDIAN"),
    ("timestamp_ntz", "MEDIAN"),
    ("interval day to second", "MEDIAN"),
    ("void", "SUM"),
    ("void", "AVG"),  # stays a NULL without a type
}


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    made = Warehouse(tmp_path_factory.mktemp("table"))
    made.start()
    yield made
    made.stop()


def first(warehouse: Warehouse, statement: str) -> dict[str, Any] | None:
    rows: list[dict[str, Any]] = warehouse.execute(statement, user="ada").table.to_pylist()
    return rows[0] if rows else None


def column(kind: str) -> str:
    """A query with the column `v` of a type."""
    rows = " UNION ALL ".join(f"SELECT {item} AS v" for item in COLUMNS[kind])
    cast = "v" if kind in ("void", "array<int>") or "interval" in kind else f"CAST(v AS {kind})"
    return f"SELECT {cast} AS v FROM ({rows})"


@pytest.mark.parametrize("kind", COLUMNS)
def test_the_table_of_types_and_the_warehouse_agree(warehouse: Warehouse, kind: str) -> None:
    good, bad = [], []
    for aggregation, operator, threshold in itertools.product(
        (None, *AGGREGATIONS), OPERATORS, THRESHOLDS
    ):
        condition = Condition(Operand("v", aggregation), operator, threshold)
        said = fit(parse_kind(kind), aggregation, operator, threshold).good
        if (kind, aggregation) in GAPS or said is None:
            continue
        if kind == "boolean" and isinstance(threshold, str):
            continue  # Sail refuses texts that Databricks takes for truth values
        (good if said else bad).append((condition, evaluation_statement(column(kind), condition)))
    for start in range(0, len(good), BATCH):
        batch = good[start : start + BATCH]
        union = " UNION ALL ".join(f"SELECT `{MET}` FROM ({statement})" for _, statement in batch)
        answered = warehouse.execute(union, user="ada").table
        assert answered.num_rows >= len(batch)
    refused_once = {}
    for condition, statement in bad:
        # All operators but IS NULL are refused alike: one of each pair is enough.
        key = (condition.source.aggregation, repr(condition.threshold))
        if key not in refused_once:
            with pytest.raises(SqlError):
                warehouse.execute(statement, user="ada")
            refused_once[key] = statement


CASES: list[tuple[str, str | None, str, Any, str, Any]] = [
    # query, aggregation, operator, threshold, state, value
    ("SELECT 1 AS v WHERE false", "COUNT", "EQUAL", 0.0, "TRIGGERED", 0),
    ("SELECT 1 AS v WHERE false", "COUNT_DISTINCT", "LESS_THAN", 1.0, "TRIGGERED", 0),
    ("SELECT 1 AS v WHERE false", "SUM", "IS_NULL", None, "TRIGGERED", None),
    ("SELECT 1 AS v WHERE false", "SUM", "GREATER_THAN", 0.0, "OK", None),
    ("SELECT 1 AS v WHERE false", "MAX", "IS_NOT_NULL", None, "OK", None),
    ("SELECT 1 AS v WHERE false", "AVG", "NOT_EQUAL", 0.0, "OK", None),
    ("SELECT 1 AS v WHERE false", "MEDIAN", "IS_NULL", None, "TRIGGERED", None),
    ("SELECT 1 AS v WHERE false", "STDDEV", "IS_NULL", None, "TRIGGERED", None),
    ("SELECT 1 AS v WHERE false", None, "IS_NULL", None, "ERROR", None),
    ("SELECT 1 AS v WHERE false", None, "GREATER_THAN", 0.0, "ERROR", None),
    ("SELECT CAST(NULL AS INT) AS v", None, "NOT_EQUAL", 0.0, "OK", None),
    ("SELECT CAST(NULL AS INT) AS v", None, "IS_NULL", None, "TRIGGERED", None),
    ("SELECT CAST(NULL AS INT) AS v", "COUNT", "EQUAL", 0.0, "TRIGGERED", 0),
    ("SELECT 1 AS v", "STDDEV", "IS_NULL", None, "TRIGGERED", None),
    ("VALUES (0.10), (0.20) AS t(v)", "AVG", "LESS_THAN_OR_EQUAL", 0.15, "TRIGGERED", None),
    ("VALUES (0.10), (0.20) AS t(v)", "SUM", "EQUAL", 0.3, "TRIGGERED", None),
    ("SELECT double('NaN') AS v", None, "GREATER_THAN", 1e308, "TRIGGERED", None),
    ("SELECT double('NaN') AS v", None, "EQUAL", float("nan"), "TRIGGERED", None),
    ("VALUES (double('NaN')), (1D) AS t(v)", "MIN", "EQUAL", 1.0, "TRIGGERED", 1.0),
    ("VALUES (double('NaN')), (1D) AS t(v)", "MAX", "GREATER_THAN", 1.0, "TRIGGERED", None),
    ("SELECT CAST(0.15 AS DECIMAL(10,2)) AS v", None, "LESS_THAN", 1e300, "TRIGGERED", None),
    ("SELECT CAST(0.15 AS DECIMAL(10,2)) AS v", None, "EQUAL", 0.15, "TRIGGERED", None),
    ("SELECT -0.0D AS v", None, "EQUAL", 0.0, "TRIGGERED", None),
    ("SELECT -0.0D AS v", None, "LESS_THAN", 0.0, "OK", None),
    ("VALUES (-0.0D), (0.0D) AS t(v)", "COUNT_DISTINCT", "EQUAL", 1.0, "TRIGGERED", 1),
    ("SELECT DATE'2026-01-10' AS v", None, "GREATER_THAN", "2026-1-9", "TRIGGERED", None),
    ("SELECT TIMESTAMP'2026-01-02 00:00:00' AS v", None, "EQUAL", "2026-01-02", "TRIGGERED", None),
    (
        "SELECT TIMESTAMP'2026-01-02 10:00:00' AS v",
        None,
        "GREATER_THAN",
        "2026-01-02T9:00",
        "TRIGGERED",
        None,
    ),
    (
        "VALUES (DATE'2026-01-10'), (DATE'2026-01-09') AS t(v)",
        "MAX",
        "EQUAL",
        "2026-01-10",
        "TRIGGERED",
        None,
    ),
    ("SELECT 10L AS v", None, "GREATER_THAN", "9", "TRIGGERED", 10),
    ("SELECT '10' AS v", None, "GREATER_THAN", "9", "OK", "10"),
    ("SELECT true AS v", None, "GREATER_THAN", False, "TRIGGERED", True),
    ("SELECT 'A' AS v", None, "EQUAL", "a", "OK", "A"),
    ("SELECT 'it''s \\\\ ${x} :p' AS v", None, "NOT_EQUAL", "", "TRIGGERED", None),
    (
        "SELECT * FROM VALUES (3), (1), (2) AS t(v) ORDER BY v DESC",
        None,
        "EQUAL",
        3.0,
        "TRIGGERED",
        3,
    ),
    ("SELECT 4 AS V -- first", None, "EQUAL", 4.0, "TRIGGERED", 4),
    ("SELECT 4 AS v; -- done", None, "EQUAL", 4.0, "TRIGGERED", 4),
    ("WITH q AS (SELECT 4 AS v) SELECT * FROM q", "SUM", "EQUAL", 4.0, "TRIGGERED", 4),
    ("VALUES (1, 9), (5, 2) AS t(v, w)", None, "LESS_THAN", Operand("w"), "TRIGGERED", 1),
    ("VALUES (1, 9), (5, 2) AS t(v, w)", "MAX", "LESS_THAN", Operand("w", "MAX"), "TRIGGERED", 5),
    ("VALUES (1, 9), (5, 2) AS t(v, w)", "SUM", "LESS_THAN", Operand("w"), "TRIGGERED", 6),
    ("VALUES (1, 9), (5, 2) AS t(v, w)", None, "LESS_THAN", Operand("w", "AVG"), "TRIGGERED", 1),
]


@pytest.mark.parametrize(("query", "aggregation", "operator", "threshold", "state", "value"), CASES)
def test_an_evaluation_means_what_sql_means(
    warehouse: Warehouse,
    query: str,
    aggregation: str | None,
    operator: str,
    threshold: Any,
    state: str,
    value: Any,
) -> None:
    condition = Condition(Operand("v", aggregation), operator, threshold, "ERROR")
    found = read_outcome(condition, first(warehouse, evaluation_statement(query, condition)))
    assert found.state == state
    if value is not None:
        assert found.value == value
        assert type(found.value) is type(value)


@pytest.mark.parametrize("query", ["SELECT 4 AS v;", "SELECT 4 AS v -- closing", "SELECT 1 AS w"])
def test_an_aggregated_query_that_breaks_on_databricks_breaks_here(
    warehouse: Warehouse, query: str
) -> None:
    with pytest.raises(SqlError):
        first(warehouse, evaluation_statement(query, Condition(Operand("v", "SUM"), "EQUAL", 4.0)))


def test_the_querys_rows_come_with_the_verdict(warehouse: Warehouse) -> None:
    condition = Condition(Operand("v"), "EQUAL", 1.0)
    query = "SELECT * FROM VALUES (1, 'a'), (2, 'b') AS t(v, w) ORDER BY v"
    table = warehouse.execute(evaluation_statement(query, condition), user="ada").table
    assert table.column_names == ["v", "w", VALUE, THRESHOLD, MET]
    assert table.select(["v", "w"]).to_pylist() == [{"v": 1, "w": "a"}, {"v": 2, "w": "b"}]
