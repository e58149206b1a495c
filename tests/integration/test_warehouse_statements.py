"""databricks-sdk's Statement Execution API on the local warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import pyarrow as pa
import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import BadRequest, NotFound
from databricks.sdk.service.sql import (
    Disposition,
    Format,
    StatementParameterListItem,
    StatementState,
)
from warehouse_server import ADMIN, SPARK, WAREHOUSE_ID, WarehouseServer, serve

from databricks_alerts.local_workspace.warehouse import fetching


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[WarehouseServer]:
    with serve(tmp_path_factory.mktemp("warehouse")) as running:
        yield running


@pytest.fixture
def statements(server: WarehouseServer) -> Any:
    host = f"http://127.0.0.1:{server.port}"
    client = WorkspaceClient(host=host, token=ADMIN, auth_type="pat")
    return client.statement_execution


def test_rows_come_inline_as_text_with_their_schema(statements: Any) -> None:
    answer = statements.execute_statement(
        "SELECT 1 AS n, CAST(2 AS BIGINT) AS b, true AS t, NULL AS z, array(1) AS a, "
        "CAST(1.5 AS DECIMAL(4,2)) AS d",
        WAREHOUSE_ID,
    )
    assert answer.status.state is StatementState.SUCCEEDED
    assert answer.result.data_array == [["1", "2", "true", None, "[1]", "1.50"]]
    columns = answer.manifest.schema.columns
    assert [column.type_text for column in columns[:3]] == ["INT", "BIGINT", "BOOLEAN"]
    assert [column.type_name.value for column in columns[:3]] == ["INT", "LONG", "BOOLEAN"]
    assert (columns[5].type_precision, columns[5].type_scale) == (4, 2)


def test_parameters_are_bound_and_typed(statements: Any) -> None:
    answer = statements.execute_statement(
        "SELECT :a, typeof(:n)",
        WAREHOUSE_ID,
        parameters=[
            StatementParameterListItem("a", value="it's"),
            StatementParameterListItem("n", type="BIGINT", value="5"),
        ],
    )
    assert answer.result.data_array == [["it's", "bigint"]]


def test_a_row_limit_cuts_and_says_so(statements: Any) -> None:
    answer = statements.execute_statement("SELECT id FROM range(9)", WAREHOUSE_ID, row_limit=4)
    assert (answer.manifest.total_row_count, answer.manifest.truncated) == (4, True)


def test_a_broken_statement_fails_with_its_condition(statements: Any) -> None:
    answer = statements.execute_statement("SELECT nope", WAREHOUSE_ID)
    assert answer.status.state is StatementState.FAILED
    assert "UNRESOLVED_COLUMN" in answer.status.error.message
    assert "SQLSTATE: 42703" in answer.status.error.message


def test_arrow_is_behind_a_link(statements: Any) -> None:
    answer = statements.execute_statement(
        "SELECT id FROM range(3)",
        WAREHOUSE_ID,
        disposition=Disposition.EXTERNAL_LINKS,
        format=Format.ARROW_STREAM,
    )
    [link] = answer.result.external_links
    stream = httpx.get(link.external_link, headers=link.http_headers).content
    assert pa.ipc.open_stream(stream).read_all().to_pydict() == {"id": [0, 1, 2]}


def test_a_statement_is_polled_and_forgotten(statements: Any, server: WarehouseServer) -> None:
    begun = statements.execute_statement("SELECT 1", WAREHOUSE_ID, wait_timeout="0s")
    done = {StatementState.SUCCEEDED, StatementState.FAILED}
    for _ in range(2_000):
        answer = statements.get_statement(begun.statement_id)
        if answer.status.state in done:
            break
    assert answer.result.data_array == [["1"]]
    statements.cancel_execution(begun.statement_id)
    assert statements.get_statement(begun.statement_id).status.state is StatementState.SUCCEEDED
    url = f"http://127.0.0.1:{server.port}/api/2.0/sql/statements/{begun.statement_id}"
    httpx.delete(url, headers={"Authorization": f"Bearer {ADMIN}"})
    with pytest.raises(NotFound):
        statements.get_statement(begun.statement_id)


def test_a_statement_is_its_users_own(statements: Any, server: WarehouseServer) -> None:
    answer = statements.execute_statement("SELECT 1", WAREHOUSE_ID)
    url = f"http://127.0.0.1:{server.port}/api/2.0/sql/statements/{answer.statement_id}"
    assert httpx.get(url, headers={"Authorization": "Bearer eve@local.test"}).status_code == 404


def test_another_warehouse_is_not_found(statements: Any) -> None:
    with pytest.raises(NotFound):
        statements.execute_statement("SELECT 1", "nosuch")


def test_a_wait_out_of_range_is_refused(statements: Any) -> None:
    with pytest.raises(BadRequest, match="wait_timeout"):
        statements.execute_statement("SELECT 1", WAREHOUSE_ID, wait_timeout="99s")


@pytest.mark.parametrize(
    "body",
    [
        *(b"", b"[]", b"{", b"null", b'{"statement": 1, "warehouse_id": "w"}'),
        b'{"statement": "SELECT 1", "warehouse_id": "w", "parameters": "x"}',
        b'{"statement": "SELECT 1", "warehouse_id": "w", "row_limit": "x"}',
        b'{"statement": "SELECT 1", "warehouse_id": "w", "format": []}',
        b'{"statement": "SELECT 1", "warehouse_id": "w", "disposition": {}}',
        b'{"statement": "SELECT 1", "warehouse_id": "w", "wait_timeout": 5}',
        b'{"statement": "SELECT 1", "warehouse_id": "w", "catalog": {}}',
        b"[" * 100_000,
    ],
)
def test_a_malformed_body_is_refused(server: WarehouseServer, body: bytes) -> None:
    url = f"http://127.0.0.1:{server.port}/api/2.0/sql/statements"
    answer = httpx.post(url, content=body, headers={"Authorization": f"Bearer {ADMIN}"})
    assert answer.status_code == 400
    assert answer.json()["error_code"] in ("MALFORMED_REQUEST", "INVALID_PARAMETER_VALUE")


def test_a_result_too_large_to_hold_is_refused_and_the_warehouse_lives(
    statements: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(fetching, "MOST_BYTES", 1_000_000)
    # Sail streams; Apache Spark holds each partition's rows first, and these must fit its memory.
    rows = 100_000 if SPARK else 100_000_000
    answer = statements.execute_statement(
        f"SELECT repeat('x', 1000) AS text FROM range({rows})", WAREHOUSE_ID, wait_timeout="50s"
    )
    assert answer.status.state is StatementState.FAILED
    assert "RESULT_TOO_LARGE" in answer.status.error.message
    assert "1,000,000 bytes" in answer.status.error.message
    fits = statements.execute_statement("SELECT count(*) FROM range(100000)", WAREHOUSE_ID)
    assert fits.result.data_array == [["100000"]]
