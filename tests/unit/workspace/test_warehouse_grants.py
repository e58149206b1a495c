"""Grants: what covers what, and what stays away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from databricks_alerts.local_workspace.warehouse import Grants, SqlError
from databricks_alerts.local_workspace.warehouse.names import TableName

TABLE = TableName("main", "gold", "t")


@pytest.fixture
def grants(tmp_path: Path) -> Iterator[Grants]:
    store = Grants(tmp_path, lambda user: user == "admin")
    yield store
    store.close()


def test_an_admin_needs_none(grants: Grants) -> None:
    grants.require_on_table("admin", "MODIFY", TABLE)


@pytest.mark.parametrize(
    ("kind", "name", "allowed"),
    [
        ("TABLE", "main.gold.t", True),
        ("SCHEMA", "main.gold", True),
        ("CATALOG", "main", True),
        ("TABLE", "main.gold.other", False),
        ("SCHEMA", "main.go", False),
    ],
)
def test_a_grant_covers_what_is_in_its_object(
    grants: Grants, kind: str, name: str, allowed: bool
) -> None:
    grants.add(kind, name, "bob", ["SELECT"])
    assert grants.allowed("bob", "SELECT", "TABLE", "main.gold.t") is allowed
    assert not grants.allowed("bob", "MODIFY", "TABLE", "main.gold.t")
    assert not grants.allowed("eve", "SELECT", "TABLE", "main.gold.t")


def test_all_privileges_and_account_users_hold_for_all(grants: Grants) -> None:
    grants.add("CATALOG", "main", "account users", ["ALL PRIVILEGES"])
    grants.require_on_table("anybody", "MODIFY", TABLE)


def test_use_is_needed_beside_select(grants: Grants) -> None:
    grants.add("TABLE", str(TABLE), "bob", ["SELECT"])
    with pytest.raises(SqlError, match="USE CATALOG on Catalog 'main'"):
        grants.require_on_table("bob", "SELECT", TABLE)
    grants.add("CATALOG", "main", "bob", ["USE CATALOG", "USE SCHEMA"])
    grants.require_on_table("bob", "SELECT", TABLE)


def test_an_owner_needs_only_use(grants: Grants) -> None:
    grants.add("CATALOG", "main", "bob", ["USE CATALOG", "USE SCHEMA"])
    grants.require_on_table("bob", "MODIFY", TABLE, owner="bob")


def test_revoking_takes_away_what_was_granted_there(grants: Grants) -> None:
    grants.add("TABLE", str(TABLE), "bob", ["SELECT", "MODIFY"])
    grants.remove("TABLE", str(TABLE), "bob", ["MODIFY"])
    assert [grant.privilege for grant in grants.on("TABLE", str(TABLE))] == ["SELECT"]
    grants.remove("TABLE", str(TABLE), "bob", ["ALL PRIVILEGES"])
    assert grants.on("TABLE", str(TABLE)) == []


def test_dropping_a_schema_forgets_what_was_in_it_only(grants: Grants) -> None:
    grants.add("TABLE", "main.gold.t", "bob", ["SELECT"])
    grants.add("TABLE", "main.gold2.t", "bob", ["SELECT"])
    grants.forget("SCHEMA", "main.gold")
    assert grants.on("TABLE", "main.gold.t") == []
    assert len(grants.on("TABLE", "main.gold2.t")) == 1


def test_an_unknown_privilege_is_refused(grants: Grants) -> None:
    with pytest.raises(SqlError, match="UC_INVALID_PRIVILEGE"):
        grants.add("TABLE", str(TABLE), "bob", ["FLY"])


def test_grants_survive_a_restart(tmp_path: Path) -> None:
    first = Grants(tmp_path, lambda _: False)
    first.add("TABLE", str(TABLE), "bob", ["SELECT"])
    first.close()
    second = Grants(tmp_path, lambda _: False)
    assert second.allowed("bob", "SELECT", "TABLE", str(TABLE))
    second.close()
