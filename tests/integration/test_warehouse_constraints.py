"""Primary and foreign keys: kept and shown, not enforced, as Unity Catalog has them."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from warehouse_server import ADMIN, SPARK

from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse
from databricks_alerts.local_workspace.warehouse.catalog import Catalog
from databricks_alerts.local_workspace.warehouse.names import TableName

PARENT = "CREATE TABLE main.s.parent (id INT NOT NULL, code STRING, CONSTRAINT p PRIMARY KEY (id))"
CHILD = "CREATE TABLE main.s.child (id INT NOT NULL PRIMARY KEY, parent_id INT)"


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    made = Warehouse(tmp_path_factory.mktemp("keys"), SPARK, is_admin=lambda _: True)
    made.start()
    yield made
    made.stop()


@pytest.fixture
def warehouse(running: Warehouse) -> Iterator[Warehouse]:
    for statement in ("CREATE SCHEMA main.s", PARENT, CHILD):
        _run(running, statement)
    yield running
    _run(running, "DROP SCHEMA main.s CASCADE")


def _run(warehouse: Warehouse, sql: str) -> list[tuple[Any, ...]]:
    found = warehouse.execute(sql, user=ADMIN).table.to_pylist()
    return [tuple(row.values()) for row in found]


def _keys(warehouse: Warehouse) -> set[tuple[Any, ...]]:
    query = (
        "SELECT table_name, constraint_name, constraint_type FROM "
        "main.information_schema.table_constraints WHERE table_schema = 's'"
    )
    return set(_run(warehouse, query))


OF_TABLES = {("parent", "p", "PRIMARY KEY"), ("child", "child_id_pk", "PRIMARY KEY")}


@pytest.mark.parametrize(
    "key",
    [
        "CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES main.s.parent (id) NOT ENFORCED",
        "CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES main.s.parent NOT ENFORCED RELY",
        "CONSTRAINT `FK` FOREIGN KEY(`parent_id`) REFERENCES parent",
        "CONSTRAINT fk FOREIGN KEY (parent_id) REFERENCES s.parent NORELY",
    ],
)
def test_a_foreign_key_is_shown_not_enforced_and_dropped(warehouse: Warehouse, key: str) -> None:
    _run(warehouse, f"ALTER TABLE main.s.child ADD {key}")
    assert _keys(warehouse) == OF_TABLES | {("child", "fk", "FOREIGN KEY")}
    usage = (
        "SELECT column_name, ordinal_position, position_in_unique_constraint "
        "FROM main.information_schema.key_column_usage WHERE "
    )
    assert _run(warehouse, f"{usage} constraint_name = 'fk'") == [("parent_id", 1, 1)]
    of_primary_keys = f"{usage} table_schema = 's' AND constraint_name <> 'fk'"
    assert {row[2] for row in _run(warehouse, of_primary_keys)} == {None}
    _run(warehouse, "INSERT INTO main.s.child VALUES (1, 99), (1, 98)")
    _run(warehouse, "ALTER TABLE main.s.child RENAME TO main.s.other")
    assert ("other", "fk", "FOREIGN KEY") in _keys(warehouse)
    _run(warehouse, "ALTER TABLE main.s.other DROP CONSTRAINT fk")
    _run(warehouse, "ALTER TABLE main.s.other DROP CONSTRAINT IF EXISTS fk")
    _run(warehouse, "ALTER TABLE main.s.other DROP PRIMARY KEY")
    _run(warehouse, "ALTER TABLE main.s.other DROP PRIMARY KEY IF EXISTS CASCADE")
    assert _keys(warehouse) == {("parent", "p", "PRIMARY KEY")}


@pytest.mark.parametrize(
    ("statement", "condition"),
    [
        ("child ADD PRIMARY KEY (parent_id)", "DELTA_CONSTRAINT_ALREADY_EXISTS"),
        ("child ADD CONSTRAINT x FOREIGN KEY (nope) REFERENCES s.parent", "DELTA_COLUMN_NOT_FOUND"),
        ("child ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES s.gone", "TABLE_OR_VIEW_NOT_FOUND"),
        (
            "child ADD CONSTRAINT x FOREIGN KEY (id) REFERENCES s.parent(code)",
            "FOREIGN_KEY_MISMATCH",
        ),
        ("child DROP CONSTRAINT nope", "DELTA_CONSTRAINT_DOES_NOT_EXIST"),
        ("child ADD CONSTRAINT x CHECK (id > 0)", "UNSUPPORTED_FEATURE.LOCAL_WORKSPACE"),
    ],
)
def test_what_cannot_be_a_key_is_refused_and_changes_nothing(
    warehouse: Warehouse, statement: str, condition: str
) -> None:
    with pytest.raises(SqlError) as caught:
        _run(warehouse, f"ALTER TABLE main.s.{statement}")
    assert caught.value.condition == condition
    assert _keys(warehouse) == OF_TABLES


def test_a_table_with_a_wrong_key_is_not_made(warehouse: Warehouse) -> None:
    with pytest.raises(SqlError, match="nope"):
        _run(warehouse, "CREATE TABLE main.s.third (id INT, PRIMARY KEY (nope))")
    assert ("third",) not in _run(warehouse, "SHOW TABLES IN main.s")
    _run(warehouse, "CREATE TABLE main.s.third (id INT, PRIMARY KEY (id))")


def test_a_store_of_before_keys_is_read(tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, ("main",))
    catalog.close()
    with sqlite3.connect(tmp_path / "catalog.sqlite") as database:
        database.execute("ALTER TABLE tables DROP COLUMN constraints")
        database.execute(
            "INSERT INTO tables "
            "VALUES ('main','default','t','TABLE','/x','','','me','','{}','[]',0)"
        )
    database.close()
    again = Catalog(tmp_path, ("main",))
    table = again.find(TableName("main", "default", "t"))
    assert table is not None
    assert table.constraints == ()
    again.close()
