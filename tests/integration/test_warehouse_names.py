"""Every name that Unity Catalog allows works, nothing that breaks lasts, calls keep their names."""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from warehouse_server import ADMIN, SPARK

from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse, sessions
from databricks_alerts.local_workspace.warehouse.own_names import engine_catalog

pytestmark = pytest.mark.skipif(bool(SPARK), reason="about Sail's own names and start")
# What SQL, Spark or Sail mean something by, and signs that names may have.
WORDS = [
    *("system", "information_schema_", "default", "global_temp", "spark_catalog", "hive_metastore"),
    *("samples", "main", "session", "select", "from", "table", "order", "1st", "my-name", "a$b"),
    *("naïve", "日本", "a`b", "a'b", 'a"b', "x" * 200, "_", "null", "true", "current_user", "text"),
]


def _open(folder: Path) -> Warehouse:
    made = Warehouse(folder, is_admin=lambda user: user == ADMIN)
    made.start()
    return made


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    made = _open(tmp_path_factory.mktemp("names"))
    yield made
    made.stop()


def _run(warehouse: Warehouse, sql: str) -> list[dict[str, Any]]:
    return list(warehouse.execute(sql, user=ADMIN).table.to_pylist())


def _names(warehouse: Warehouse, sql: str) -> list[str]:
    return list(warehouse.execute(sql, user=ADMIN).table.column_names)


def _quoted(name: str) -> str:
    return "`" + name.replace("`", "``") + "`"


def _life(warehouse: Warehouse, schema: str, table: str) -> None:
    """A table and a view of it, from CREATE to DROP."""
    _run(warehouse, f"CREATE TABLE {schema}.{table} AS SELECT 1 AS `a-b`")
    assert _run(warehouse, f"SELECT `a-b` FROM {schema}.{table}") == [{"a-b": 1}]
    _run(warehouse, f"INSERT INTO {schema}.{table} VALUES (2)")
    _run(warehouse, f"UPDATE {schema}.{table} SET `a-b` = 3 WHERE `a-b` = 2")
    _run(warehouse, f"CREATE VIEW {schema}.view_ AS SELECT `a-b` AS `n 1` FROM {schema}.{table}")
    found = _run(warehouse, f"SELECT v.`n 1` FROM {schema}.view_ AS v ORDER BY 1")
    assert found == [{"n 1": 1}, {"n 1": 3}]
    assert _run(warehouse, f"SELECT max(`n 1`) AS m FROM {schema}.view_") == [{"m": 3}]
    _run(warehouse, f"DROP VIEW {schema}.view_")
    _run(warehouse, f"DROP TABLE {schema}.{table}")


@pytest.mark.parametrize("name", WORDS)
def test_a_schema_and_a_table_of_any_name_live(warehouse: Warehouse, name: str) -> None:
    schema = f"main.{_quoted(name)}"
    _run(warehouse, f"CREATE SCHEMA IF NOT EXISTS {schema}")
    _life(warehouse, schema, _quoted(name))
    if name != "default":
        _run(warehouse, f"DROP SCHEMA {schema} CASCADE")


@settings(
    max_examples=15,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    name=st.text(
        st.characters(exclude_categories=["Cc", "Cs", "Zs"], exclude_characters="./ "),
        min_size=1,
        max_size=20,
    )
)
def test_any_text_that_is_allowed_is_a_name(warehouse: Warehouse, name: str) -> None:
    schema = f"main.{_quoted('s' + name)}"
    _run(warehouse, f"CREATE SCHEMA IF NOT EXISTS {schema}")
    _life(warehouse, schema, _quoted(name))


def test_a_catalog_of_an_odd_name_lives_and_survives_a_restart(tmp_path: Path) -> None:
    for name in ("systems", "my-catalog"):
        first = _open(tmp_path)
        _run(first, f"CREATE CATALOG {_quoted(name)}")
        assert _run(first, "SELECT 1 AS n") == [{"n": 1}]
        _run(first, f"CREATE SCHEMA {_quoted(name)}.access")
        table = f"{_quoted(name)}.access.audit"
        _run(first, f"CREATE TABLE {table} AS SELECT 1 AS a")
        _run(first, f"CREATE VIEW main.default.`of_{name}` AS SELECT audit.a FROM {table}")
        first.stop()
        again = _open(tmp_path)
        try:
            assert _run(again, f"SELECT audit.a FROM {table.upper()}") == [{"a": 1}]
            assert _run(again, f"SELECT a FROM main.default.`of_{name}`") == [{"a": 1}]
            session = again.new_session(ADMIN, name, "access")
            placed = again.execute("SELECT current_catalog() AS c, a FROM audit", session=session)
            assert placed.table.to_pylist() == [{"c": name, "a": 1}]
            with pytest.raises(SqlError) as caught:
                _run(again, f"SELECT nope FROM {table}")
            assert "local/" not in str(caught.value)
            assert caught.value.condition == "UNRESOLVED_COLUMN.WITH_SUGGESTION"
            _life(again, f"{_quoted(name)}.access", "t")
        finally:
            again.stop()


