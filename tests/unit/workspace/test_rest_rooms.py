"""Secret scopes and folders."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from rest import Rest

SECRETS = "/api/2.0/secrets"
TREE = "/api/2.0/workspace"
EVE = "eve@local.test"


def scope(rest: Rest, name: str = "alerts") -> None:
    rest.ok("POST", f"{SECRETS}/scopes/create", {"scope": name})
    rest.ok("POST", f"{SECRETS}/put", {"scope": name, "key": "k", "string_value": "grüße"})


def test_a_secret_comes_back_in_base64_and_lists_show_keys_only(rest: Rest) -> None:
    scope(rest)
    found = rest.ok("GET", f"{SECRETS}/get?scope=alerts&key=k")
    assert base64.b64decode(found["value"]).decode() == "grüße"
    [listed] = rest.ok("GET", f"{SECRETS}/list?scope=alerts")["secrets"]
    assert set(listed) == {"key", "last_updated_timestamp"}
    raw = base64.b64encode(b"\x00\xff").decode()
    rest.ok("POST", f"{SECRETS}/put", {"scope": "alerts", "key": "k", "bytes_value": raw})
    assert rest.ok("GET", f"{SECRETS}/get?scope=alerts&key=k")["value"] == raw


def test_a_deleted_scope_takes_its_secrets_along(rest: Rest) -> None:
    scope(rest)
    rest.ok("POST", f"{SECRETS}/scopes/delete", {"scope": "alerts"})
    rest.ok("POST", f"{SECRETS}/scopes/create", {"scope": "alerts"})
    assert rest.ok("GET", f"{SECRETS}/list?scope=alerts")["secrets"] == []


def test_each_level_of_a_scope_allows_what_its_name_says(rest: Rest) -> None:
    scope(rest)
    rest("GET", f"{SECRETS}/scopes/list", who=EVE)
    get, put = f"{SECRETS}/get?scope=alerts&key=k", {"scope": "alerts", "key": "k2"}
    put["string_value"] = "v"
    assert rest.refusal("GET", get, who=EVE) == (403, "PERMISSION_DENIED")
    for level, reads, writes, manages in (
        ("READ", 200, 403, 403),
        ("WRITE", 200, 200, 403),
        ("MANAGE", 200, 200, 200),
    ):
        acl = {"scope": "alerts", "principal": EVE, "permission": level}
        rest.ok("POST", f"{SECRETS}/acls/put", acl)
        assert rest("GET", get, who=EVE)[0] == reads
        assert rest("POST", f"{SECRETS}/put", put, who=EVE)[0] == writes
        assert rest("GET", f"{SECRETS}/acls/list?scope=alerts", who=EVE)[0] == manages
    rest.ok("POST", f"{SECRETS}/acls/delete", {"scope": "alerts", "principal": EVE})
    assert rest("GET", get, who=EVE)[0] == 403
    assert rest.ok("GET", f"{SECRETS}/scopes/list", who=EVE)["scopes"] == []


@pytest.mark.parametrize(
    ("method", "path", "body", "code"),
    [
        ("GET", "get?scope=nope&key=k", None, "RESOURCE_DOES_NOT_EXIST"),
        ("GET", "get?scope=alerts&key=nope", None, "RESOURCE_DOES_NOT_EXIST"),
        ("POST", "scopes/create", {"scope": "alerts"}, "RESOURCE_ALREADY_EXISTS"),
        ("POST", "scopes/create", {"scope": "a b"}, "INVALID_PARAMETER_VALUE"),
        ("POST", "scopes/create", {}, "INVALID_PARAMETER_VALUE"),
        ("POST", "put", {"scope": "alerts", "key": "k"}, "INVALID_PARAMETER_VALUE"),
        (
            *("POST", "put"),
            {"scope": "alerts", "key": "k", "bytes_value": "!"},
            "INVALID_PARAMETER_VALUE",
        ),
        (
            *("POST", "put"),
            {"scope": "alerts", "key": "k", "string_value": "x" * 140_000},
            "RESOURCE_LIMIT_EXCEEDED",
        ),
        (
            *("POST", "acls/put"),
            {"scope": "alerts", "principal": "nobody", "permission": "READ"},
            "RESOURCE_DOES_NOT_EXIST",
        ),
    ],
)
def test_what_makes_no_sense_of_a_secret_is_refused(
    rest: Rest, method: str, path: str, body: Any, code: str
) -> None:
    scope(rest)
    assert rest.refusal(method, f"{SECRETS}/{path}", body)[1] == code


def test_folders_are_made_with_those_above_and_listed(rest: Rest) -> None:
    rest.ok("POST", f"{TREE}/mkdirs", {"path": "/Shared/a/b"})
    status = rest.ok("GET", f"{TREE}/get-status?path=/Shared/a")
    assert (status["object_type"], status["path"]) == ("DIRECTORY", "/Shared/a")
    prefixed = rest.ok("GET", f"{TREE}/get-status?path=/Workspace/Shared/a")
    assert prefixed == {**status, "path": "/Workspace/Shared/a"}
    listed = rest.ok("GET", f"{TREE}/list?path=/Shared/a")["objects"]
    assert [item["path"] for item in listed] == ["/Shared/a/b"]
    assert rest.refusal("GET", f"{TREE}/get-status?path=/Shared/zzz")[1] == (
        "RESOURCE_DOES_NOT_EXIST"
    )


def test_an_alert_is_a_file_in_its_folder_until_it_is_trashed(rest: Rest) -> None:
    alert = rest.alert()
    [file] = rest.ok("GET", f"{TREE}/list?path=/Shared/a")["objects"]
    assert (file["path"], file["resource_id"]) == ("/Shared/a/one.dbalert.json", alert["id"])
    rest.ok("DELETE", f"/api/2.0/alerts/{alert['id']}")
    assert rest("GET", f"{TREE}/get-status?path=/Shared/a/one.dbalert.json")[0] == 404


def test_a_full_folder_is_deleted_only_with_all_that_is_in_it(rest: Rest) -> None:
    rest.ok("POST", f"{TREE}/mkdirs", {"path": "/Shared/a/b"})
    alert = rest.alert(parent_path="/Shared/a/b")
    path = {"path": "/Shared/a"}
    assert rest.refusal("POST", f"{TREE}/delete", path) == (400, "DIRECTORY_NOT_EMPTY")
    rest.ok("POST", f"{TREE}/delete", {**path, "recursive": True})
    assert rest.ok("GET", f"/api/2.0/alerts/{alert['id']}")["lifecycle_state"] == "DELETED"
    assert rest("GET", f"{TREE}/get-status?path=/Shared/a")[0] == 404


@pytest.mark.parametrize("path", ["", "x", "/Shared/../etc", "/a/./b", "/a\x00b", "/" + "x" * 2000])
def test_a_path_that_leads_nowhere_is_refused(rest: Rest, path: str) -> None:
    refused = rest.refusal("POST", f"{TREE}/mkdirs", {"path": path})
    assert refused == (400, "INVALID_PARAMETER_VALUE")
