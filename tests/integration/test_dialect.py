"""Databricks SQL as people write it over system tables: what the local workspace says of it.

`data/dialect_queries.json` has for each query whether Databricks takes it, and what is told here:
it runs, is refused, or is named as unsupported; `on_spark` where Apache Spark tells another thing.
A query that gets better changes its line there, and docs/sql-engines.md.
"""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from engine_differences import DOCUMENT, document, queries, told_on_spark
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_server import ADMIN, SPARK

from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse

QUERIES = queries()


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    made = Warehouse(tmp_path_factory.mktemp("dialect"), SPARK, is_admin=lambda user: user == ADMIN)
    made.start()
    yield made
    made.stop()


def _told(warehouse: Warehouse, sql: str) -> str:
    """What EXPLAIN and, where it finds nothing wrong, the query itself say."""
    try:
        plan = warehouse.execute(f"EXPLAIN {sql}", user=ADMIN).table.column(0)[0].as_py()
        if plan.startswith("Error occurred during query planning"):
            return "an internal error" if "INTERNAL_ERROR" in plan else "refused"
        warehouse.execute(sql, user=ADMIN)
    except SqlError as error:
        told = {
            "UNSUPPORTED_FEATURE.LOCAL_WORKSPACE": "unsupported",
            "INTERNAL_ERROR": "an internal error",
        }
        return told.get(error.condition, "refused")
    return "runs"


@pytest.mark.parametrize("query", QUERIES, ids=[query["sql"][:60] for query in QUERIES])
def test_a_query_is_told_what_it_deserves(warehouse: Warehouse, query: dict[str, str]) -> None:
    assert _told(warehouse, query["sql"]) == (told_on_spark(query) if SPARK else query["told"])


def test_no_good_query_is_blamed_and_no_bad_one_runs() -> None:
    good = [query["told"] for query in QUERIES if query["valid"]]
    bad = [query["told"] for query in QUERIES if not query["valid"]]
    assert "refused" not in good
    assert "runs" not in bad


def test_no_good_query_is_blamed_on_spark() -> None:
    assert "refused" not in [told_on_spark(query) for query in QUERIES if query["valid"]]


def test_the_document_names_what_the_engines_say_differently() -> None:
    text = DOCUMENT.read_text()
    assert text == document(text), "run .venv/bin/python tests/integration/engine_differences.py"
    assert f"Of the {len(QUERIES)} queries" in text


G = "VALUES (4, 2) AS v(a, b)"


@pytest.mark.parametrize(
    ("sql", "names"),
    [
        ("SELECT request_params.user, 1 AS n FROM system.access.audit", ["user", "n"]),
        ("SELECT usage_quantity AS x, x * 2 AS y FROM system.billing.usage", ["x", "y"]),
        ("SELECT request_params.p:a.b FROM system.access.audit", ["b"]),
        (
            f"SELECT sum(a) / count(*), v.a % v.b FROM {G} GROUP BY ALL",
            ["(sum(a) / count(1))", "(a % b)"],
        ),
        (
            f"SELECT (a + b) * 2 / b > 1 AND a IS NOT NULL FROM {G}",
            ["(((((a + b) * 2) / b) > 1) AND (a IS NOT NULL))"],
        ),
        (f"SELECT -a / b || 'x' FROM {G}", ["concat(((- a) / b), x)"]),
        ("SELECT * FROM (SELECT 1 AS a) QUALIFY row_number() OVER (ORDER BY a) = 1", ["a"]),
    ],
)
def test_columns_keep_the_names_that_databricks_gives(
    warehouse: Warehouse, sql: str, names: list[str]
) -> None:
    assert warehouse.execute(sql, user=ADMIN).table.column_names == names


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        ("SELECT m.k AS v FROM (SELECT map('k', 7) AS m)", [7]),
        ("SELECT decode(2, 1, 'a', 2, 'b', 'c')", ["b"]),
        ("SELECT try_divide(1, 0)", [None]),
        ('SELECT raw:a[1].b FROM (SELECT \'{"a": [0, {"b": 5}]}\' AS raw)', ["5"]),
        ("SELECT 'abc' NOT LIKE ALL ('x%', 'a%')", [False]),
        ("SELECT 'A' COLLATE UTF8_LCASE = 'a'", [True]),
        ("FROM (SELECT 1 AS a) |> WHERE a = 1 |> SELECT a + 1 AS b", [2]),
        ("SELECT x FROM (SELECT 1 AS k, 'p' AS t, 5 AS v) PIVOT (sum(v) FOR t IN ('p' AS x))", [5]),
    ],
)
def test_a_rewritten_query_answers_what_it_means(
    warehouse: Warehouse, sql: str, rows: list[object]
) -> None:
    assert warehouse.execute(sql, user=ADMIN).table.column(0).to_pylist() == rows


