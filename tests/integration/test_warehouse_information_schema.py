"""information_schema on the local warehouse: any query over it, however much there is."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from warehouse_server import ADMIN, SPARK

from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse, sessions

SCHEMATA = "main.information_schema.schemata"
COLUMNS = "main.information_schema.columns"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    running = Warehouse(tmp_path_factory.mktemp("warehouse"), SPARK, is_admin=lambda _: True)
    running.start()
    _run(running, "CREATE SCHEMA main.shop")
    _run(running, "CREATE TABLE main.shop.orders (id INT NOT NULL, note STRING COMMENT 'it\\'s')")
    _run(running, "CREATE TABLE main.shop.items (id INT)")
    yield running
    running.stop()


@pytest.fixture
def lent(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names under which rows were lent."""
    names: list[str] = []
    lend = sessions.SparkSession.lend

    def noted(session: sessions.SparkSession, table: Any) -> str:
        names.append(lend(session, table))
        return names[-1]

    monkeypatch.setattr(sessions.SparkSession, "lend", noted)
    return names


def _run(warehouse: Warehouse, sql: str, *parameters: str) -> list[tuple[Any, ...]]:
    found = warehouse.execute(sql, parameters, user=ADMIN).table.to_pylist()
    return [tuple(row.values()) for row in found]


def _ids(where: str) -> str:
    return f"SELECT count(*) FROM {COLUMNS} WHERE column_name = 'id' AND {where}"


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (_ids("table_schema = 'shop'"), [(2,)]),
        (
            _ids("array_contains(array('shop.items'), concat(table_schema, '.', table_name))"),
            [(1,)],
        ),
        (
            f"SELECT a.table_name FROM {COLUMNS} a JOIN {COLUMNS} AS b "
            "ON a.table_name = b.table_name AND a.ordinal_position + 1 = b.ordinal_position",
            [("orders",)],
        ),
        (
            f"SELECT columns.column_name FROM {COLUMNS} WHERE data_type = 'STRING'",
            [("note",)],
        ),
        (
            f"WITH s AS (SELECT schema_name FROM {SCHEMATA}) SELECT * FROM s "
            "WHERE schema_name IN (SELECT table_schema FROM `main`.information_schema.`tables`)",
            [("shop",)],
        ),
        ("SELECT * FROM main.information_schema.views", []),
        ("SELECT ordinal_position + 1 FROM dev.information_schema.columns", []),
        (f"SELECT count(*) FROM {SCHEMATA} WHERE schema_name = ?", [(1,)]),
    ],
)
def test_any_query_is_answered_and_nothing_stays_with_the_engine(
    warehouse: Warehouse, lent: list[str], query: str, answer: list[tuple[Any, ...]]
) -> None:
    parameters = ("shop",) if "?" in query else ()
    assert _run(warehouse, query, *parameters) == answer
    assert _plan(warehouse, query, *parameters)
    for name in lent:
        with pytest.raises(SqlError) as caught:
            _run(warehouse, f"SELECT * FROM `{name}`")
        assert caught.value.condition == "TABLE_OR_VIEW_NOT_FOUND"


def test_a_query_that_fails_leaves_nothing_either(warehouse: Warehouse, lent: list[str]) -> None:
    with pytest.raises(SqlError) as caught:
        _run(warehouse, f"SELECT nothing_like_it FROM {SCHEMATA}")
    assert caught.value.condition.startswith("UNRESOLVED_COLUMN")
    assert lent[0] not in str(caught.value)
    with pytest.raises(SqlError, match="TABLE_OR_VIEW_NOT_FOUND"):
        _run(warehouse, f"SELECT * FROM `{lent[0]}`")


def test_what_is_sent_does_not_grow_with_what_exists(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent: list[int] = []
    run = sessions.SparkSession.run

    def noted(session: sessions.SparkSession, sql: str) -> Any:
        sent.append(len(sql))
        return run(session, sql)

    monkeypatch.setattr(sessions.SparkSession, "run", noted)
    _run(warehouse, _ids("true"))
    for number in range(20):
        warehouse.catalog.add_schema("main", f"more_{number}", "of this")
    _run(warehouse, f"SELECT count(*) FROM {SCHEMATA}")
    _run(warehouse, _ids("true"))
    assert sent[0] == sent[-1]
    assert max(sent) < 300


def test_each_of_many_statements_at_once_has_rows_of_its_own(warehouse: Warehouse) -> None:
    """One session serves all who stand in a schema: one's end takes nothing from another."""
    with ThreadPoolExecutor(6) as pool:
        query = _ids("table_schema = 'shop'")
        answers = list(pool.map(lambda _: _run(warehouse, query), range(40)))
    assert answers == [[(2,)]] * 40


def _plan(warehouse: Warehouse, query: str, *parameters: str) -> str:
    return str(_run(warehouse, f"EXPLAIN {query}", *parameters)[0][0])


def test_a_view_over_what_is_gone_hides_no_other_columns(warehouse: Warehouse) -> None:
    _run(warehouse, "CREATE TABLE main.shop.gone (id INT)")
    _run(warehouse, "CREATE VIEW main.shop.over_gone AS SELECT id FROM main.shop.gone")
    _run(warehouse, "DROP TABLE main.shop.gone")
    try:
        assert _run(warehouse, _ids("table_schema = 'shop'")) == [(2,)]
    finally:
        _run(warehouse, "DROP VIEW main.shop.over_gone")


def test_a_view_is_analysed_once_until_it_is_made_anew(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    analyze, asked = sessions.SparkSession.analyze, []

    def noted(session: sessions.SparkSession, sql: str) -> Any:
        asked.append(sql)
        return analyze(session, sql)

    monkeypatch.setattr(sessions.SparkSession, "analyze", noted)
    _run(warehouse, "CREATE VIEW main.shop.seen AS SELECT id FROM main.shop.items")
    try:
        for _ in range(3):
            _run(warehouse, _ids("table_schema = 'shop'"))
        assert sum("seen" in sql for sql in asked) == 1
        _run(warehouse, "CREATE OR REPLACE VIEW main.shop.seen AS SELECT id AS x FROM shop.items")
        assert _run(warehouse, _ids("table_schema = 'shop'")) == [(2,)]
    finally:
        _run(warehouse, "DROP VIEW main.shop.seen")


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        (
            f"SELECT table_name, count(*) AS n FROM {COLUMNS} WHERE table_schema = 'shop' "
            "GROUP BY ALL ORDER BY ALL",
            [("items", 1), ("orders", 2)],
        ),
        (
            f"SELECT * EXCEPT (schema_owner, comment) FROM {SCHEMATA} WHERE schema_name = 'shop'",
            [("main", "shop")],
        ),
        (
            f"SELECT table_name AS t, t || '!' AS loud FROM {COLUMNS} WHERE column_name = 'note'",
            [("orders", "orders!")],
        ),
        (
            f"FROM {COLUMNS} |> WHERE column_name = 'note' |> SELECT table_name",
            [("orders",)],
        ),
    ],
)
def test_the_dialect_holds_for_information_schema(
    warehouse: Warehouse, query: str, answer: list[tuple[Any, ...]]
) -> None:
    assert _run(warehouse, query) == answer
