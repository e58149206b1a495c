"""A Spark Connect server that others run, in place of the embedded one (`--spark`).

Here it is Sail without any catalog of ours, which knows two levels of names as Apache Spark does.
`make test-spark` (ALERTS_TEST_SPARK=sc://host:port) runs the warehouse's other tests on Spark too.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from warehouse_server import ADMIN, SPARK

from databricks_alerts.local_workspace.warehouse import Warehouse
from databricks_alerts.local_workspace.warehouse.errors import SqlError


@pytest.fixture(scope="module")
def server() -> Iterator[str]:
    """The address of a Spark Connect server."""
    if SPARK:
        yield SPARK
        return
    from pysail.spark import SparkConnectServer

    engine = SparkConnectServer("127.0.0.1", 0)
    engine.start(background=True)
    yield f"sc://127.0.0.1:{engine.listening_address[1]}"
    engine.stop()


@pytest.fixture
def warehouse(tmp_path: Path, server: str) -> Iterator[Warehouse]:
    """A warehouse of its own on that server."""
    made = Warehouse(tmp_path, server, is_admin=lambda user: user == ADMIN)
    made.start()
    yield made
    made.stop()


def _rows(warehouse: Warehouse, sql: str, schema: str = "gold") -> list[dict[str, object]]:
    session = warehouse.new_session(ADMIN, "main", schema)
    return list(warehouse.execute(sql, session=session).table.to_pylist())


def test_tables_are_written_and_read_by_names_of_every_length(warehouse: Warehouse) -> None:
    _rows(warehouse, "CREATE SCHEMA main.gold", "default")
    _rows(warehouse, "CREATE TABLE t (a INT, b STRING)")
    answer = _rows(warehouse, "INSERT INTO gold.t VALUES (1, 'x'), (2, 'y')", "default")
    assert answer == [{"num_affected_rows": 2, "num_inserted_rows": 2}]
    assert _rows(warehouse, "UPDATE main.gold.t SET b = 'z' WHERE a = 2") == [
        {"num_affected_rows": 1}
    ]
    for name in ("t", "gold.t", "main.gold.t"):
        query = f"WITH c AS (SELECT {name}.a, b FROM {name}) SELECT b FROM c WHERE a = 2"
        assert _rows(warehouse, query) == [{"b": "z"}]
    assert _rows(warehouse, "SELECT count(*) AS n FROM t VERSION AS OF 0") == [{"n": 0}]


def test_a_view_is_read_from_another_schema(warehouse: Warehouse) -> None:
    _rows(warehouse, "CREATE SCHEMA main.gold", "default")
    _rows(warehouse, "CREATE SCHEMA main.silver", "default")
    _rows(warehouse, "CREATE TABLE t AS SELECT 7 AS a")
    _rows(warehouse, "CREATE VIEW main.silver.v AS SELECT t.a FROM t")
    assert _rows(warehouse, "SELECT a FROM v", "silver") == [{"a": 7}]
    _rows(warehouse, "CREATE OR REPLACE TABLE t AS SELECT 8 AS a")
    assert _rows(warehouse, "SELECT a FROM silver.v", "default") == [{"a": 8}]


def test_a_view_without_its_table_harms_no_other_statement(warehouse: Warehouse) -> None:
    _rows(warehouse, "CREATE TABLE t AS SELECT 7 AS a", "default")
    _rows(warehouse, "CREATE VIEW v AS SELECT a FROM t", "default")
    _rows(warehouse, "DROP TABLE t", "default")
    with pytest.raises(SqlError, match="TABLE_OR_VIEW_NOT_FOUND"):
        _rows(warehouse, "SELECT a FROM v", "default")
    assert _rows(warehouse, "CREATE TABLE u AS SELECT 1 AS n", "default") == []
    assert _rows(warehouse, "SELECT n FROM u", "default") == [{"n": 1}]


def test_errors_speak_of_the_statements_own_names(warehouse: Warehouse) -> None:
    with pytest.raises(SqlError) as caught:
        _rows(warehouse, "SELECT * FROM main.default.nope", "default")
    assert caught.value.condition == "TABLE_OR_VIEW_NOT_FOUND"
    assert "`main`.`default`.`nope`" in str(caught.value)
    assert "line 1 pos 14" in str(caught.value)
    assert "ws_" not in str(caught.value)


def test_two_workspaces_share_a_server(warehouse: Warehouse, tmp_path: Path, server: str) -> None:
    _rows(warehouse, "CREATE TABLE t AS SELECT 1 AS n", "default")
    other = Warehouse(tmp_path / "other", server)
    other.start()
    try:
        assert _rows(other, "CREATE TABLE t AS SELECT 2 AS n", "default") == []
        assert _rows(other, "SELECT n FROM t", "default") == [{"n": 2}]
        assert _rows(warehouse, "SELECT n FROM t", "default") == [{"n": 1}]
    finally:
        other.stop()


def test_a_name_in_a_string_and_the_sessions_place_are_ours(warehouse: Warehouse) -> None:
    _rows(warehouse, "CREATE SCHEMA main.gold", "default")
    _rows(warehouse, "CREATE TABLE t AS SELECT 7 AS a")
    for name in ("'main.gold.t'", "'main' || '.gold.' || 't'", "'t'"):
        assert _rows(warehouse, f"SELECT a FROM IDENTIFIER({name})") == [{"a": 7}]
    placed = _rows(warehouse, "SELECT current_catalog() AS c, current_schema() AS s")
    assert placed == [{"c": "main", "s": "gold"}]
    with pytest.raises(SqlError, match="INSUFFICIENT_PERMISSIONS"):
        warehouse.execute("SELECT a FROM IDENTIFIER('main.gold.t')", user="eve@local.test")


def test_what_only_databricks_has_is_told_by_explain_too(warehouse: Warehouse) -> None:
    for query in ("SELECT is_member(concat('x')) AS n", "SELECT ai_query('m', 'x') AS n"):
        for asked in ("EXPLAIN EXTENDED", "EXPLAIN", ""):
            with pytest.raises(SqlError, match="not supported by the local workspace"):
                _rows(warehouse, f"{asked} {query}", "default")


def test_what_apache_spark_lacks_is_rewritten_for_it(warehouse: Warehouse) -> None:
    assert _rows(warehouse, "SELECT iff(true, 1, 2) AS n", "default") == [{"n": 1}]
    query = "SELECT a:b AS n FROM (SELECT '{\"b\": 5}' AS a)"
    assert _rows(warehouse, query, "default") == [{"n": "5"}]


@pytest.mark.skipif(bool(SPARK), reason="a server of others is not to be stopped")
def test_a_server_that_was_started_anew_is_taken_up_again(tmp_path: Path) -> None:
    from pysail.spark import SparkConnectServer

    first = SparkConnectServer("127.0.0.1", 0)
    first.start(background=True)
    port = first.listening_address[1]
    warehouse = Warehouse(tmp_path, f"sc://127.0.0.1:{port}")
    warehouse.start()
    _rows(warehouse, "CREATE TABLE t AS SELECT 1 AS n", "default")
    first.stop()
    with pytest.raises(SqlError, match="WAREHOUSE_UNAVAILABLE"):
        _rows(warehouse, "SELECT n FROM t", "default")
    second = SparkConnectServer("127.0.0.1", port)
    second.start(background=True)
    try:
        assert _rows(warehouse, "SELECT n FROM t", "default") == [{"n": 1}]
    finally:
        warehouse.stop()
        second.stop()


def test_a_placeholder_in_a_literal_stays(warehouse: Warehouse) -> None:
    held = _rows(warehouse, "SELECT '${catalog}.${gold_schema}' AS template", "default")
    assert held == [{"template": "${catalog}.${gold_schema}"}]