def test_an_error_in_a_rewritten_query_has_the_place_of_the_statement(
    warehouse: Warehouse,
) -> None:
    sql = "SELECT request_params.user AS u,\n  nope AS v FROM system.access.audit"
    with pytest.raises(SqlError, match=r"`nope`.*line 2 pos 2"):
        warehouse.execute(sql, user=ADMIN)


HOURS = (
    "VALUES (TIMESTAMP '2026-01-01 10:59:59', 1), (TIMESTAMP '2026-01-01 11:00:00', 2) AS v(t, n)"
)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (
            f"SELECT window(t, '1 hour').start AS s, sum(n) FROM {HOURS} GROUP BY 1",
            ["10:00", "11:00"],
        ),
        (
            f"SELECT window.end, sum(n) FROM {HOURS} GROUP BY window(t, '30 minutes')",
            ["11:00", "11:30"],
        ),
        (
            f"SELECT w.start FROM (SELECT window(t, '1 hour 30 minutes') AS w FROM {HOURS})",
            ["10:30"] * 2,
        ),
    ],
)
def test_tumbling_windows_start_at_multiples_of_their_length(
    warehouse: Warehouse, sql: str, rows: list[str]
) -> None:
    found = warehouse.execute(sql, user=ADMIN).table.column(0).to_pylist()
    assert sorted(moment.strftime("%H:%M") for moment in found) == rows


GIVEN = "(SELECT * FROM VALUES (1, 0, '12'), (4, 2, 'x'), (NULL, 0, '7') AS v(a, b, s))"
NOTHING = "(SELECT 1 AS a, 1 AS b WHERE false)"
in_order = pytest.mark.skipif(
    bool(SPARK), reason="Apache Spark looks at conditions in an order of its own"
)


@pytest.mark.parametrize(
    ("sql", "rows"),
    [
        (f"SELECT sum(a) / count(*) FROM {NOTHING}", [None]),
        (f"SELECT 100.0 * sum(a) / count(b) FROM {NOTHING}", [None]),
        (f"SELECT sum(a) % count(*) FROM {NOTHING}", [None]),
        (f"SELECT sum(a) DIV count(*) FROM {NOTHING}", [None]),
        (f"SELECT mod(sum(a), count(*)) FROM {NOTHING}", [None]),
        (f"SELECT avg(a) / avg(b) - 1 FROM {NOTHING}", [None]),
        (f"SELECT a / b FROM {GIVEN} WHERE a IS NULL", [None]),
        (f"SELECT a / b / b FROM {GIVEN} WHERE a IS NULL OR b > 0 ORDER BY 1", [None, 1.0]),
        (f"SELECT CASE WHEN b <> 0 THEN a / b END AS r FROM {GIVEN} ORDER BY r", [None, None, 2]),
        (f"SELECT a FROM {GIVEN} WHERE b <> 0 AND a / b > 1", [4]),
        (f"SELECT a FROM {GIVEN} WHERE a IS NOT NULL AND (b = 0 OR a / b > 1) ORDER BY a", [1, 4]),
        (f"SELECT a FROM {GIVEN} WHERE s RLIKE '^[0-9]+$' AND CAST(s AS INT) > 9 AND a > 0", [1]),
        (f"SELECT a FROM {GIVEN} WHERE a > 0 AND s <> 'x' AND CAST(s AS INT) > (SELECT 9)", [1]),
        pytest.param(
            f"SELECT a FROM {GIVEN} WHERE a IN (SELECT 1) AND CAST(s AS INT) > 9",
            [1],
            marks=in_order,
        ),
        (f"SELECT a FROM {GIVEN} WHERE b <> 0 AND a IN (SELECT 4) AND a / b > 1", [4]),
        (f"SELECT a FROM {GIVEN} WHERE b <> 0 AND a / b > 1 AND a IN (SELECT 4) AND a > 0", [4]),
        (
            f"SELECT a FROM {GIVEN} WHERE s <> 'x' AND a > 0 AND CAST(s AS INT) NOT IN (SELECT 1)",
            [1],
        ),
        (f"SELECT b FROM {GIVEN} GROUP BY b HAVING b > 0 AND sum(a) / b > 1", [2]),
        (f"SELECT a / b AS r FROM {GIVEN} WHERE a IS NULL GROUP BY a / b ORDER BY a / b", [None]),
    ],
)
def test_what_is_guarded_against_zero_does_not_fail(
    warehouse: Warehouse, sql: str, rows: list[object]
) -> None:
    assert warehouse.execute(sql, user=ADMIN).table.column(0).to_pylist() == rows


