"""Workspace files: what `databricks bundle deploy` writes, reads and deletes."""

from __future__ import annotations

import base64
import datetime as dt
import json
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from rest import Rest, serving

from databricks_alerts.local_workspace.folders.models import home_owner
from databricks_alerts.local_workspace.identity.models import ADMIN

TREE = "/api/2.0/workspace"
DIRECTORIES = "/api/2.0/permissions/directories"
EVE = "eve@local.test"
EVES = f"/Workspace/Users/{EVE}"
FOLDER = "/Workspace/Shared/a"


def put(
    rest: Rest, path: str, content: bytes = b"x", *, overwrite: str = "false", who: str = ADMIN
) -> Any:
    """Import a file as the CLI does: the whole path is one segment, its slashes escaped."""
    rest("GET", "/api/2.0/preview/scim/v2/Me", who=who)  # makes the user
    url = f"/api/2.0/workspace-files/import-file/{quote(path.lstrip('/'), safe='')}"
    answer = rest.client.post(
        f"{url}?overwrite={overwrite}",
        content=content,
        headers={"Authorization": f"Bearer token of {who}"},
    )
    document = answer.json()
    return answer.status_code, document.get("error_code")


def status(rest: Rest, path: str) -> Any:
    return rest("GET", f"{TREE}/get-status?path={quote(path)}")


def read(rest: Rest, path: str) -> bytes:
    document = rest.ok("GET", f"{TREE}/export?path={quote(path)}")
    return base64.b64decode(document["content"])


def test_a_file_comes_back_as_it_was_written(rest: Rest) -> None:
    rest.workspace.clock = lambda: dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    content = bytes(range(256)) + b"\r\n\n"
    assert put(rest, f"{FOLDER}/f.bin", content) == (200, None)
    assert read(rest, f"{FOLDER}/f.bin") == content
    answer = rest.client.get(
        f"{TREE}/export?path={FOLDER}/f.bin&direct_download=true",
        headers={"Authorization": f"Bearer token of {ADMIN}"},
    )
    assert (answer.content, answer.headers["content-type"]) == (content, "application/octet-stream")
    [shown] = rest.ok("GET", f"{TREE}/list?path={FOLDER}")["objects"]
    assert shown == status(rest, f"{FOLDER}/f.bin")[1]
    assert isinstance(shown.pop("object_id"), int)
    assert shown == {
        "object_type": "FILE",
        "path": f"{FOLDER}/f.bin",
        "created_at": 1767225600000,
        "modified_at": 1767225600000,
        "size": len(content),
    }


def test_a_file_is_written_over_only_on_request(rest: Rest) -> None:
    path = f"{FOLDER}/deploy.lock"
    assert put(rest, path, b"first") == (200, None)
    assert put(rest, path, b"second") == (409, "RESOURCE_ALREADY_EXISTS")
    assert read(rest, path) == b"first"
    assert put(rest, path, b"third", overwrite="true") == (200, None)
    assert read(rest, path) == b"third"


def test_a_file_needs_its_folder(rest: Rest) -> None:
    path = f"{FOLDER}/b/c/f"
    assert put(rest, path) == (404, "RESOURCE_DOES_NOT_EXIST")
    rest.ok("POST", f"{TREE}/mkdirs", {"path": f"{FOLDER}/b/c"})
    assert put(rest, path) == (200, None)


def test_files_survive_the_process(tmp_path: Path) -> None:
    with serving(tmp_path) as first:
        put(first, f"{FOLDER}/kept", b"1")
        put(first, f"{FOLDER}/gone", b"2")
        first.ok("POST", f"{TREE}/delete", {"path": f"{FOLDER}/gone"})
    with serving(tmp_path) as second:
        assert read(second, f"{FOLDER}/kept") == b"1"
        assert status(second, f"{FOLDER}/gone")[0] == 404
        assert second.workspace.store.content(f"{FOLDER}/gone") is None


def test_contents_are_undone_with_their_transaction(rest: Rest) -> None:
    store = rest.workspace.store
    store.put_content("k", b"1")

    def broken() -> None:
        with store.transaction():
            store.put_content("k", b"2")
            raise KeyError

    with pytest.raises(KeyError):
        broken()
    assert store.content("k") == b"1"


