"""Who somebody is: users, machines, groups, tokens and OAuth."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from rest import Rest

SCIM = "/api/2.0/preview/scim/v2"
TOKEN = "/oidc/v1/token"
GRANT = {"grant_type": "client_credentials", "scope": "all-apis"}


def machine(rest: Rest) -> dict[str, str]:
    """A service principal with a secret."""
    made: dict[str, str] = rest.ok(
        "POST", "/local/users", {"name": "robot", "service_principal": True}
    )
    return made


def me(rest: Rest, token: str) -> Any:
    """Who a token speaks for: status and document."""
    answer = rest.client.get(f"{SCIM}/Me", headers={"Authorization": f"Bearer {token}"})
    return answer.status_code, answer.json()


def test_a_machine_trades_its_secret_for_a_token_that_speaks_for_it(rest: Rest) -> None:
    made = machine(rest)
    basic = base64.b64encode(f"{made['client_id']}:{made['client_secret']}".encode()).decode()
    by_header = rest.client.post(TOKEN, data=GRANT, headers={"Authorization": f"Basic {basic}"})
    credentials = {name: made[name] for name in ("client_id", "client_secret")}
    by_body = rest.client.post(TOKEN, data=GRANT | credentials)
    for answer in (by_header, by_body):
        assert answer.json()["token_type"] == "Bearer"
        status, who = me(rest, answer.json()["access_token"])
        assert (status, who["userName"], who["displayName"]) == (200, made["client_id"], "robot")


@pytest.mark.parametrize("header", ["Basic !!", "Basic Zm9v", "Basic Og==", "Bearer x", ""])
def test_wrong_credentials_are_invalid_client(rest: Rest, header: str) -> None:
    machine(rest)
    answer = rest.client.post(TOKEN, data=GRANT, headers={"Authorization": header})
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")


def test_one_machines_secret_is_no_use_to_another(rest: Rest) -> None:
    one, other = machine(rest), machine(rest)
    stolen = {"client_id": other["client_id"], "client_secret": one["client_secret"]}
    assert rest.client.post(TOKEN, data=GRANT | stolen).status_code == 401


def test_only_client_credentials_are_granted(rest: Rest) -> None:
    answer = rest.client.post(TOKEN, data={"grant_type": "password"})
    assert (answer.status_code, answer.json()["error"]) == (400, "unsupported_grant_type")
    assert rest.client.post(TOKEN, content=b"\xff=\xfe").status_code == 400


def test_an_access_token_ends_after_its_hour(rest: Rest, monkeypatch: pytest.MonkeyPatch) -> None:
    made = machine(rest)
    tokens = rest.workspace.directory.tokens
    token = tokens.exchange(made["client_id"], made["client_secret"])
    assert token is not None
    monkeypatch.setattr("databricks_alerts.local_workspace.identity.tokens.time.time", lambda: 9e9)
    assert me(rest, token)[0] == 401
    assert me(rest, made["token"])[0] == 200  # a personal token stays


def test_discovery_leads_to_the_token_endpoint(rest: Rest) -> None:
    config = rest.client.get("/.well-known/databricks-config").json()
    found = rest.client.get("/oidc/.well-known/oauth-authorization-server").json()
    assert found["issuer"] == config["oidc_endpoint"]
    assert found["token_endpoint"] == f"{config['oidc_endpoint']}/v1/token"


def test_a_removed_user_is_a_stranger_with_every_token(rest: Rest) -> None:
    made = rest.ok("POST", "/local/users", {"name": "ada@local.test"})
    assert me(rest, made["token"])[0] == 200
    rest.ok("DELETE", f"{SCIM}/Users/{made['id']}")
    assert me(rest, made["token"])[0] == 401
    again = rest.ok("POST", "/local/users", {"name": "ada@local.test"})
    assert me(rest, made["token"])[0] == 401, "the name came back, its old token must not"
    assert me(rest, again["token"])[0] == 200


def test_ids_are_never_given_twice(rest: Rest) -> None:
    first = rest.ok("POST", f"{SCIM}/Users", {"userName": "a@local.test"})
    second = rest.ok("POST", f"{SCIM}/Users", {"userName": "b@local.test"})
    rest.ok("DELETE", f"{SCIM}/Users/{first['id']}")
    third = rest.ok("POST", f"{SCIM}/Users", {"userName": "c@local.test"})
    assert third["id"] not in (first["id"], second["id"])


def test_users_are_found_by_filter_and_page(rest: Rest) -> None:
    for name in ("a@local.test", "b@local.test"):
        rest.ok("POST", f"{SCIM}/Users", {"userName": name, "displayName": name[0].upper()})
    found = rest.ok("GET", f'{SCIM}/Users?filter=userName eq "B@local.test"')
    assert [user["displayName"] for user in found["Resources"]] == ["B"]
    page = rest.ok("GET", f"{SCIM}/Users?startIndex=2&count=1")
    assert (page["totalResults"], len(page["Resources"])) == (3, 1)
    for query in ("filter=userName co a", "startIndex=x", "count=1e9"):
        assert rest.refusal("GET", f"{SCIM}/Users?{query}") == (400, "INVALID_PARAMETER_VALUE")


def test_groups_have_members_and_me_names_the_groups(rest: Rest) -> None:
    ada = rest.ok("POST", f"{SCIM}/Users", {"userName": "ada@local.test"})
    body = {"displayName": "ops", "members": [{"value": ada["id"]}]}
    group = rest.ok("POST", f"{SCIM}/Groups", body)
    assert rest.refusal("POST", f"{SCIM}/Groups", body) == (400, "RESOURCE_ALREADY_EXISTS")
    named = rest.ok("GET", f"{SCIM}/Me", who="ada@local.test")["groups"]
    assert {item["display"] for item in named} == {"users", "ops"}
    emptied = rest.ok("PUT", f"{SCIM}/Groups/{group['id']}", {"displayName": "ops"})
    assert emptied["members"] == []
    stranger = {"displayName": "x", "members": [{"value": "42"}]}
    assert rest.refusal("POST", f"{SCIM}/Groups", stranger)[0] == 404


def test_only_admins_change_who_there_is(rest: Rest) -> None:
    for path in (f"{SCIM}/Users", f"{SCIM}/ServicePrincipals", f"{SCIM}/Groups", "/local/users"):
        refused = rest.refusal("POST", path, {"userName": "x"}, who="eve@local.test")
        assert refused == (403, "PERMISSION_DENIED")


def test_the_first_admin_cannot_be_removed(rest: Rest) -> None:
    found = rest.ok("GET", f'{SCIM}/Users?filter=userName eq "admin@local.test"')
    key = found["Resources"][0]["id"]
    assert rest.refusal("DELETE", f"{SCIM}/Users/{key}") == (400, "INVALID_PARAMETER_VALUE")
