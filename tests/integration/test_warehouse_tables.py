"""Tables, their history, grants, concurrent writers and crashes on the local warehouse."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest
from warehouse_server import SPARK

from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse

ADMIN, BOB = "ada@local.test", "bob@local.test"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("warehouse")
    running = Warehouse(folder, SPARK, is_admin=lambda user: user == ADMIN)
    running.start()
    yield running
    running.stop()


@pytest.fixture
def table(warehouse: Warehouse, request: pytest.FixtureRequest) -> str:
    """An empty table in a schema of this test's own."""
    schema = f"main.{request.node.originalname}"
    _run(warehouse, f"CREATE SCHEMA IF NOT EXISTS {schema}")
    _run(warehouse, f"CREATE OR REPLACE TABLE {schema}.t (id STRING NOT NULL COMMENT 'key', n INT)")
    return f"{schema}.t"


def _run(warehouse: Warehouse, sql: str, user: str = ADMIN) -> list[dict[str, Any]]:
    return list(warehouse.execute(sql, user=user).table.to_pylist())


def _fails(warehouse: Warehouse, sql: str, user: str = ADMIN) -> SqlError:
    with pytest.raises(SqlError) as caught:
        _run(warehouse, sql, user)
    return caught.value


def _values(rows: Sequence[dict[str, Any]]) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows]


def test_names_are_the_same_in_every_case(warehouse: Warehouse, table: str) -> None:
    catalog, schema, name = table.split(".")
    _run(warehouse, f"INSERT INTO {table.upper()} VALUES ('a', 1)")
    for spelled in (table.upper(), f"`{catalog}`.`{schema.upper()}`.{name}"):
        assert _run(warehouse, f"SELECT T.N FROM {spelled}") == [{"N": 1}]
        assert _run(warehouse, f"UPDATE {spelled} SET N = 1") == [{"num_affected_rows": 1}]
    error = _fails(warehouse, f"SELECT * FROM {catalog}.`No Such`.`Table X`")
    assert "`main`.`No Such`.`Table X` cannot be found" in str(error)
    assert "line 1 pos 14" in str(error)


def test_changes_may_ask_other_tables(warehouse: Warehouse, table: str) -> None:
    _run(warehouse, f"INSERT INTO {table} VALUES ('a', 1), ('b', 2), ('c', 3), ('d', NULL)")
    other = f"{table}_other"
    _run(warehouse, f"CREATE OR REPLACE TABLE {other} AS SELECT 'a' AS id, 9 AS n")
    changes = (
        (f"UPDATE {table} SET n = (SELECT max(n) FROM {other}) WHERE id = 'b'", 1),
        (f"UPDATE {table} SET n = 0 WHERE id IN (SELECT id FROM {other} WHERE n > 100)", 0),
        (f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {other}) AND n = 3", 1),
        (f"DELETE FROM {table} WHERE EXISTS (SELECT 1 FROM {other} WHERE n > 100)", 0),
        (f"DELETE FROM {table} WHERE id IN (SELECT id FROM {other})", 1),
        (f"DELETE FROM {table} WHERE id NOT IN (SELECT id FROM {other} WHERE false)", 2),
    )
    for statement, rows in changes:
        assert _run(warehouse, statement) == [{"num_affected_rows": rows}], statement
    correlated = (
        f"DELETE FROM {table} AS t WHERE EXISTS (SELECT 1 FROM {other} o WHERE o.id = t.id)"
    )
    if not SPARK:
        assert "correlated subquery" in str(_fails(warehouse, correlated))


def test_every_change_tells_how_many_rows_it_changed(warehouse: Warehouse, table: str) -> None:
    inserted = _run(warehouse, f"INSERT INTO {table} VALUES ('a', 1), ('b', 2), ('c', 3)")
    assert inserted == [{"num_affected_rows": 3, "num_inserted_rows": 3}]
    updated = _run(warehouse, f"UPDATE {table} SET n = n + 1 WHERE id = 'a'")
    assert updated == [{"num_affected_rows": 1}]
    merged = _run(
        warehouse,
        f"MERGE INTO {table} t USING (SELECT 'a' id UNION ALL SELECT 'd') s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET n = 10 WHEN NOT MATCHED THEN INSERT (id) VALUES (s.id) "
        "WHEN NOT MATCHED BY SOURCE THEN DELETE",
    )
    assert _values(merged) == [(4, 1, 2, 1)]
    evolved = _run(
        warehouse,
        f"MERGE WITH SCHEMA EVOLUTION INTO {table} t USING (SELECT 'a' id) s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET n = 11",
    )
    assert _values(evolved) == [(1, 1, 0, 0)]
    assert _run(warehouse, f"DELETE FROM {table} WHERE id = 'd'") == [{"num_affected_rows": 1}]
    assert _run(warehouse, f"DELETE FROM {table} WHERE id = 'z'") == [{"num_affected_rows": 0}]
    assert _run(warehouse, f"TRUNCATE TABLE {table}") == [{"num_affected_rows": 1}]