def test_two_things_never_have_one_path(rest: Rest) -> None:
    alert = rest.alert(display_name="one")
    there = (400, "RESOURCE_ALREADY_EXISTS")
    for path in (FOLDER, f"{FOLDER}/one.dbalert.json"):
        assert put(rest, path, overwrite="true") == there
    put(rest, f"{FOLDER}/two.dbalert.json")
    assert rest.refusal("POST", f"{TREE}/mkdirs", {"path": f"{FOLDER}/two.dbalert.json/x"}) == there
    renamed = {**alert, "display_name": "two"}
    refused = rest.refusal("PATCH", f"/api/2.0/alerts/{alert['id']}?update_mask=*", renamed)
    assert refused == there


def test_a_folder_is_deleted_with_its_files_and_no_other(rest: Rest) -> None:
    for folder in ("a/b", "ab"):
        rest.ok("POST", f"{TREE}/mkdirs", {"path": f"/Shared/{folder}"})
        put(rest, f"/Shared/{folder}/f")
    assert rest.refusal("POST", f"{TREE}/delete", {"path": "/Shared/a/b"}) == (
        400,
        "DIRECTORY_NOT_EMPTY",
    )
    rest.ok("POST", f"{TREE}/delete", {"path": "/Shared/a", "recursive": True})
    assert status(rest, "/Shared/a/b/f")[0] == 404
    assert read(rest, "/Shared/ab/f") == b"x"
    rest.ok("POST", f"{TREE}/mkdirs", {"path": "/Shared/a/b"})
    assert rest.ok("GET", f"{TREE}/list?path=/Shared/a/b")["objects"] == []


def test_users_clear_folders_in_their_home_and_nowhere_else(rest: Rest) -> None:
    for folder in (f"{EVES}/bundle", "/Shared/bundle"):
        rest.ok("POST", f"{TREE}/mkdirs", {"path": folder}, EVE)
        put(rest, f"{folder}/f", who=EVE)
    body = {"path": f"{EVES}/bundle", "recursive": True}
    rest.ok("POST", f"{TREE}/delete", body, EVE)
    assert status(rest, f"{EVES}/bundle/f")[0] == 404
    for path in ("/Shared/bundle", EVES, "/Workspace"):
        code = rest("POST", f"{TREE}/delete", {"path": path, "recursive": True}, EVE)[0]
        assert code in (400, 403)
    assert read(rest, "/Shared/bundle/f") == b"x"


@pytest.mark.parametrize(
    ("name", "content", "shown", "language"),
    [
        ("n.py", b"# Databricks notebook source\nprint(1)", "n", "PYTHON"),
        ("n.SQL", b"-- Databricks notebook source\nSELECT 1", "n", "SQL"),
        ("n.scala", b"// Databricks notebook source", "n", "SCALA"),
        ("n.py", b"print(1)", "n.py", None),
        ("n.txt", b"# Databricks notebook source", "n.txt", None),
        (".py", b"# Databricks notebook source", ".py", None),
    ],
)
def test_a_source_file_that_says_so_is_a_notebook_without_its_ending(
    rest: Rest, name: str, content: bytes, shown: str, language: str | None
) -> None:
    put(rest, f"{FOLDER}/{name}", content)
    found = status(rest, f"{FOLDER}/{shown}")[1]
    assert found["object_type"] == ("NOTEBOOK" if language else "FILE")
    assert found.get("language") == language
    assert read(rest, f"{FOLDER}/{shown}") == content


def test_a_notebook_and_a_file_do_not_replace_each_other(rest: Rest) -> None:
    notebook = b"# Databricks notebook source"
    put(rest, f"{FOLDER}/n.py", notebook)
    for content, name in ((b"x", "n"), (notebook, "n.py")):
        assert put(rest, f"{FOLDER}/{name}", content) == (400, "RESOURCE_ALREADY_EXISTS")
    assert put(rest, f"{FOLDER}/n", overwrite="true") == (400, "RESOURCE_ALREADY_EXISTS")
    assert put(rest, f"{FOLDER}/n.py", notebook + b"\n1", overwrite="true") == (200, None)