@in_order
@pytest.mark.parametrize("word", ["AND", "OR"])
def test_a_long_chain_of_what_may_fail_is_not_too_deep(warehouse: Warehouse, word: str) -> None:
    chain = f" {word} ".join(f"CAST(s AS INT) > {number}" for number in range(-150, 0))
    sql = f"SELECT a FROM {GIVEN} WHERE a = 1 AND b = 0 AND s <> 'x' AND ({chain})"
    assert warehouse.execute(sql, user=ADMIN).table.column(0).to_pylist() == [1]


@pytest.mark.parametrize(
    ("sql", "condition"),
    [
        (f"SELECT a / b FROM {GIVEN}", "DIVIDE_BY_ZERO"),
        (f"SELECT a DIV b FROM {GIVEN}", "DIVIDE_BY_ZERO"),
        (f"SELECT sum(a) / sum(b - b) FROM {GIVEN}", "DIVIDE_BY_ZERO"),
        (f"SELECT a % b FROM {GIVEN}", "REMAINDER_BY_ZERO"),
        (f"SELECT mod(a, b) FROM {GIVEN}", "REMAINDER_BY_ZERO"),
        (f"SELECT a FROM {GIVEN} WHERE a / b > 1 AND b <> 0", "DIVIDE_BY_ZERO"),
        (f"SELECT a FROM {GIVEN} WHERE CAST(s AS INT) > 5", "CAST_INVALID_INPUT"),
    ],
)
def test_what_divides_by_zero_fails_by_the_name_that_databricks_gives(
    warehouse: Warehouse, sql: str, condition: str
) -> None:
    with pytest.raises(SqlError) as caught:
        warehouse.execute(sql, user=ADMIN)
    assert caught.value.condition == condition


COLUMNS = [
    *("usage_date", "usage_quantity", "sku_name", "custom_tags", "custom_tags.team", "nope"),
    *("usage_metadata.job_id", "usage_metadata", "usage_start_time", "1", "'x'", "NULL"),
]
EXPRESSIONS = st.recursive(
    st.sampled_from(COLUMNS),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["+", "-", "*", "/", "=", "<", "||", "AND"]), inner).map(
            lambda parts: f"({' '.join(parts)})"
        ),
        st.tuples(st.sampled_from(["sum", "max", "upper", "year", "try_divide", "if"]), inner).map(
            lambda parts: f"{parts[0]}({parts[1]})"
        ),
        st.tuples(inner, inner).map(lambda parts: f"coalesce({parts[0]}, {parts[1]})"),
    ),
    max_leaves=4,
)