def test_insert_fills_missing_columns_with_null_and_refuses_unknown_ones(
    warehouse: Warehouse, table: str
) -> None:
    _run(warehouse, f"INSERT INTO {table} (id) VALUES ('a')")
    assert _values(_run(warehouse, f"SELECT * FROM {table}")) == [("a", None)]
    _run(warehouse, f"INSERT INTO {table} BY NAME SELECT 'c' AS id")
    _run(warehouse, f"INSERT INTO {table} (n, id) VALUES (5, 'd')")
    held = _values(_run(warehouse, f"SELECT * FROM {table} WHERE id <> 'a' ORDER BY id"))
    assert held == [("c", None), ("d", 5)]
    error = _fails(warehouse, f"INSERT INTO {table} (id, nope) VALUES ('b', 1)")
    assert error.condition == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
    assert _values(_run(warehouse, f"SELECT count(*) FROM {table}")) == [(3,)]


@pytest.mark.parametrize(
    "change",
    [
        "INSERT INTO {0} VALUES (NULL, 1)",
        "INSERT INTO {0} (n) VALUES (1)",
        "UPDATE {0} SET id = NULL",
        "MERGE INTO {0} t USING (SELECT 1 n) s ON t.n = s.n "
        "WHEN NOT MATCHED THEN INSERT (n) VALUES (s.n)",
    ],
)
def test_not_null_is_enforced(warehouse: Warehouse, table: str, change: str) -> None:
    _run(warehouse, f"INSERT INTO {table} VALUES ('a', 7)")
    error = _fails(warehouse, change.format(table))
    assert (error.condition, error.sqlstate) == ("DELTA_NOT_NULL_CONSTRAINT_VIOLATED", "23502")


def test_a_table_is_seen_as_it_was(warehouse: Warehouse, table: str) -> None:
    for number in (1, 2, 3):
        _run(warehouse, f"INSERT INTO {table} VALUES ('a', {number})")
    for place in ("VERSION AS OF 2", "@v2", "FOR VERSION AS OF 2"):
        joined = table + place if place.startswith("@") else f"{table} {place}"
        assert _values(_run(warehouse, f"SELECT count(*) FROM {joined}")) == [(2,)]
    history = _run(warehouse, f"DESCRIBE HISTORY {table} LIMIT 2")
    assert [row["version"] for row in history] == [3, 2]
    assert _fails(warehouse, f"SELECT * FROM {table}@v9").condition == "DELTA_VERSION_NOT_FOUND"


def test_columns_are_added_and_old_rows_have_null(warehouse: Warehouse, table: str) -> None:
    _run(warehouse, f"INSERT INTO {table} VALUES ('a', 1)")
    _run(
        warehouse, f"ALTER TABLE {table} ADD COLUMNS (note STRING COMMENT 'why', s STRUCT<x: INT>)"
    )
    assert _values(_run(warehouse, f"SELECT * FROM {table}")) == [("a", 1, None, None)]
    described = _values(_run(warehouse, f"DESCRIBE TABLE {table}"))
    assert described[0] == ("id", "string", "key")
    assert described[2] == ("note", "string", "why")
    error = _fails(warehouse, f"ALTER TABLE {table} ADD COLUMN note STRING")
    assert error.condition == "FIELD_ALREADY_EXISTS"


def test_a_renamed_table_keeps_its_rows(warehouse: Warehouse, table: str) -> None:
    _run(warehouse, f"INSERT INTO {table} VALUES ('a', 1)")
    _run(warehouse, f"ALTER TABLE {table} RENAME TO {table}_new")
    assert _values(_run(warehouse, f"SELECT id FROM {table}_new")) == [("a",)]
    assert _fails(warehouse, f"SELECT * FROM {table}").condition == "TABLE_OR_VIEW_NOT_FOUND"
    _run(warehouse, f"DROP TABLE {table}_new")


def test_information_schema_knows_tables_and_columns(warehouse: Warehouse, table: str) -> None:
    schema = table.split(".")[1]
    where = f"WHERE table_schema = '{schema}'"
    for catalog in ("main", "system"):
        found = _run(
            warehouse,
            "SELECT ordinal_position, column_name, is_nullable "
            f"FROM {catalog}.information_schema.columns {where} ORDER BY ordinal_position",
        )
        assert _values(found) == [(1, "id", "NO"), (2, "n", "YES")]


