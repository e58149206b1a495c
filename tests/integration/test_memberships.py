"""`is_member` and `is_account_group_member` answer from the workspace's own groups."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from databricks_alerts.local_workspace.errors import ApiError
from databricks_alerts.local_workspace.identity.models import ADMIN, Directory
from databricks_alerts.local_workspace.store import Store
from databricks_alerts.local_workspace.warehouse import SqlError, Warehouse

ANA = "ana@local.test"


@pytest.fixture(scope="module")
def warehouse(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Warehouse]:
    folder = tmp_path_factory.mktemp("memberships")
    store = Store(folder / "workspace.sqlite")
    directory = Directory(store)
    directory.add(ANA)
    directory.add_group("it's `finance`", (ANA,))
    made = Warehouse(folder / "warehouse", is_member=directory.is_member)
    made.start()
    yield made
    made.stop()
    store.close()


@pytest.mark.parametrize(
    ("user", "call", "expected"),
    [
        (ANA, r"is_account_group_member('it\'s `finance`')", True),
        (ADMIN, r"is_account_group_member('it\'s `finance`')", False),
        (ANA, "IS_MEMBER('users')", True),
        (ANA, "is_member('admins')", False),
        (ADMIN, "is_member('admins')", True),
        (ADMIN, "is_account_group_member('admins')", False),
        (ANA, "is_account_group_member('account users')", True),
        ("nobody@local.test", "is_member('users')", False),
    ],
)
def test_an_answer_is_the_users(warehouse: Warehouse, user: str, call: str, expected: bool) -> None:
    for sql in (
        f"SELECT {call} AS it",
        f"SELECT 1 AS one, NOT(NOT({call})) AS it",
        f"SELECT {call}",
    ):
        assert warehouse.execute(sql, user=user).table.column(-1).to_pylist() == [expected]
        plan = warehouse.execute(f"EXPLAIN {sql}", user=user).table.to_pylist()
        assert "Physical Plan" in plan[0]["plan"]


def test_a_column_is_named_after_its_call(warehouse: Warehouse) -> None:
    sql = "SELECT is_member('users'), current_user() FROM VALUES (1) AS t(is_member)"
    names = warehouse.execute(sql, user=ANA).table.column_names
    assert names == ["is_member(users)", "current_user()"]


def test_a_name_that_is_no_call_stays(warehouse: Warehouse) -> None:
    sql = "SELECT is_member, 'is_member(\\'x\\')' AS text FROM VALUES (1) AS t(is_member)"
    assert warehouse.execute(sql, user=ANA).table.to_pylist() == [
        {"is_member": 1, "text": "is_member('x')"}
    ]


@pytest.mark.parametrize("argument", ["concat('a', 'b')", "name"])
def test_a_group_that_is_computed_is_unsupported(warehouse: Warehouse, argument: str) -> None:
    with pytest.raises((SqlError, ApiError), match="not supported by the local workspace"):
        warehouse.execute(f"SELECT is_member({argument}) FROM VALUES ('a') AS t(name)", user=ANA)