@given(
    items=st.lists(EXPRESSIONS, min_size=1, max_size=3),
    group=st.sampled_from(["", "GROUP BY ALL", "GROUP BY sku_name"]),
    order=st.sampled_from(["", "ORDER BY ALL", "ORDER BY a0"]),
)
@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
def test_no_statement_ends_in_an_internal_error(
    warehouse: Warehouse, items: list[str], group: str, order: str
) -> None:
    named = ", ".join(f"{item} AS a{index}" for index, item in enumerate(items))
    told = _told(warehouse, f"SELECT {named} FROM system.billing.usage {group} {order}")
    assert told in ("runs", "refused", "unsupported")


@pytest.fixture(scope="module")
def changed(warehouse: Warehouse) -> Warehouse:
    """The warehouse with a table of a map that statements copy from and change."""
    for sql in (
        "CREATE TABLE main.default.given (a INT, b INT, m MAP<STRING, STRING>)",
        "INSERT INTO main.default.given VALUES (1, 0, map('u', 'x')), (4, 2, map('u', 'z'))",
    ):
        warehouse.execute(sql, user=ADMIN)
    return warehouse


@pytest.fixture
def holds_all(changed: Warehouse) -> Iterator[str]:
    """An empty table with a column of each kind of type."""
    table = "main.default.holds_all"
    columns = "x INT, u STRING, m MAP<STRING, STRING>, l ARRAY<INT>, r STRUCT<m: INT>"
    changed.execute(f"CREATE TABLE {table} ({columns})", user=ADMIN)
    yield table
    changed.execute(f"DROP TABLE {table}", user=ADMIN)


READ = "SELECT m.u AS u, a * 2 AS x, x + 1 AS y FROM main.default.given"


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        (f"CREATE TABLE main.default.made AS {READ}", [("x", 2, 3), ("z", 8, 9)]),
        (f"CREATE TABLE main.default.made AS SELECT * EXCEPT (u) FROM ({READ})", [(2, 3), (8, 9)]),
        (
            "CREATE TABLE main.default.made AS SELECT m.u, count(*) AS n FROM main.default.given "
            "GROUP BY ALL",
            [("x", 1), ("z", 1)],
        ),
        (f"CREATE VIEW main.default.made AS {READ}", [("x", 2, 3), ("z", 8, 9)]),
    ],
)
def test_a_query_that_makes_something_is_databricks_sql_too(
    changed: Warehouse, change: str, rows: list[object]
) -> None:
    kind = change.split()[1]
    changed.execute(change, user=ADMIN)
    try:
        found = changed.execute("SELECT * FROM main.default.made ORDER BY 1", user=ADMIN)
    finally:
        changed.execute(f"DROP {kind} main.default.made", user=ADMIN)
    assert [tuple(row.values()) for row in found.table.to_pylist()] == rows