def test_a_view_takes_the_names_it_declares(warehouse: Warehouse, table: str) -> None:
    _run(warehouse, f"INSERT INTO {table} VALUES ('a', 1)")
    _run(warehouse, f"CREATE OR REPLACE VIEW {table}_v (key, amount) AS SELECT id, n FROM {table}")
    assert _run(warehouse, f"SELECT * FROM {table}_v") == [{"key": "a", "amount": 1}]
    assert _fails(warehouse, f"DROP TABLE {table}_v").condition == "WRONG_COMMAND_FOR_OBJECT_TYPE"


def test_a_catalog_made_while_queries_run_breaks_none_of_them(warehouse: Warehouse) -> None:
    with ThreadPoolExecutor(6) as pool:
        queries = [
            pool.submit(_run, warehouse, "SELECT count(*) n FROM range(1000)") for _ in range(30)
        ]
        made = pool.submit(_run, warehouse, "CREATE CATALOG made_meanwhile")
        answers = [query.result() for query in queries]
        made.result()
    assert answers == [[{"n": 1000}]] * 30
    _run(warehouse, "CREATE TABLE made_meanwhile.default.t AS SELECT 1 AS n")
    assert _run(warehouse, "SELECT n FROM made_meanwhile.default.t") == [{"n": 1}]
    assert _fails(warehouse, "DROP CATALOG made_meanwhile").condition == "UC_CATALOG_NOT_EMPTY"
    _run(warehouse, "DROP CATALOG made_meanwhile CASCADE")


def test_concurrent_changes_conflict_as_in_delta_and_lose_nothing(
    warehouse: Warehouse, table: str
) -> None:
    _run(warehouse, f"INSERT INTO {table} VALUES ('a', 0)")
    merge = (
        f"MERGE INTO {table} t USING (SELECT 'a' id) s ON t.id = s.id "
        "WHEN MATCHED THEN UPDATE SET n = t.n + 1"
    )

    def attempt(_: int) -> str:
        try:
            _run(warehouse, merge)
        except SqlError as error:
            return f"{error.condition.split('.')[0]} {error.sqlstate}"
        return "done"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(attempt, range(16)))
    assert set(outcomes) <= {"done", "DELTA_CONCURRENT_APPEND 2D521"}
    assert _run(warehouse, f"SELECT n FROM {table}") == [{"n": outcomes.count("done")}]


def test_concurrent_inserts_all_arrive(warehouse: Warehouse, table: str) -> None:
    def insert(number: int) -> None:
        _run(warehouse, f"INSERT INTO {table} VALUES ('a', {number})")

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(insert, range(16)))
    assert _values(_run(warehouse, f"SELECT count(DISTINCT n) FROM {table}")) == [(16,)]


def test_of_many_who_create_a_table_one_does(warehouse: Warehouse, table: str) -> None:
    def create(number: int) -> str:
        try:
            _run(warehouse, f"CREATE TABLE {table}_once AS SELECT {number} AS n")
        except SqlError as error:
            return error.condition
        return f"made {number}"

    with ThreadPoolExecutor(4) as pool:
        outcomes = list(pool.map(create, range(8)))
    [made] = [outcome for outcome in outcomes if outcome.startswith("made")]
    assert {*outcomes} == {made, "TABLE_OR_VIEW_ALREADY_EXISTS"}
    assert _run(warehouse, f"SELECT n FROM {table}_once") == [{"n": int(made.split()[1])}]


def test_what_is_not_there_says_so(warehouse: Warehouse, table: str) -> None:
    statements = [
        "VACUUM main.default.t",
        f"ALTER TABLE {table} DROP COLUMN n",
        f"CREATE TABLE {table}2 (n INT DEFAULT 1)",
        f"CREATE TABLE {table}2 (n INT, CHECK (n > 0))",
        f"CREATE TABLE {table}2 LIKE {table}",
        "CREATE TEMPORARY VIEW v AS SELECT 1",
        "DECLARE VARIABLE x INT",
        "SET TIME ZONE 'America/Los_Angeles'",
        "SHOW FUNCTIONS",
        "REFRESH TABLE main.default.t",
    ]
    for statement in statements:
        error = _fails(warehouse, statement)
        assert error.condition.startswith("UNSUPPORTED_FEATURE")
        assert error.sqlstate == "0A000"
        assert "not supported by the local workspace" in str(error)