@pytest.mark.parametrize(
    ("changes", "kind"),
    [({"format": "AUTO"}, "FILE"), ({"format": "RAW"}, "FILE"), ({"language": "SQL"}, "NOTEBOOK")],
)
def test_import_takes_base64(rest: Rest, changes: dict[str, Any], kind: str) -> None:
    body = {"path": "/Shared/a/f", "content": base64.b64encode(b"\x00SELECT 1").decode()}
    rest.ok("POST", f"{TREE}/import", {**body, **changes})
    assert status(rest, "/Shared/a/f")[1]["object_type"] == kind
    assert read(rest, "/Shared/a/f") == b"\x00SELECT 1"


@pytest.mark.parametrize(
    "changes",
    [
        {"path": None},
        {"path": "a"},
        {"path": "/Shared/../a"},
        {"path": ["/Shared/a/f"]},
        {"content": "!"},
        {"content": "é"},
        {"content": 1},
        {"content": None},
        {"content": ["eA=="]},
        {"format": "DBC"},
        {"format": {}},
        {"format": ["AUTO"]},
        {"format": "SOURCE"},
        {"format": "SOURCE", "language": "COBOL"},
        {"format": "SOURCE", "language": ["SQL"]},
        {"overwrite": "true"},
    ],
)
def test_an_import_that_makes_no_sense_is_refused(rest: Rest, changes: dict[str, Any]) -> None:
    body = {"path": "/Shared/a/f", "content": "eA==", "format": "AUTO", **changes}
    assert rest.refusal("POST", f"{TREE}/import", body) == (400, "INVALID_PARAMETER_VALUE")
    assert status(rest, "/Shared/a/f")[0] == 404


def test_a_form_is_refused_with_what_to_send_instead(rest: Rest) -> None:
    answer = rest.client.post(
        f"{TREE}/import",
        files={"content": b"x"},
        headers={"Authorization": f"Bearer token of {ADMIN}"},
    )
    assert answer.status_code == 400
    assert "as JSON" in answer.json()["message"]


@pytest.mark.parametrize(
    ("query", "refused"),
    [
        ("path=/Shared/a", (400, "INVALID_PARAMETER_VALUE")),
        ("path=/Shared/nope", (404, "RESOURCE_DOES_NOT_EXIST")),
        ("path=nope", (400, "INVALID_PARAMETER_VALUE")),
        ("", (400, "INVALID_PARAMETER_VALUE")),
        ("path=/Shared/a&format=DBC", (400, "INVALID_PARAMETER_VALUE")),
        ("path=/Shared/a/f&direct_download=maybe", (400, "INVALID_PARAMETER_VALUE")),
    ],
)
def test_only_files_are_exported(rest: Rest, query: str, refused: tuple[int, str]) -> None:
    put(rest, "/Shared/a/f")
    assert rest.refusal("GET", f"{TREE}/export?{query}") == refused


