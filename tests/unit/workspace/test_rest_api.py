"""The REST API in process: alerts, destinations, identity, refusals; no socket, no warehouse."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from starlette.testclient import TestClient

from databricks_alerts.local_workspace.identity.models import Directory
from databricks_alerts.local_workspace.server import application
from databricks_alerts.local_workspace.state import Workspace
from databricks_alerts.local_workspace.store import Store

ALERT: dict[str, Any] = {
    "display_name": "one",
    "query_text": "SELECT 1 AS c",
    "warehouse_id": "1",
    "parent_path": "/Shared/a",
    "evaluation": {
        "source": {"name": "c"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"value": {"double_value": 0.0}},
    },
    "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC"},
}
ALERTS = "/api/2.0/alerts"
DESTINATIONS = "/api/2.0/notification-destinations"


@pytest.fixture
def client(tmp_path: Path) -> Iterator[TestClient]:
    store = Store(tmp_path / "w.sqlite")
    directory = Directory(store)
    directory.keep_token("admin@local.test", "t")
    directory.add("eve@local.test")
    directory.keep_token("eve@local.test", "e")
    # No route of these tests reaches SQL.
    workspace = Workspace(store, None, directory, "http://testserver")  # type: ignore[arg-type]
    with TestClient(application(workspace), raise_server_exceptions=False) as made:
        made.headers["Authorization"] = "Bearer t"
        for path in ("/Shared/a", "/Shared/b"):
            assert made.post("/api/2.0/workspace/mkdirs", json={"path": path}).status_code == 200
        yield made
    store.close()


def create(client: TestClient, **changes: Any) -> dict[str, Any]:
    answer = client.post(ALERTS, json={**ALERT, **changes})
    assert answer.status_code == 200, answer.text
    made: dict[str, Any] = answer.json()
    return made


def test_a_request_without_a_good_token_is_401(client: TestClient) -> None:
    for header in ("", "Bearer wrong", "Basic dDp0", "Bearer"):
        answer = client.get(ALERTS, headers={"Authorization": header})
        assert (answer.status_code, answer.json()["error_code"]) == (401, "UNAUTHENTICATED")


def test_me_names_the_caller_and_the_workspace(client: TestClient) -> None:
    answer = client.get("/api/2.0/preview/scim/v2/Me")
    assert answer.json()["userName"] == "admin@local.test"
    assert answer.headers["X-Databricks-Org-Id"].isdigit()


def test_a_path_that_no_api_has_is_a_databricks_shaped_404(client: TestClient) -> None:
    for method, path in (("GET", "/api/2.1/clusters/get"), ("PUT", ALERTS), ("GET", "/../etc")):
        answer = client.request(method, path)
        assert (answer.status_code, answer.json()["error_code"]) == (404, "ENDPOINT_NOT_FOUND")


def test_an_alert_gets_ids_times_defaults_and_the_workspace_prefix(client: TestClient) -> None:
    made = create(client)
    assert made["parent_path"] == "/Workspace/Shared/a"
    assert made["lifecycle_state"] == "ACTIVE"
    assert made["schedule"]["pause_status"] == "UNPAUSED"
    assert made["evaluation"]["state"] == "UNKNOWN"
    assert made["owner_user_name"] == "admin@local.test"
    assert made["effective_run_as"] == {"user_name": "admin@local.test"}
    assert client.get(f"{ALERTS}/{made['id']}").json() == made


def test_a_taken_name_in_a_folder_is_refused(client: TestClient) -> None:
    create(client)
    answer = client.post(ALERTS, json={**ALERT, "parent_path": "/Workspace/Shared/a/"})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "RESOURCE_ALREADY_EXISTS")
    create(client, parent_path="/Shared/b")


def test_update_changes_what_the_mask_names_and_nothing_else(client: TestClient) -> None:
    made = create(client)
    body = {**ALERT, "display_name": "two", "query_text": "SELECT 2"}
    path = f"{ALERTS}/{made['id']}"
    changed = client.patch(path, params={"update_mask": "display_name"}, json=body).json()
    assert (changed["display_name"], changed["query_text"]) == ("two", "SELECT 1 AS c")
    nested = client.patch(
        path,
        params={"update_mask": "schedule.pause_status"},
        json={"schedule": {"pause_status": "PAUSED"}},
    ).json()
    assert nested["schedule"] == {**made["schedule"], "pause_status": "PAUSED"}
    for mask in ("", "nope", "id"):
        assert client.patch(path, params={"update_mask": mask}, json=body).status_code == 400


def test_trash_leaves_the_list_but_answers_get_and_purge_forgets(client: TestClient) -> None:
    made = create(client)
    path = f"{ALERTS}/{made['id']}"
    assert client.delete(path).status_code == 200
    assert client.get(path).json()["lifecycle_state"] == "DELETED"
    assert client.get(ALERTS).json() == {"alerts": []}
    create(client)  # a trashed alert's name is free
    assert client.delete(path, params={"purge": "true"}).status_code == 200
    assert client.get(path).status_code == 404


def test_lists_come_in_pages_in_order(client: TestClient) -> None:
    names = [create(client, display_name=f"alert {number}")["display_name"] for number in range(7)]
    seen: list[str] = []
    token = ""
    while True:
        page = client.get(ALERTS, params={"page_size": 3, "page_token": token}).json()
        seen += [alert["display_name"] for alert in page["alerts"]]
        token = page.get("next_page_token", "")
        if not token:
            break
    assert seen == names


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"display_name": ""}, "display_name"),
        ({"evaluation": {**ALERT["evaluation"], "comparison_operator": "GT"}}, "evaluation."),
        ({"schedule": {"quartz_cron_schedule": "0 0 8 * * ?"}}, "schedule.timezone_id"),
        ({"schedule": {**ALERT["schedule"], "quartz_cron_schedule": "0 0 8 * *"}}, "schedule."),
        ({"schedule": {**ALERT["schedule"], "timezone_id": "Mars/Base"}}, "schedule.timezone_id"),
        ({"nope": 1}, "nope"),
        (
            {"evaluation": {**ALERT["evaluation"], "threshold": {"value": {"double_value": "x"}}}},
            "double_value",
        ),
    ],
)
def test_a_bad_field_is_named(client: TestClient, changes: dict[str, Any], field: str) -> None:
    answer = client.post(ALERTS, json={**ALERT, **changes})
    assert answer.status_code == 400
    assert answer.json()["error_code"] == "INVALID_PARAMETER_VALUE"
    assert field in answer.json()["message"]


def test_an_alert_needs_its_folder_and_is_in_ones_home_without_one(client: TestClient) -> None:
    answer = client.post(ALERTS, json={**ALERT, "parent_path": "/Shared/nowhere"})
    assert (answer.status_code, answer.json()["error_code"]) == (404, "RESOURCE_DOES_NOT_EXIST")
    assert "/Workspace/Shared/nowhere" in answer.json()["message"]
    assert client.get(ALERTS).json()["alerts"] == []
    assert create(client, parent_path=None)["parent_path"] == "/Workspace/Users/admin@local.test"


@pytest.mark.slow
def test_the_workspace_holds_a_thousand_alerts_trashed_ones_included(client: TestClient) -> None:
    first = create(client, display_name="0")
    for number in range(1, 1000):
        create(client, display_name=str(number))
    client.delete(f"{ALERTS}/{first['id']}")
    answer = client.post(ALERTS, json={**ALERT, "display_name": "more"})
    assert answer.status_code == 429
    assert "1000" in answer.json()["message"]
    client.delete(f"{ALERTS}/{first['id']}", params={"purge": "true"})
    create(client, display_name="more")


def test_a_destinations_secrets_are_never_read_back(client: TestClient) -> None:
    config = {"generic_webhook": {"url": "http://x/secret", "username": "u", "password": "p"}}
    made = client.post(DESTINATIONS, json={"display_name": "d", "config": config}).json()
    assert made["destination_type"] == "WEBHOOK"
    shown = {"generic_webhook": {"url_set": True, "username_set": True, "password_set": True}}
    assert made["config"] == shown
    assert "secret" not in client.get(f"{DESTINATIONS}/{made['id']}").text
    assert "config" not in client.get(DESTINATIONS).json()["results"][0]


@pytest.mark.parametrize(
    "config",
    [
        {},
        {"slack": {}},
        {"slack": {"url": "x"}, "email": {"addresses": []}},
        {"fax": {"number": "1"}},
        {"email": {"addresses": "a@b.co"}},
    ],
)
def test_a_destination_has_exactly_one_whole_configuration(
    client: TestClient, config: dict[str, Any]
) -> None:
    answer = client.post(DESTINATIONS, json={"display_name": "d", "config": config})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_only_admins_manage_destinations(client: TestClient) -> None:
    config = {"email": {"addresses": ["a@b.co"]}}
    eve = {"Authorization": "Bearer e"}
    body = {"display_name": "d", "config": config}
    assert client.post(DESTINATIONS, json=body, headers=eve).status_code == 403
    made = client.post(DESTINATIONS, json=body).json()
    assert "config" not in client.get(f"{DESTINATIONS}/{made['id']}", headers=eve).json()


def test_a_type_never_changes(client: TestClient) -> None:
    body = {"display_name": "d", "config": {"email": {"addresses": ["a@b.co"]}}}
    made = client.post(DESTINATIONS, json=body).json()
    other = {"config": {"slack": {"url": "http://x"}}}
    assert client.patch(f"{DESTINATIONS}/{made['id']}", json=other).status_code == 400


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from([*ALERT, "config", "email", "slack", "value", "x"]), inner, max_size=4
        )
    ),
    max_leaves=12,
)


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(body=JSON, path=st.sampled_from([ALERTS, DESTINATIONS]))
def test_whatever_is_posted_is_a_refusal_with_words_and_never_a_failure(
    client: TestClient, body: Any, path: str
) -> None:
    answer = client.post(path, json=body)
    assert answer.status_code in (200, 400)
    if answer.status_code == 400:
        assert set(answer.json()) == {"error_code", "message", "details"}


@pytest.mark.parametrize("body", [b"{", b"[]", b"\xff\xfe", b"[" * 50_000, b"null"])
def test_a_body_that_is_no_object_is_malformed(client: TestClient, body: bytes) -> None:
    answer = client.post(ALERTS, content=body)
    assert (answer.status_code, answer.json()["error_code"]) == (400, "MALFORMED_REQUEST")


def test_a_body_that_is_too_large_is_refused(client: TestClient) -> None:
    answer = client.post(ALERTS, content=b" " * (17 * 1024 * 1024))
    assert answer.status_code == 413


def test_documents_survive_a_restart(tmp_path: Path) -> None:
    first = Store(tmp_path / "s.sqlite")
    first.put("alert", "1", {"id": "1"})
    first.put("alert", "2", {"id": "2"})
    first.delete("alert", "1")
    # Not closed: the process was killed.
    second = Store(tmp_path / "s.sqlite")
    assert second.all("alert") == [{"id": "2"}]
    first.close()
    second.close()