@pytest.mark.parametrize(
    ("statement", "privilege"),
    [
        ("SELECT * FROM {0}", "SELECT"),
        ("EXPLAIN SELECT * FROM {0}", "SELECT"),
        ("WITH q AS (SELECT * FROM {0}) SELECT * FROM q", "SELECT"),
        ("DESCRIBE TABLE {0}", "SELECT"),
        ("DESCRIBE SELECT * FROM {0}", "SELECT"),
        ("DESCRIBE QUERY SELECT * FROM {0}", "SELECT"),
        ("DESCRIBE HISTORY {0}", "SELECT"),
        ("EXPLAIN CODEGEN SELECT * FROM {0}", "SELECT"),
        ("SELECT (SELECT max(n) FROM {0})", "SELECT"),
        ("INSERT INTO {0} VALUES ('b', 1)", "MODIFY"),
        ("DELETE FROM {0} WHERE n = 9", "MODIFY"),
        ("UPDATE {0} SET n = 1 WHERE n = 9", "MODIFY"),
        ("TRUNCATE TABLE {0}", "MODIFY"),
        ("ALTER TABLE {0} ADD COLUMN more INT", "MANAGE"),
        ("DROP TABLE {0}", "MANAGE"),
        ("GRANT SELECT ON TABLE {0} TO `eve@local.test`", "MANAGE"),
    ],
)
def test_a_statement_needs_its_privilege(
    warehouse: Warehouse, table: str, statement: str, privilege: str
) -> None:
    catalog, schema, _ = table.split(".")
    _run(warehouse, f"REVOKE ALL PRIVILEGES ON TABLE {table} FROM `{BOB}`")
    _run(warehouse, f"GRANT USE CATALOG ON CATALOG {catalog} TO `{BOB}`")
    _run(warehouse, f"GRANT USE SCHEMA ON SCHEMA {catalog}.{schema} TO `{BOB}`")
    refused = _fails(warehouse, statement.format(table), BOB)
    assert (refused.condition, refused.sqlstate) == ("INSUFFICIENT_PERMISSIONS", "42501")
    assert f"does not have {privilege} on Table '{table}'" in str(refused)
    needed = "SELECT, MODIFY" if privilege == "MODIFY" else privilege
    _run(warehouse, f"GRANT {needed} ON TABLE {table} TO `{BOB}`")
    _run(warehouse, statement.format(table), BOB)


def test_a_grant_on_a_schema_covers_its_tables_and_needs_use(
    warehouse: Warehouse, table: str
) -> None:
    schema = table.rsplit(".", 1)[0]
    carl = "carl@local.test"
    _run(warehouse, f"GRANT SELECT ON SCHEMA {schema} TO `{carl}`")
    assert "USE CATALOG on Catalog 'main'" in str(_fails(warehouse, f"SELECT * FROM {table}", carl))
    _run(warehouse, f"GRANT USE CATALOG ON CATALOG main TO `{carl}`")
    _run(warehouse, f"GRANT USE SCHEMA ON SCHEMA {schema} TO `{carl}`")
    assert _run(warehouse, f"SELECT * FROM {table}", carl) == []
    shown = _values(_run(warehouse, f"SHOW GRANTS `{carl}` ON TABLE {table}"))
    assert (carl, "SELECT", "SCHEMA", schema) in shown
    _run(warehouse, f"REVOKE SELECT ON SCHEMA {schema} FROM `{carl}`")
    _fails(warehouse, f"SELECT * FROM {table}", carl)


def test_grants_of_a_dropped_table_do_not_pass_to_its_successor(
    warehouse: Warehouse, table: str
) -> None:
    _run(warehouse, f"GRANT SELECT ON TABLE {table} TO `{BOB}`")
    _run(warehouse, f"DROP TABLE {table}")
    assert warehouse.grants.on("TABLE", table) == []


_CHILD = """
import sys
from pathlib import Path
from databricks_alerts.local_workspace.warehouse import Warehouse
warehouse = Warehouse(Path(sys.argv[1]))
warehouse.start()
number = 0
while True:
    warehouse.execute(f"CREATE TABLE t{number} (n INT)", user="a")
    warehouse.execute(f"INSERT INTO t{number} VALUES ({number})", user="a")
    print(number, flush=True)
    number += 1
"""


def test_what_was_acknowledged_survives_kill_9(tmp_path: Path) -> None:
    root = Path(__file__).parents[2]
    script, data_dir = tmp_path / "child.py", tmp_path / "data"
    script.write_text(_CHILD)
    command = [sys.executable, str(script), str(data_dir)]
    environment = {**os.environ, "PYTHONPATH": str(root)}
    with subprocess.Popen(command, stdout=subprocess.PIPE, env=environment, text=True) as child:
        assert child.stdout is not None
        acknowledged = [int(child.stdout.readline()) for _ in range(4)][-1]
        child.send_signal(signal.SIGKILL)
    again = Warehouse(data_dir)
    again.start()
    try:
        for number in range(acknowledged + 1):
            assert _run(again, f"SELECT n FROM t{number}") == [{"n": number}]
        for name in [row["tableName"] for row in _run(again, "SHOW TABLES")]:
            _run(again, f"SELECT * FROM {name}")
    finally:
        again.stop()
