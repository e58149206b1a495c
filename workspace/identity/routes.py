"""/api/2.0/preview/scim/v2/Me: who the caller is."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from workspace.wire import Call, route


def routes() -> list[Route]:
    """The routes of this room."""
    return [route("GET", "/api/2.0/preview/scim/v2/Me", me)]


def me(call: Call) -> dict[str, Any]:
    """The caller as SCIM describes a user."""
    user = call.user
    groups = [{"display": "users", "value": "1"}]
    if user.admin:
        groups.append({"display": "admins", "value": "2"})
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "id": user.id,
        "userName": user.name,
        "displayName": user.name,
        "active": True,
        "emails": [] if user.service_principal else [{"value": user.name, "primary": True}],
        "groups": groups,
        "entitlements": [{"value": "databricks-sql-access"}, {"value": "workspace-access"}],
    }