@pytest.mark.parametrize(
    ("change", "rows"),
    [
        ("INSERT INTO {t} SELECT m.u, a * 3 AS x, x + 1 AS y FROM {g} WHERE m.u = 'z'", [12, 5]),
        ("INSERT INTO {t} (y, x) SELECT a + 6 AS p, p + 1 AS q FROM {g} WHERE m.u = 'z'", [11, 5]),
        ("INSERT OVERWRITE {t} SELECT m.u, a * 3 AS x, x + 1 AS y FROM {g}", [3, 12]),
        ("UPDATE {t} SET x = iff(y > 1, 7, 8) WHERE m.u = 'k'", [7]),
        ("UPDATE {t} SET x = 6 WHERE y <> 0 AND x / y > 1", [6]),
        ("UPDATE {t} SET x = NULL / (y - y)", [None]),
        ("DELETE FROM {t} WHERE m.u = 'k'", []),
        ("DELETE FROM {t} WHERE u LIKE ANY ('no%', 'k%')", []),
        ("DELETE FROM {t} WHERE x IN (SELECT a * 5 AS p FROM {g} WHERE m.u = 'x')", []),
        (
            "MERGE INTO {t} AS t USING (SELECT m.u AS k, a FROM {g}) AS s ON t.x = s.a + 4 "
            "WHEN MATCHED AND s.k = 'x' THEN UPDATE SET t.x = iff(s.a > 0, 1, 2) "
            "WHEN NOT MATCHED THEN INSERT (u, x) VALUES (s.k, iff(s.a > 0, 9, 2))",
            [1, 9],
        ),
        (
            "MERGE INTO {t} AS t USING {g} AS s ON t.x = s.a AND s.m.u = t.m.u "
            "WHEN NOT MATCHED AND s.m.u = 'z' THEN INSERT (x) VALUES (s.b)",
            [2, 5],
        ),
        ("UPDATE {t} SET m = map('u', 'q'), x = 4 WHERE m.u = 'k'", [4]),
        ("UPDATE {t} SET u = upper(m.u) COLLATE UTF8_LCASE, x = 3 WHERE m.u = 'k'", [3]),
        (
            "MERGE INTO {t} AS t USING {g} AS s ON s.m.u = 'x' AND t.m.u = 'k' "
            "WHEN MATCHED THEN UPDATE SET t.m = s.m, t.x = s.a",
            [1],
        ),
        ("UPDATE {t} SET m = NULL, u = NULL, x = 8 WHERE m.u = 'k'", [8]),
        (
            "MERGE INTO {t} AS t USING {g} AS s ON s.m.u = 'x' AND t.m.u = 'k' "
            "WHEN MATCHED THEN UPDATE SET t.m = NULL, t.x = NULL",
            [None],
        ),
        (
            "MERGE INTO {t} AS t USING {g} AS s ON t.m.u = s.m.u WHEN NOT MATCHED "
            "AND s.a = 4 THEN INSERT (x, m) VALUES (s.a, NULL)",
            [4, 5],
        ),
        (
            "-- sets all\n/* of it */ MERGE INTO {t} AS t USING (SELECT inline(from_json("
            '\'[{{"k": 5, "m": {{"u": "v"}}}}]\', '
            "'ARRAY<STRUCT<k INT, m MAP<STRING, STRING>>>'"
            "))) AS s ON t.x = s.k AND t.m.u = 'k' WHEN MATCHED THEN UPDATE SET m = s.m, x = 6",
            [6],
        ),
    ],
)
def test_a_statement_that_changes_rows_is_databricks_sql_too(
    changed: Warehouse, change: str, rows: list[object]
) -> None:
    table = "main.default.target"
    has_map = change.startswith(("UPDATE", "DELETE")) or "t.m.u" in change
    columns = "u STRING, x INT, y INT" + (", m MAP<STRING, STRING>" if has_map else "")
    value = "'k', 5, 2" + (", map('u', 'k')" if has_map else "")
    changed.execute(f"CREATE TABLE {table} ({columns})", user=ADMIN)
    try:
        changed.execute(f"INSERT INTO {table} VALUES ({value})", user=ADMIN)
        changed.execute(change.format(t=table, g="main.default.given"), user=ADMIN)
        found = changed.execute(f"SELECT x FROM {table}", user=ADMIN).table.column(0).to_pylist()
    finally:
        changed.execute(f"DROP TABLE {table}", user=ADMIN)
    assert sorted(found, key=str) == sorted(rows, key=str)


N = None
MAP = [("k", "v")]


