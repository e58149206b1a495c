"""Whatever names a file is refused, for every user; names that only look like it are not."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from warehouse_server import ADMIN, SPARK

from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse

REFUSED = [
    "SELECT * FROM text.`/etc/hostname`",
    "select * from TEXT . `/etc/hostname`",
    "SELECT * FROM csv.`/etc/passwd`",
    "SELECT * FROM json.`/etc/hostname`",
    "SELECT * FROM parquet.`file:///etc`",
    "SELECT * FROM delta.`{location}`",
    "SELECT * FROM binaryFile.`/etc/hostname`",
    "SELECT * FROM text.`hostname`",
    "SELECT * FROM read_files('/etc/hostname')",
    "SELECT * FROM read_files('/etc/hostname', format => 'text')",
    "WITH c AS (SELECT * FROM text.`/etc/hostname`) SELECT * FROM c",
    "SELECT (SELECT max(value) FROM text.`/etc/hostname`)",
    "SELECT 1 WHERE EXISTS (SELECT 1 FROM text.`/etc/hostname`)",
    "CREATE TABLE main.default.u AS SELECT * FROM text.`/etc/hostname`",
    "CREATE VIEW main.default.u AS SELECT * FROM text.`/etc/hostname`",
    "INSERT INTO main.default.t SELECT 1, value FROM text.`/etc/hostname`",
    "EXPLAIN SELECT * FROM text.`/etc/hostname`",
    "DESCRIBE QUERY SELECT * FROM text.`/etc/hostname`",
    "DESCRIBE text.`/etc/hostname`",
    "DESCRIBE HISTORY delta.`{location}`",
    "DESCRIBE DETAIL delta.`{location}`",
    "COPY INTO main.default.t FROM '/etc' FILEFORMAT = CSV",
    "CREATE TABLE main.default.u (a INT) LOCATION '/tmp/x'",
    "CREATE TABLE main.default.u (a INT) USING csv OPTIONS (path '/etc/passwd')",
    "CREATE TABLE main.default.u (a INT) USING csv OPTIONS (path='/etc/passwd')",
    "CREATE TABLE main.default.u USING delta LOCATION '{location}'",
    "CREATE TEMPORARY VIEW u USING csv OPTIONS (path '/etc/passwd')",
    "CONVERT TO DELTA parquet.`/tmp/x`",
    "INSERT OVERWRITE DIRECTORY '/tmp/xx' SELECT 1",
    "INSERT OVERWRITE LOCAL DIRECTORY '/tmp/xx' USING csv SELECT 1",
    "LOAD DATA INPATH '/etc/passwd' INTO TABLE main.default.t",
    "OPTIMIZE delta.`{location}`",
    "VACUUM delta.`{location}`",
    "DELETE FROM delta.`{location}`",
    "UPDATE delta.`{location}` SET a=2",
    "MERGE INTO delta.`{location}` t USING main.default.t s ON t.a=s.a WHEN MATCHED THEN DELETE",
    "INSERT INTO delta.`{location}` VALUES (1,'a')",
    "CREATE TABLE main.default.u SHALLOW CLONE delta.`{location}`",
    "CREATE TABLE main.default.u CLONE delta.`{location}`",
    "SELECT * FROM IDENTIFIER('text.`/etc/hostname`')",
    "SELECT * FROM IDENTIFIER('delta.`' || '{location}`')",
    "SELECT * FROM parquet_scan('/etc')",
    "SELECT * FROM read_csv('/etc/passwd')",
    "SELECT * FROM cloud_files('/etc','csv')",
    "SELECT * FROM `text`.`/etc/hostname`",
    "TABLE text.`/etc/hostname`",
    "FROM text.`/etc/hostname` SELECT *",
    "LIST '/etc'",
    "SELECT * FROM main.default.t, text.`/etc/hostname`",
    "SELECT * FROM main.default.t CROSS JOIN LATERAL (SELECT * FROM text.`/etc/hostname`)",
    "ANALYZE TABLE delta.`{location}` COMPUTE STATISTICS",
    "SHOW COLUMNS IN text.`/etc/hostname`",
    "TRUNCATE TABLE delta.`{location}`",
    "DROP TABLE delta.`{location}`",
    "ALTER TABLE delta.`{location}` ADD COLUMNS (z INT)",
    "SELECT * FROM delta.`{location}@v0`",
    "SELECT * FROM delta.`{location}` VERSION AS OF 0",
    "EXPLAIN EXTENDED SELECT * FROM csv.`/etc/passwd`",
    "SELECT * FROM spark_catalog.text.`/etc/hostname`",
    "SELECT * FROM main.text.`/etc/hostname`",
]
# Of a table that is not there EXPLAIN says so in its rows.
_MISSING = ("spark_catalog.text", "main.text", "parquet_scan")
REFUSED += [
    f"EXPLAIN {query}"
    for query in REFUSED
    if query.startswith("SELECT") and not any(name in query for name in _MISSING)
]

ALLOWED = [
    "SELECT text.a FROM main.default.t AS text",
    "SELECT t.text FROM main.default.t t",
    "SELECT a AS `x/y` FROM main.default.t",
    "SELECT * FROM range(3)",
    "SELECT * FROM explode(array(1,2))",
    "SELECT j.* FROM (SELECT named_struct('x',1) AS json) j",
    "SELECT json.x FROM (SELECT named_struct('x',1) AS json)",
    "SELECT delta.a FROM (SELECT 1 AS a) delta JOIN main.default.t ON delta.a=t.a",
    "SELECT id FROM range(1,3) r",
    "SELECT * FROM VALUES (1),(2) AS v(a)",
    "SELECT * FROM main.default.t LATERAL VIEW explode(array(1,2)) e AS x",
    "SELECT path, location FROM (SELECT 'a' AS path, 'b' AS location)",
    "SELECT * FROM (SELECT 1 AS path) WHERE path = 1",
    "SELECT 'x' AS location, 1",
]
CONDITIONS = (
    "INSUFFICIENT_PERMISSIONS",
    "UNRESOLVABLE_TABLE_VALUED_FUNCTION",
    "TABLE_OR_VIEW_NOT_FOUND",
    "UNSUPPORTED_FEATURE.LOCAL_WORKSPACE",
)


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    running = Warehouse(
        tmp_path_factory.mktemp("warehouse"), SPARK, is_admin=lambda user: user == ADMIN
    )
    running.start()
    running.execute("CREATE TABLE main.default.t AS SELECT 1 AS a, 'x' AS `text`", user=ADMIN)
    yield running
    running.stop()


@pytest.mark.parametrize("user", [ADMIN, "eve@local.test"])
def test_no_form_reads_or_writes_a_path(warehouse: Warehouse, user: str) -> None:
    (table,) = warehouse.catalog.tables("main", "default")
    before = sorted(str(path) for path in Path(table.location).rglob("*"))
    passed = []
    for statement in REFUSED:
        sql = statement.replace("{location}", table.location)
        try:
            answer = warehouse.execute(sql, user=user)
        except SqlError as error:
            if error.condition not in CONDITIONS:
                passed.append(f"{statement}: {error}")
        else:
            passed.append(f"{statement}: {answer.table.num_rows} rows")
    assert passed == []
    assert sorted(str(path) for path in Path(table.location).rglob("*")) == before


@pytest.mark.parametrize("statement", ALLOWED)
def test_a_name_that_looks_like_a_format_is_a_name(warehouse: Warehouse, statement: str) -> None:
    assert warehouse.execute(statement, user=ADMIN).table.num_columns > 0


def test_a_schema_named_like_a_format_holds_tables(warehouse: Warehouse) -> None:
    warehouse.execute("CREATE SCHEMA IF NOT EXISTS main.json", user=ADMIN)
    warehouse.execute("CREATE OR REPLACE TABLE main.json.t AS SELECT 7 AS a", user=ADMIN)
    for name in ("json.t", "main.json.t"):
        assert warehouse.execute(f"SELECT a FROM {name}", user=ADMIN).table.to_pylist() == [
            {"a": 7}
        ]
    with pytest.raises(SqlError, match="INSUFFICIENT_PERMISSIONS"):
        warehouse.execute("SELECT * FROM json.`/etc/hostname`", user=ADMIN)
