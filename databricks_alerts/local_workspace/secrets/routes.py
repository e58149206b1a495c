"""/api/2.0/secrets."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.errors import ApiError, invalid
from databricks_alerts.local_workspace.secrets.models import Secrets, value_of
from databricks_alerts.local_workspace.wire import Call, route

_BASE = "/api/2.0/secrets"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("POST", f"{_BASE}/scopes/create", _create_scope),
        route("GET", f"{_BASE}/scopes/list", _scopes),
        route("POST", f"{_BASE}/scopes/delete", _delete_scope),
        route("POST", f"{_BASE}/put", _put),
        route("GET", f"{_BASE}/get", _get),
        route("GET", f"{_BASE}/list", _list),
        route("POST", f"{_BASE}/delete", _delete),
        route("POST", f"{_BASE}/acls/put", _put_acl),
        route("GET", f"{_BASE}/acls/list", _acls),
        route("GET", f"{_BASE}/acls/get", _acl),
        route("POST", f"{_BASE}/acls/delete", _delete_acl),
    ]


def _create_scope(call: Call) -> dict[str, Any]:
    body = call.json()
    if body.get("scope_backend_type", "DATABRICKS") != "DATABRICKS":
        raise invalid("This workspace keeps secrets itself: scope_backend_type is DATABRICKS.")
    everybody = body.get("initial_manage_principal") == "users"
    _model(call).create_scope(call.user, _text(body, "scope"), everybody)
    return {}


def _scopes(call: Call) -> dict[str, Any]:
    names = _model(call).scopes(call.user)
    return {"scopes": [{"name": name, "backend_type": "DATABRICKS"} for name in names]}


def _delete_scope(call: Call) -> dict[str, Any]:
    _model(call).delete_scope(call.user, _text(call.json(), "scope"))
    return {}


def _put(call: Call) -> dict[str, Any]:
    body = call.json()
    value = value_of(body)
    _model(call).put(call.user, _text(body, "scope"), _text(body, "key"), value)
    return {}


def _get(call: Call) -> dict[str, Any]:
    found = _model(call).get(call.user, call.query("scope"), call.query("key"))
    return {"key": found["key"], "value": found["value"]}


def _list(call: Call) -> dict[str, Any]:
    return {"secrets": _model(call).keys(call.user, call.query("scope"))}


def _delete(call: Call) -> dict[str, Any]:
    body = call.json()
    _model(call).delete(call.user, _text(body, "scope"), _text(body, "key"))
    return {}


def _put_acl(call: Call) -> dict[str, Any]:
    body = call.json()
    level = _text(body, "permission")
    _model(call).set_acl(call.user, _text(body, "scope"), _text(body, "principal"), level)
    return {}


def _acls(call: Call) -> dict[str, Any]:
    found = _model(call).acls(call.user, call.query("scope"))
    return {"items": [{"principal": name, "permission": level} for name, level in found.items()]}


def _acl(call: Call) -> dict[str, Any]:
    principal = call.query("principal")
    level = _model(call).acls(call.user, call.query("scope")).get(principal)
    if level is None:
        text = f"There is no access control for {principal[:80]}."
        raise ApiError(404, "RESOURCE_DOES_NOT_EXIST", text)
    return {"principal": principal, "permission": level}


def _delete_acl(call: Call) -> dict[str, Any]:
    body = call.json()
    _model(call).set_acl(call.user, _text(body, "scope"), _text(body, "principal"), None)
    return {}


def _text(body: dict[str, Any], name: str) -> str:
    value = body.get(name)
    if not isinstance(value, str) or not value:
        raise invalid(f"{name} is required.")
    return value


def _model(call: Call) -> Secrets:
    return Secrets(call.workspace.store, call.workspace.directory)