@pytest.mark.parametrize(
    ("values", "rows"),
    [
        ("VALUES (1, NULL, NULL, NULL, NULL)", [(1, N, N, N, N)]),
        (
            "VALUES (1, 'a', NULL, NULL, NULL), (2, NULL, map('k', 'v'), array(1), NULL)",
            [(1, "a", N, N, N), (2, N, MAP, [1], N)],
        ),
        ("(x, m) VALUES (1, NULL)", [(1, N, N, N, N)]),
        ("(x, m) VALUES (1, NULL), (2, map('k', 'v'))", [(1, N, N, N, N), (2, N, MAP, N, N)]),
        ("(x, m) VALUES (1, map('k', 'v')), (2, NULL)", [(1, N, MAP, N, N), (2, N, N, N, N)]),
        (
            "(l, u) VALUES (NULL, 'a'), (NULL, NULL), (array(1, 2), NULL)",
            [(N, "a", N, N, N), (N, N, N, N, N), (N, N, N, [1, 2], N)],
        ),
        (
            "(r, x) VALUES (NULL, 1), (named_struct('m', 1), NULL)",
            [(1, N, N, N, N), (N, N, N, N, {"m": 1})],
        ),
        ("(r, l, m, u, x) VALUES (NULL, NULL, NULL, 'a', 1)", [(1, "a", N, N, N)]),
        ("SELECT 1, NULL, NULL, NULL, NULL", [(1, N, N, N, N)]),
        (
            "SELECT 1, NULL, NULL, NULL, NULL UNION ALL SELECT 2, 'a', map('k', 'v'), NULL, NULL",
            [(1, N, N, N, N), (2, "a", MAP, N, N)],
        ),
        ("(x, u) SELECT 5, 5", [(5, "5", N, N, N)]),
        ("(u, x) SELECT x, x FROM (SELECT 1 AS x)", [(1, "1", N, N, N)]),
        ("BY NAME SELECT NULL AS m, NULL AS x", [(N, N, N, N, N)]),
    ],
)
def test_null_is_written_into_a_column_of_any_type(
    holds_all: str, changed: Warehouse, values: str, rows: list[object]
) -> None:
    changed.execute(f"INSERT INTO {holds_all} {values}", user=ADMIN)
    found = changed.execute(f"SELECT x, u, m, l, r FROM {holds_all}", user=ADMIN).table.to_pylist()
    assert sorted((tuple(row.values()) for row in found), key=str) == sorted(rows, key=str)


@pytest.mark.parametrize("field", ["r.m", "t.r.m"])
@pytest.mark.parametrize(("value", "kept"), [("NULL", None), ("3", 3)])
def test_a_field_is_set_whatever_columns_share_its_name(
    holds_all: str, changed: Warehouse, field: str, value: str, kept: int | None
) -> None:
    changed.execute(f"INSERT INTO {holds_all} (r) VALUES (named_struct('m', 1))", user=ADMIN)
    changed.execute(f"UPDATE {holds_all} AS t SET {field} = {value}", user=ADMIN)
    found = changed.execute(f"SELECT r FROM {holds_all}", user=ADMIN).table.to_pylist()
    assert found == [{"r": {"m": kept}}]


@pytest.mark.parametrize(
    ("change", "condition"),
    [
        ("CREATE TABLE main.default.made AS SELECT sum(m) AS n FROM {g}", "DATATYPE_MISMATCH"),
        ("INSERT INTO {g} SELECT nope, 1, map() FROM {g}", "UNRESOLVED_COLUMN"),
        ("UPDATE {g} SET a = nope", "UNRESOLVED_COLUMN"),
        ("UPDATE {g} SET a = 1 WHERE current_date() > a", "DATATYPE_MISMATCH"),
        (
            "DELETE FROM {g} WHERE a.u = 'x'",
            "INVALID_EXTRACT_BASE_FIELD_TYPE" if SPARK else "UNRESOLVED_COLUMN",
        ),
        (
            "MERGE INTO {g} AS t USING {g} AS s ON t.a = s.nope WHEN MATCHED THEN DELETE",
            "DELTA_MERGE_UNRESOLVED_EXPRESSION" if SPARK else "UNRESOLVED_COLUMN",
        ),
    ],
)
def test_a_statement_that_changes_rows_is_refused_as_databricks_does(
    changed: Warehouse, change: str, condition: str
) -> None:
    with pytest.raises(SqlError) as caught:
        changed.execute(change.format(g="main.default.given"), user=ADMIN)
    assert caught.value.condition.split(".")[0] == condition


@pytest.mark.parametrize(
    "before", ["-- who\n", "/* who */ ", "\n\n -- a\n/* b\n c */\n", "/* a /* b */ c */ -- d\n"]
)
def test_a_comment_in_front_changes_nothing(warehouse: Warehouse, before: str) -> None:
    sql = f"{before}SELECT m.k AS v FROM (SELECT map('k', 7) AS m) ORDER BY ALL"
    assert warehouse.execute(sql, user=ADMIN).table.column(0).to_pylist() == [7]