@pytest.mark.parametrize("name", ["a/b", "/", "x" * 256, "a\tb", "a\x7fb"])
def test_a_name_that_unity_catalog_refuses_is_refused(warehouse: Warehouse, name: str) -> None:
    kinds = ("CATALOG {}", "SCHEMA main.{}", "TABLE main.default.{} (a INT)",
             "VIEW main.default.{} AS SELECT 1 AS a")  # fmt: skip
    for kind in kinds:
        with pytest.raises(SqlError, match="INVALID_PARAMETER_VALUE"):
            _run(warehouse, "CREATE " + kind.format(_quoted(name)))
    assert _run(warehouse, "SELECT 1 AS n") == [{"n": 1}]


def _refuse(monkeypatch: pytest.MonkeyPatch, refused: str) -> None:
    """Have Sail set up a catalog by the one name that it takes from nobody."""

    def named(name: str) -> str:
        return "system" if name == refused else engine_catalog(name)

    monkeypatch.setattr(sessions, "engine_catalog", named)


def test_a_catalog_that_the_engine_refuses_reaches_no_store(
    warehouse: Warehouse, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whatever Sail may reserve next: the statement fails, and everything else goes on."""
    _refuse(monkeypatch, "refused")
    with pytest.raises(SqlError, match="not supported by the local workspace"):
        _run(warehouse, "CREATE CATALOG refused")
    assert _run(warehouse, "SELECT 1 AS n") == [{"n": 1}]
    assert "refused" not in warehouse.catalog.catalogs()


def test_a_catalog_in_the_store_that_the_engine_refuses_is_set_aside(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    first = _open(tmp_path)
    first.catalog.add_catalog("refused")
    first.stop()
    _refuse(monkeypatch, "refused")
    with caplog.at_level(logging.ERROR, logger="databricks_alerts.local_workspace.warehouse"):
        again = _open(tmp_path)
    try:
        assert "'refused' is set aside" in caplog.text
        assert _run(again, "SELECT 1 AS n") == [{"n": 1}]
        _run(again, "DROP CATALOG refused CASCADE")
    finally:
        again.stop()


def test_what_is_broken_in_the_store_is_set_aside(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    first = _open(tmp_path)
    for name in ("gone", "torn", "good"):
        _run(first, f"CREATE TABLE main.default.{name} AS SELECT 1 AS a")
    places = {table.name.table: Path(table.location) for table in first.catalog.tables()}
    first.stop()
    shutil.rmtree(places["gone"])
    next(places["torn"].glob("_delta_log/*.json")).write_text("{not json")
    again = _open(tmp_path)
    try:
        assert _run(again, "SELECT a FROM good") == [{"a": 1}]
        with pytest.raises(SqlError, match="DELTA_PATH_DOES_NOT_EXIST"):
            _run(again, "SELECT a FROM gone")
        with pytest.raises(SqlError):
            _run(again, "SELECT a FROM torn")
        for name in ("gone", "torn"):
            _run(again, f"DROP TABLE {name}")
            _run(again, f"CREATE TABLE {name} AS SELECT 2 AS a")
            assert _run(again, f"SELECT a FROM {name}") == [{"a": 2}]
    finally:
        again.stop()
    for name in ("catalog.sqlite", "grants.sqlite"):
        (tmp_path / name).write_bytes(b"no database" * 1000)
        for ending in ("-wal", "-shm"):
            (tmp_path / (name + ending)).unlink(missing_ok=True)
    with caplog.at_level(logging.ERROR, logger="databricks_alerts.local_workspace"):
        third = _open(tmp_path)
    try:
        assert caplog.text.count("is damaged") == 2
        assert _run(third, "SELECT 1 AS n") == [{"n": 1}]
        assert len(list(tmp_path.glob("*.sqlite.damaged-*"))) == 2
    finally:
        third.stop()


CALLS = [
    ("current_user()", "current_user()"),
    ("CURRENT_USER()", "current_user()"),
    ("upper(current_user())", "upper(current_user())"),
    ("concat(current_user(), 'x')", "concat(current_user(), x)"),
    ("session_user()", "session_user()"),
    ("user()", "user()"),
    ("current_catalog()", "current_catalog()"),
    ("current_schema()", "current_schema()"),
    ("current_user() AS me", "me"),
    ("current_user() me", "me"),
    ("max(current_user())", "max(current_user())"),
]


@pytest.mark.parametrize(("expression", "name"), CALLS)
def test_a_replaced_call_keeps_its_name(warehouse: Warehouse, expression: str, name: str) -> None:
    for query in (
        f"SELECT {expression}",
        f"SELECT * FROM (SELECT {expression})",
        f"WITH c AS (SELECT {expression}) SELECT * FROM c",
        f"SELECT {expression} FROM (SELECT 1 AS a) WHERE current_user() = '{ADMIN}'",
    ):
        assert _names(warehouse, query) == [name], query
    if expression.count("(") == 1 and " " not in expression:  # the call alone
        assert _run(warehouse, f"SELECT `{name}` FROM (SELECT {expression})")


DEEP = {
    "AND": lambda n: "SELECT 1 WHERE " + " AND ".join(["1 = 1"] * n),
    "plus": lambda n: "SELECT " + "+".join(["1"] * n),
    "UNION ALL": lambda n: " UNION ALL ".join(["SELECT 1 AS a"] * n),
    "parentheses": lambda n: "SELECT " + "(" * n + "1" + ")" * n,
    "subqueries": lambda n: "SELECT * FROM (" * n + "SELECT 1 AS a" + ")" * n,
    "CASE": lambda n: "SELECT " + "CASE WHEN true THEN " * n + "1" + " END" * n,
    "NOT": lambda n: "SELECT " + "NOT " * n + "true",
    "calls": lambda n: "SELECT " + "abs(" * n + "1" + ")" * n,
}


def _condition(warehouse: Warehouse, sql: str) -> str:
    try:
        warehouse.execute(sql, user=ADMIN)
    except SqlError as error:
        return error.condition
    return ""


@pytest.mark.parametrize("kind", DEEP)
def test_a_statement_of_any_depth_is_run_or_refused(warehouse: Warehouse, kind: str) -> None:
    """The engine's stack ends at some depth, and the process with it."""
    assert warehouse.execute(DEEP[kind](40), user=ADMIN).table.num_rows > 0
    conditions = set()
    for depth in (100, 240, 400, 2000):
        for prefix in ("", "EXPLAIN ", "DESCRIBE QUERY "):
            conditions.add(_condition(warehouse, prefix + DEEP[kind](depth)))
    assert conditions <= {"", "UNSUPPORTED_FEATURE.LOCAL_WORKSPACE"}
    assert _run(warehouse, "SELECT 1 AS n") == [{"n": 1}]


def test_long_lists_are_no_depth(warehouse: Warehouse) -> None:
    values = ", ".join(map(str, range(3000)))
    assert _run(warehouse, f"SELECT 1 AS n WHERE 5 IN ({values})") == [{"n": 1}]
    columns = ", ".join(f"{number} AS c{number}" for number in range(1000))
    assert len(_run(warehouse, f"SELECT {columns}")[0]) == 1000


SEGMENT = """
import pyarrow as pa
from databricks_alerts.local_workspace.warehouse.columns import arrow_batches
from databricks_alerts.local_workspace.warehouse.fetching import size_of
# A JVM sends no offsets for a list column without rows; Arrow's own writers send one.
offsets, values = pa.py_buffer(b""), pa.array([], pa.string())
lists = pa.Array.from_buffers(pa.list_(pa.string()), 0, [None, offsets], children=[values])
table = pa.table({"x": lists, "y": lists})
assert size_of(table) >= 0
assert len(arrow_batches(table, 1 << 20)) <= 1
"""


def test_empty_lists_as_a_jvm_sends_them_do_not_end_the_process() -> None:
    ended = subprocess.run([sys.executable, "-c", SEGMENT], capture_output=True, check=False)
    assert ended.returncode == 0, ended.stderr.decode()


def test_nothing_measures_tables_by_nbytes() -> None:
    root = Path(__file__).parents[2]
    used = [
        str(path)
        for path in (root / "databricks_alerts").rglob("*.py")
        if ".nbytes" in path.read_text(encoding="utf-8")
    ]
    assert used == []
