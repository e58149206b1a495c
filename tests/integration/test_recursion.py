"""WITH RECURSIVE on Sail: series, trees, one in another, and any sequence."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_server import SPARK

from databricks_alerts.evaluation import Condition, Operand, evaluation_statement
from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse

pytestmark = pytest.mark.skipif(bool(SPARK), reason="Apache Spark has recursion itself")
_COUNTED = "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r WHERE n < {0})"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    made = Warehouse(tmp_path_factory.mktemp("recursion"))
    made.start()
    yield made
    made.stop()


def _rows(warehouse: Warehouse, sql: str, **parameters: Any) -> list[tuple[Any, ...]]:
    table = warehouse.execute(sql, parameters, user="ada").table
    return [tuple(row.values()) for row in table.to_pylist()]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        (f"{_COUNTED.format(100)} SELECT sum(n), count(*) FROM r", [(5050, 100)]),
        (f"{_COUNTED.format(0)} SELECT sum(n), count(*) FROM r", [(1, 1)]),
        (
            "WITH RECURSIVE d AS (SELECT DATE'2026-02-27' AS x UNION ALL SELECT x + INTERVAL 1 DAY "
            "FROM d WHERE x < DATE'2026-03-01') SELECT CAST(max(x) AS STRING), count(*) FROM d",
            [("2026-03-01", 3)],
        ),
        (  # a tree, its columns named by where it begins
            "WITH RECURSIVE tree AS (SELECT 1 AS id, 'a' AS path UNION ALL SELECT e.id, "
            "concat(t.path, '/', e.name) FROM tree t JOIN (VALUES (2, 1, 'b'), (3, 2, 'c')) AS "
            "e(id, parent, name) ON e.parent = t.id) SELECT * FROM tree ORDER BY id",
            [(1, "a"), (2, "a/b"), (3, "a/b/c")],
        ),
        (  # one reads another
            "WITH RECURSIVE f(a, b) AS (SELECT 0L, 1L UNION ALL SELECT b, a + b FROM f WHERE b < "
            "100), g(n) AS (SELECT max(a) FROM f UNION ALL SELECT n - 1 FROM g WHERE n > 88) "
            "SELECT n FROM g ORDER BY n",
            [(88,), (89,)],
        ),
        (  # inside another query, reading a name from around it
            "WITH base AS (SELECT 2 AS k), q AS (WITH RECURSIVE r(n) AS (SELECT k FROM base UNION "
            "ALL SELECT n + 1 FROM r, base WHERE n < 5 * k) SELECT n FROM r) SELECT max(n) FROM q",
            [(10,)],
        ),
        ("WITH RECURSIVE a AS (SELECT 1 AS x) SELECT x FROM a", [(1,)]),
        (
            "WITH RECURSIVE r AS (SELECT array(1) AS x UNION ALL SELECT "
            "array_append(x, size(x) + 1) FROM r WHERE size(x) < 3) "
            "SELECT x FROM r ORDER BY size(x) DESC LIMIT 1",
            [([1, 2, 3],)],
        ),
    ],
)
def test_a_recursion_has_all_its_levels(
    warehouse: Warehouse, sql: str, expected: list[tuple[Any, ...]]
) -> None:
    assert _rows(warehouse, sql) == expected
    assert _rows(warehouse, f"SELECT * FROM ({sql})") == expected
    assert "Physical Plan" in _rows(warehouse, f"EXPLAIN {sql}")[0][0]
    assert len(_rows(warehouse, f"DESCRIBE QUERY {sql}")) == len(expected[0])


def test_parameters_reach_into_a_recursion(warehouse: Warehouse) -> None:
    assert _rows(warehouse, f"{_COUNTED.format(':most')} SELECT max(n) FROM r", most=7) == [(7,)]


def test_an_alert_may_hold_one(warehouse: Warehouse) -> None:
    condition = Condition(Operand("m"), "GREATER_THAN", 4.0)
    sql = evaluation_statement(f"{_COUNTED.format(5)} SELECT max(n) AS m FROM r", condition)
    assert warehouse.execute(sql, user="ada").table.to_pylist()[0]["m"] == 5


@pytest.mark.parametrize(
    ("sql", "condition"),
    [
        (
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n FROM r) SELECT n FROM r",
            "RECURSION_",
        ),
        (
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n, 2 FROM r) SELECT n FROM r",
            "NUM_COLUMNS_MISMATCH",
        ),
        (
            "WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT m FROM r) SELECT n FROM r",
            "UNRESOLVED_COLUMN",
        ),
        # Databricks takes no UNION without ALL here; what is no recursion of ours is not blamed.
        ("WITH RECURSIVE r(n) AS (SELECT 1 UNION SELECT n FROM r) SELECT n FROM r", "UNSUPPORTED"),
    ],
)
def test_what_never_ends_or_does_not_fit_is_told(
    warehouse: Warehouse, sql: str, condition: str
) -> None:
    with pytest.raises(SqlError, match=condition):
        _rows(warehouse, sql)


def test_a_missing_column_is_told_where_it_stands(warehouse: Warehouse) -> None:
    begun = "EXPLAIN WITH RECURSIVE r(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM r"
    sql = f"{begun} WHERE missing < 5) SELECT 1"
    [(plan,)] = _rows(warehouse, sql)
    assert "`missing`" in plan
    assert f"line 1 pos {sql.index('missing')}" in plan


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    begin=st.lists(st.integers(-5, 5), min_size=1, max_size=4),
    factor=st.integers(-2, 3),
    added=st.integers(-3, 3),
    bound=st.integers(-20, 40),
)
def test_levels_are_those_of_the_definition(
    warehouse: Warehouse, begin: list[int], factor: int, added: int, bound: int
) -> None:
    level, expected = begin, list(begin)
    for _ in range(12):
        level = [value * factor + added for value in level if abs(value) < bound]
        expected += level
    rows = ", ".join(f"({value})" for value in begin)
    sql = (
        f"WITH RECURSIVE r(n, depth) AS (SELECT v, 0 FROM VALUES {rows} AS t(v) UNION ALL SELECT "
        f"n * {factor} + {added}, depth + 1 FROM r WHERE abs(n) < {bound} AND depth < 12) "
        "SELECT n FROM r"
    )
    assert sorted(row[0] for row in _rows(warehouse, sql)) == sorted(expected)
