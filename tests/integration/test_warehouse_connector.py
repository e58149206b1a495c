"""databricks-sql-connector, both transports, on the local warehouse."""

from __future__ import annotations

import random
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from decimal import Decimal
from typing import Any

import httpx
import pytest
from databricks import sql
from databricks.sql.exc import DatabaseError, Error
from databricks.sql.thrift_api.TCLIService import TCLIService, ttypes
from thrift.protocol.TBinaryProtocol import TBinaryProtocol
from thrift.transport.TTransport import TMemoryBuffer
from warehouse_server import WarehouseServer, serve


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarehouseServer]:
    with serve(tmp_path_factory.mktemp("warehouse")) as running:
        yield running


@pytest.fixture
def cursor(server: WarehouseServer) -> Iterator[Any]:
    with server.connect() as connection, connection.cursor() as cursor:
        yield cursor


@pytest.fixture
def schema(cursor: Any, request: pytest.FixtureRequest) -> str:
    """A schema of this test's own."""
    name = f"main.{request.node.originalname}"
    cursor.execute(f"CREATE SCHEMA {name}")
    return name


def _rows(cursor: Any, statement: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    cursor.execute(statement, parameters)
    return [tuple(row) for row in cursor.fetchall()]


def test_every_type_comes_back_as_its_python_value(cursor: Any) -> None:
    statement = (
        "SELECT 1 AS i, 2L AS b, 1.5D AS f, CAST('2.50' AS DECIMAL(10,2)) AS d, true AS t, "
        "DATE'2026-11-23' AS day, 'x' AS s, NULL AS n, array(1, 2) AS a"
    )
    [row] = _rows(cursor, statement)
    assert row[:8] == (1, 2, 1.5, Decimal("2.50"), True, date(2026, 11, 23), "x", None)
    assert list(row[8]) == [1, 2]
    assert [column[1] for column in cursor.description[:5]] == [
        *("int", "bigint", "double", "decimal", "boolean"),
    ]


@pytest.mark.parametrize("options", [{}, {"_use_arrow_native_complex_types": False}])
def test_maps_come_back_whatever_the_client_asks_for(
    server: WarehouseServer, options: dict[str, Any]
) -> None:
    with server.connect(**options) as connection, connection.cursor() as cursor:
        [(held,)] = _rows(cursor, "SELECT map('a', 'b')")
    assert dict(held) == {"a": "b"} if not isinstance(held, str) else held == '{"a": "b"}'


def test_named_and_positional_parameters_keep_their_types(cursor: Any) -> None:
    statement = "SELECT :text, :number + 1, :day, typeof(:amount)"
    values = {
        "text": "it's; -- :number",
        "number": 41,
        "day": date(2026, 1, 2),
        "amount": Decimal("1.25"),
    }
    [row] = _rows(cursor, statement, values)
    assert row == ("it's; -- :number", 42, date(2026, 1, 2), "decimal(3,2)")
    assert _rows(cursor, "SELECT ?, ?", ["a", 2]) == [("a", 2)]


def test_parameters_bind_in_changes_too(cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE TABLE {schema}.t (id STRING, n INT)")
    cursor.execute(f"INSERT INTO {schema}.t VALUES (:id, :n)", {"id": "a'b", "n": 1})
    cursor.execute(f"UPDATE {schema}.t SET n = :n WHERE id = :id", {"id": "a'b", "n": 7})
    assert _rows(cursor, f"SELECT * FROM {schema}.t") == [("a'b", 7)]


def test_large_results_are_fetched_in_parts(server: WarehouseServer) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.arraysize = 1_000
        cursor.execute("SELECT id FROM range(150000)")
        assert sum(row[0] for row in cursor.fetchmany(10)) == 45
        assert len(cursor.fetchall()) == 149_990
        cursor.execute("SELECT id FROM range(5)")
        assert cursor.fetchall_arrow().num_rows == 5


def test_errors_carry_condition_and_sqlstate(cursor: Any) -> None:
    with pytest.raises(DatabaseError, match=r"(?s)TABLE_OR_VIEW_NOT_FOUND.*42P01") as caught:
        cursor.execute("SELECT *\nFROM main.default.missing")
    assert "line 2 pos 5" in str(caught.value)
    with pytest.raises(DatabaseError, match="UNBOUND_SQL_PARAMETER"):
        cursor.execute("SELECT :x")


def test_the_connection_survives_an_error(cursor: Any) -> None:
    with pytest.raises(DatabaseError):
        cursor.execute("SELECT nope")
    assert _rows(cursor, "SELECT 1") == [(1,)]


def test_metadata_calls_list_the_catalog(cursor: Any, schema: str) -> None:
    cursor.execute(f"CREATE TABLE {schema}.t (id STRING, n INT)")
    name = schema.removeprefix("main.")
    cursor.catalogs()
    assert ("main",) in [tuple(row) for row in cursor.fetchall()]
    cursor.schemas(catalog_name="main", schema_name=name)
    assert [row[0] for row in cursor.fetchall()] == [name]
    cursor.tables(catalog_name="main", schema_name=name)
    assert [row[2] for row in cursor.fetchall()] == ["t"]
    cursor.columns(catalog_name="main", schema_name=name, table_name="t")
    assert [row[3] for row in cursor.fetchall()] == ["id", "n"]


def test_a_connection_starts_in_the_catalog_and_schema_it_names(
    server: WarehouseServer, cursor: Any, schema: str
) -> None:
    cursor.execute(f"CREATE TABLE {schema}.t AS SELECT 5 AS n")
    name = schema.removeprefix("main.")
    with server.connect(catalog="main", schema=name) as own, own.cursor() as other:
        assert _rows(other, "SELECT n FROM t") == [(5,)]


def test_ten_explains_of_one_client_overlap(server: WarehouseServer, cursor: Any) -> None:
    """Counted inside the warehouse: more than one is under way at some moment."""
    running, most, lock = 0, 0, threading.Lock()
    original = server.warehouse.execute

    def counted(*args: Any, **kwargs: Any) -> Any:
        nonlocal running, most
        with lock:
            running += 1
            most = max(most, running)
        try:
            return original(*args, **kwargs)
        finally:
            with lock:
                running -= 1

    def explain(connection: Any) -> str:
        with connection.cursor() as own:
            return str(_rows(own, "EXPLAIN SELECT count(*) FROM range(10)")[0][0])

    server.warehouse.execute = counted  # type: ignore[method-assign]
    connections = [server.connect() for _ in range(10)]
    try:
        with ThreadPoolExecutor(10) as pool:
            plans = list(pool.map(explain, connections * 3))
    finally:
        server.warehouse.execute = original  # type: ignore[method-assign]
        for connection in connections:
            connection.close()
    assert all(plan.startswith("== Physical Plan ==") for plan in plans)
    assert most > 1


@pytest.mark.parametrize(
    "body", [b"", b"\x00", b"GET / HTTP/1.1", b"\x80\x01\x00\x01" + b"\xff" * 64, b"{}" * 1000]
)
def test_garbage_is_refused_and_the_server_lives(
    server: WarehouseServer, cursor: Any, body: bytes
) -> None:
    url = f"http://127.0.0.1:{server.port}/sql/1.0/warehouses/w"
    answer = httpx.post(url, content=body, headers={"Authorization": "Bearer x"})
    assert 400 <= answer.status_code < 500
    assert "Traceback" not in answer.text
    assert _rows(cursor, "SELECT 1") == [(1,)]


def test_damaged_calls_are_refused_without_a_trace(
    server: WarehouseServer, cursor: Any, caplog: pytest.LogCaptureFixture
) -> None:
    url, chance = f"http://127.0.0.1:{server.port}/sql/1.0/warehouses/w", random.Random(5)
    whole = _execute_call()
    caplog.clear()
    with httpx.Client(headers={"Authorization": "Bearer x"}) as client:
        for _ in range(300):
            damaged = bytearray(whole)
            for _ in range(chance.randint(1, 6)):
                damaged[chance.randrange(len(damaged))] = chance.randrange(256)
            answer = client.post(url, content=bytes(damaged[: chance.randint(1, len(whole))]))
            assert answer.status_code in (200, 400)
    assert "Unexpected exception in handler" not in caplog.text
    assert _rows(cursor, "SELECT 1") == [(1,)]


def _execute_call() -> bytes:
    """The bytes of an ExecuteStatement."""
    buffer = TMemoryBuffer()
    identifier = ttypes.THandleIdentifier(guid=b"a" * 16, secret=b"b" * 16)
    handle = ttypes.TSessionHandle(sessionId=identifier)
    request = ttypes.TExecuteStatementReq(sessionHandle=handle, statement="SELECT 1")
    TCLIService.Client(TBinaryProtocol(buffer)).send_ExecuteStatement(request)
    return bytes(buffer.getvalue())


def test_another_warehouse_is_not_there(server: WarehouseServer) -> None:
    url = f"http://127.0.0.1:{server.port}/sql/1.0/warehouses/other"
    answer = httpx.post(url, content=b"x", headers={"Authorization": "Bearer x"})
    assert answer.status_code == 404


def test_one_users_handles_are_no_others(server: WarehouseServer) -> None:
    with server.connect() as connection, connection.cursor() as cursor:
        cursor.execute("SELECT id FROM range(200000)")
        session = connection.session
        assert session is not None
        with server.connect("eve@local.test") as other:
            other.session._session_id = session._session_id
            with pytest.raises(Error, match="not open"), other.cursor() as stolen:
                stolen.execute("SELECT 1")


def test_the_other_transport_works_too(server: WarehouseServer) -> None:
    with (
        sql.connect(
            server_hostname="http://127.0.0.1",
            http_path="/sql/1.0/warehouses/w",
            access_token="ada@local.test",
            _port=server.port,
            use_sea=True,
            enable_telemetry=False,
        ) as connection,
        connection.cursor() as cursor,
    ):
        assert _rows(cursor, "SELECT 1 AS n, 'a' AS s") == [(1, "a")]
        assert _rows(cursor, "SELECT :n + 1", {"n": 2}) == [(3,)]
        with pytest.raises(Error, match="UNRESOLVED_COLUMN"):
            cursor.execute("SELECT nope")


def test_a_statement_is_explained_within_its_bar(cursor: Any) -> None:
    """Far above the bar of 50 ms median, to catch only what is broken (Nagle costs 40 ms each)."""
    cursor.execute("SELECT 1")
    taken = []
    for _ in range(15):
        begun = time.perf_counter()
        _rows(cursor, "EXPLAIN SELECT 1")
        taken.append(time.perf_counter() - begun)
    assert sorted(taken)[7] < 0.5