def test_a_file_has_a_limit(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("databricks_alerts.local_workspace.files.models.MAX_SIZE", 100)
    assert put(rest, f"{FOLDER}/f", b"x" * 100) == (200, None)
    assert put(rest, f"{FOLDER}/g", b"x" * 101) == (400, "MAX_NOTEBOOK_SIZE_EXCEEDED")
    assert status(rest, f"{FOLDER}/g")[0] == 404


@pytest.mark.parametrize(
    "path",
    ["", "/", "/Workspace", "a/../b", "./a", "Shared/a/..", "a\x00b", "a\n", "\ufffd", "x" * 2000],
)
def test_a_path_that_leads_nowhere_takes_no_file(rest: Rest, path: str) -> None:
    assert put(rest, path)[0] in (400, 404)
    assert put(rest, f"{FOLDER}/f", overwrite="perhaps")[0] == 400


@settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(name=st.text(min_size=1, max_size=20).filter(lambda name: "%" not in name))
@example(name="🚨 a b+c&d=e;f#g?h.txt")
@example(name="../../etc/passwd")
@example(name="x.dbalert.json")
def test_a_file_of_any_name_works_or_is_refused(rest: Rest, name: str) -> None:
    path, content = f"{FOLDER}/{name}", name.encode("utf-8", "replace")
    try:
        code, _ = put(rest, path, content, overwrite="true")
    except UnicodeEncodeError:
        return  # no URL can say it
    if code == 200:
        assert read(rest, path) == content
        rest.ok("POST", f"{TREE}/delete", {"path": path})
    assert code in (200, 400, 404)
    assert rest.ok("GET", f"{TREE}/list?path={FOLDER}")["objects"] == []


def test_an_alert_is_exported_as_its_definition_to_those_who_may_read_it(rest: Rest) -> None:
    text = {"query_text": "SELECT 1\n AS c", "custom_description": "a\nb"}
    alert = rest.alert(**text)
    path = f"{FOLDER}/one.dbalert.json"
    shown = json.loads(read(rest, path))
    assert shown["query_lines"] == ["SELECT 1", " AS c"]
    assert shown["custom_description_lines"] == ["a", "b"]
    assert shown["schedule"] == alert["schedule"]
    assert "state" not in shown["evaluation"]
    assert "display_name" not in shown
    rest("GET", "/api/2.0/alerts", who=EVE)
    assert rest.refusal("GET", f"{TREE}/export?path={path}", who=EVE) == (403, "PERMISSION_DENIED")


def test_a_folders_list_is_kept_and_shown_until_the_folder_goes(rest: Rest) -> None:
    key = status(rest, FOLDER)[1]["object_id"]
    entry = {"group_name": "users", "permission_level": "CAN_READ"}
    shown = rest.ok("PUT", f"{DIRECTORIES}/{key}", {"access_control_list": [entry]})
    assert (shown["object_id"], shown["object_type"]) == (f"/directories/{key}", "directory")
    names = [item["group_name"] for item in shown["access_control_list"]]
    assert names == ["users", "admins"]
    more = {"access_control_list": [{"user_name": ADMIN, "permission_level": "CAN_MANAGE"}]}
    assert len(rest.ok("PATCH", f"{DIRECTORIES}/{key}", more)["access_control_list"]) == 3
    assert rest("PUT", f"{DIRECTORIES}/{key}", {"access_control_list": []}, EVE)[0] == 403
    rest.ok("POST", f"{TREE}/delete", {"path": FOLDER})
    assert rest("GET", f"{DIRECTORIES}/{key}")[0] == 404
    rest.ok("POST", f"{TREE}/mkdirs", {"path": FOLDER})
    left = rest.ok("GET", f"{DIRECTORIES}/{key}")["access_control_list"]
    assert [item["group_name"] for item in left] == ["admins", "users"]  # what all inherit
    assert all(item["all_permissions"][0]["inherited"] for item in left)


def test_a_homes_owner_manages_its_lists(rest: Rest) -> None:
    rest.ok("POST", f"{TREE}/mkdirs", {"path": f"{EVES}/bundle"}, EVE)
    key = status(rest, f"{EVES}/bundle")[1]["object_id"]
    shown = rest.ok("PUT", f"{DIRECTORIES}/{key}", {"access_control_list": []}, EVE)
    [own, _] = shown["access_control_list"]
    assert (own["user_name"], own["all_permissions"][0]["inherited"]) == (EVE, True)
    described = rest.ok("GET", f"{DIRECTORIES}/{key}/permissionLevels", who=EVE)
    assert all("folder" in level["description"] for level in described["permission_levels"])


@pytest.mark.parametrize(
    ("path", "owner"),
    [("/Workspace/Users/e/x", "e"), ("/Workspace/Users", ""), ("/Workspace/Shared/e/x", "")],
)
def test_a_home_belongs_to_the_user_it_is_named_by(path: str, owner: str) -> None:
    assert home_owner(path) == owner


def test_bundles_hear_that_there_are_no_jobs_and_get_rid_of_their_telemetry(rest: Rest) -> None:
    for method, call in (("POST", "create"), ("GET", "list"), ("POST", "runs/submit")):
        refused = rest.refusal(method, f"/api/2.2/jobs/{call}", {} if method == "POST" else None)
        assert refused == (501, "NOT_IMPLEMENTED")
    taken = rest.ok("POST", "/telemetry-ext", {"protoLogs": ["a", "b"]})
    assert taken == {"errors": [], "numProtoSuccess": 2}
    assert rest.ok("POST", "/telemetry-ext", {"protoLogs": 7})["numProtoSuccess"] == 0


def test_counts_of_requests_name_no_files(rest: Rest) -> None:
    for name in ("f", "g"):
        put(rest, f"{FOLDER}/{name}")
    counted = rest.ok("GET", "/local/requests")["requests"]
    path = "/api/2.0/workspace-files/import-file/{path}"
    assert [item["count"] for item in counted if item["path"] == path] == [2]
