"""Who may do what with an alert: what is forbidden is forbidden."""

from __future__ import annotations

from typing import Any

import pytest
from rest import ALERT, Rest

ALERTS = "/api/2.0/alerts"
EVE = "eve@local.test"


def allow(rest: Rest, alert: dict[str, Any], level: str, **who: str) -> Any:
    """Give one principal one level, and nobody else any."""
    rest("GET", ALERTS, who=EVE)  # eve exists from her first request on
    entry = {**(who or {"user_name": EVE}), "permission_level": level}
    path = f"/api/2.0/permissions/alertsv2/{alert['id']}"
    return rest.ok("PUT", path, {"access_control_list": [entry]})


@pytest.mark.parametrize(
    ("level", "reads", "edits", "deletes"),
    [
        ("CAN_READ", 200, 403, 403),
        ("CAN_RUN", 200, 403, 403),
        ("CAN_EDIT", 200, 200, 403),
        ("CAN_MANAGE", 200, 200, 200),
    ],
)
def test_each_level_allows_what_its_name_says(
    rest: Rest, level: str, reads: int, edits: int, deletes: int
) -> None:
    alert = rest.alert()
    path = f"{ALERTS}/{alert['id']}"
    body = {**ALERT, "query_text": "SELECT 2 AS c"}
    assert rest("GET", path, who=EVE)[0] == 403
    allow(rest, alert, level)
    assert rest("GET", path, who=EVE)[0] == reads
    assert rest("PATCH", f"{path}?update_mask=query_text", body, who=EVE)[0] == edits
    assert rest("PUT", f"/api/2.0/permissions{path[8:]}", {}, who=EVE)[0] in (403, 404)
    assert rest("DELETE", path, who=EVE)[0] == deletes


def test_the_list_shows_what_one_may_read(rest: Rest) -> None:
    alert = rest.alert()
    rest.alert(display_name="other")
    assert rest.ok("GET", ALERTS, who=EVE)["alerts"] == []
    allow(rest, alert, "CAN_READ")
    assert [item["id"] for item in rest.ok("GET", ALERTS, who=EVE)["alerts"]] == [alert["id"]]


def test_the_owner_and_admins_always_may(rest: Rest) -> None:
    alert = rest.alert(who=EVE)
    rest.ok("PUT", f"/api/2.0/permissions/alertsv2/{alert['id']}", {"access_control_list": []})
    rest.ok("DELETE", f"{ALERTS}/{alert['id']}", who=EVE)
    rest.ok("DELETE", f"{ALERTS}/{alert['id']}?purge=true")


def test_a_group_gives_its_members_the_level(rest: Rest) -> None:
    alert = rest.alert()
    allow(rest, alert, "CAN_READ", group_name="users")
    rest.ok("GET", f"{ALERTS}/{alert['id']}", who=EVE)
    rest.workspace.directory.add_group("ops")
    allow(rest, alert, "CAN_EDIT", group_name="ops")
    assert rest("GET", f"{ALERTS}/{alert['id']}", who=EVE)[0] == 403
    rest.workspace.directory.set_members("ops", (EVE,))
    rest.ok("GET", f"{ALERTS}/{alert['id']}", who=EVE)


def test_put_replaces_patch_adds_and_admins_inherit(rest: Rest) -> None:
    alert = rest.alert()
    path = f"/api/2.0/permissions/alertsv2/{alert['id']}"
    allow(rest, alert, "CAN_RUN")
    users = {"access_control_list": [{"group_name": "users", "permission_level": "CAN_READ"}]}
    shown = rest.ok("PATCH", path, users)
    assert shown["object_id"] == f"/alertsv2/{alert['id']}"
    assert shown["object_type"] == "alertv2"
    levels = {
        (item.get("user_name") or item["group_name"]): item["all_permissions"][0]
        for item in shown["access_control_list"]
    }
    assert {name: held["permission_level"] for name, held in levels.items()} == {
        EVE: "CAN_RUN",
        "users": "CAN_READ",
        "admins": "CAN_MANAGE",
    }
    assert [name for name, held in levels.items() if held["inherited"]] == ["admins"]
    replaced = rest.ok("PUT", path, users)["access_control_list"]
    assert [item["group_name"] for item in replaced] == ["users", "admins"]
    described = rest.ok("GET", f"{path}/permissionLevels")["permission_levels"]
    assert [item["permission_level"] for item in described] == [
        *("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE"),
    ]


@pytest.mark.parametrize(
    ("entry", "code"),
    [
        ({"user_name": EVE, "permission_level": "IS_OWNER"}, "INVALID_PARAMETER_VALUE"),
        ({"permission_level": "CAN_READ"}, "INVALID_PARAMETER_VALUE"),
        (
            {"user_name": EVE, "group_name": "users", "permission_level": "CAN_READ"},
            "INVALID_PARAMETER_VALUE",
        ),
        ({"group_name": "nobody", "permission_level": "CAN_READ"}, "RESOURCE_DOES_NOT_EXIST"),
        ({"user_name": 5, "permission_level": "CAN_READ"}, "RESOURCE_DOES_NOT_EXIST"),
        ("x", "INVALID_PARAMETER_VALUE"),
    ],
)
def test_a_bad_entry_is_refused_and_changes_nothing(rest: Rest, entry: Any, code: str) -> None:
    alert = rest.alert()
    before = allow(rest, alert, "CAN_READ")
    path = f"/api/2.0/permissions/alertsv2/{alert['id']}"
    assert rest.refusal("PUT", path, {"access_control_list": [entry]})[1] == code
    assert rest.ok("GET", path) == before


def test_an_alert_that_is_not_there_has_no_permissions(rest: Rest) -> None:
    path = "/api/2.0/permissions/alertsv2/nope"
    assert rest.refusal("GET", path) == (404, "RESOURCE_DOES_NOT_EXIST")


def test_alerts_run_as_their_makers_unless_an_admin_says_otherwise(rest: Rest) -> None:
    refused = {**ALERT, "run_as": {"user_name": "admin@local.test"}}
    assert rest.refusal("POST", ALERTS, refused, who=EVE) == (403, "PERMISSION_DENIED")
    assert rest.alert(who=EVE, run_as={"user_name": EVE})["effective_run_as"] == {"user_name": EVE}
    unknown = {**ALERT, "run_as": {"service_principal_name": "nobody"}}
    assert rest.refusal("POST", ALERTS, unknown) == (400, "INVALID_PARAMETER_VALUE")
    robot = rest.workspace.directory.add_service_principal("robot").name
    made = rest.alert(display_name="two", run_as={"service_principal_name": robot})
    assert made["effective_run_as"] == {"service_principal_name": robot}
