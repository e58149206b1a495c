"""What gives an identity what it lacks: statements where Unity Catalog has them, else commands."""

from __future__ import annotations

import json
import shlex
from types import SimpleNamespace
from typing import Any

import pytest

from databricks_alerts.doctor import privileges
from databricks_alerts.doctor.run import Doctor
from databricks_alerts.errors import AuthenticationError, WorkspaceError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.workspace_view.inventory import Inventory

ME = "ann@example.com"
SETTINGS = Settings(catalog="c", gold_schema="g", warehouse_id="w1", parent_path="/Workspace/x")


def _answering(monkeypatch: pytest.MonkeyPatch, answers: dict[str, Any]) -> None:
    """REST that answers by the beginning of a path; what is not there is not found."""

    def get(_: object, path: str) -> Any:
        found = [answer for start, answer in answers.items() if path.startswith(start)]
        if not found:
            raise WorkspaceError(f"GET {path}: not found")
        if isinstance(found[0], Exception):
            raise found[0]
        return found[0]

    monkeypatch.setattr("databricks_alerts.doctor.privileges.get", get)
    monkeypatch.setattr("databricks_alerts.doctor.run.get", get)


def _may(*groups: str) -> privileges.Privileges:
    return privileges.Privileges(None, ME, groups)  # type: ignore[arg-type]


UC = "/api/2.1/unity-catalog"


@pytest.mark.parametrize(
    ("owner", "held", "groups", "lacking"),
    [
        ("", [], (), ["SELECT", "MODIFY"]),
        ("", ["SELECT"], (), ["MODIFY"]),
        ("", ["ALL_PRIVILEGES"], (), []),
        (ME, [], (), []),
        ("team", [], ("team",), []),
        ("", [], ("admins",), []),
    ],
)
def test_owners_and_admins_have_all_others_what_they_were_granted(
    monkeypatch: pytest.MonkeyPatch,
    owner: str,
    held: list[str],
    groups: tuple[str, ...],
    lacking: list[str],
) -> None:
    assigned = [{"principal": ME, "privileges": [{"privilege": item} for item in held]}]
    permissions = {"privilege_assignments": assigned}
    _answering(
        monkeypatch,
        {f"{UC}/tables/": {"owner": owner}, f"{UC}/effective-permissions/table/": permissions},
    )
    assert _may(*groups).lacking("table", "c.g.t", ["SELECT", "MODIFY"]) == lacking


def test_where_one_may_not_look_everything_is_granted(monkeypatch: pytest.MonkeyPatch) -> None:
    _answering(monkeypatch, {})
    may = _may()
    assert may.lacking_if_seen("schema", "c.g", ["USE SCHEMA"]) == ["USE SCHEMA"]
    assert may.grant(["USE SCHEMA"], "schema", "c.g`h") == (
        f"GRANT USE SCHEMA ON SCHEMA `c`.`g``h` TO `{ME}`"
    )


def test_a_warehouse_and_a_folder_that_one_may_not_use(monkeypatch: pytest.MonkeyPatch) -> None:
    refused = AuthenticationError("GET …: 403 PERMISSION_DENIED")
    entry = {"user_name": ME, "all_permissions": [{"permission_level": "CAN_READ"}]}
    _answering(
        monkeypatch,
        {
            "/api/2.0/preview/scim/v2/Me": {"userName": ME, "groups": [{"display": "users"}]},
            "/api/2.0/sql/warehouses/w1": refused,
            "/api/2.0/workspace/get-status": {"object_type": "DIRECTORY", "object_id": 7},
            "/api/2.0/permissions/directories/7": {"access_control_list": [entry]},
        },
    )
    monkeypatch.setattr("databricks_alerts.doctor.run.user_name", lambda _: ME)
    monkeypatch.setattr("databricks_alerts.doctor.run.take_inventory", lambda _: Inventory())
    made = Doctor(SimpleNamespace(host="h"), SETTINGS, None)  # type: ignore[arg-type]
    found = {check.name: check for check in made.checks()}
    for name, kind, number, level in (
        ("warehouse", "warehouses", "w1", "CAN_USE"),
        ("folder", "directories", "7", "CAN_MANAGE"),
    ):
        assert found[name].status == "missing"
        *command, body = shlex.split(found[name].remedy)
        assert command == ["databricks", "permissions", "update", kind, number, "--json"]
        assert json.loads(body) == {
            "access_control_list": [{"user_name": ME, "permission_level": level}]
        }
