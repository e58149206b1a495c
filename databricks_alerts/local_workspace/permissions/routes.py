"""/api/2.0/permissions/alertsv2/{id}."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.permissions.models import Permissions, levels
from databricks_alerts.local_workspace.wire import Call, route

_BASE = "/api/2.0/permissions/alertsv2/{id}"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("GET", _BASE, _get),
        route("PUT", _BASE, _put),
        route("PATCH", _BASE, _patch),
        route("GET", f"{_BASE}/permissionLevels", _levels),
    ]


def _get(call: Call) -> dict[str, Any]:
    model, name = _allowed(call, "CAN_READ")
    return model.shown(name)


def _put(call: Call) -> dict[str, Any]:
    model, name = _allowed(call, "CAN_MANAGE")
    model.replace(name, call.json())
    return model.shown(name)


def _patch(call: Call) -> dict[str, Any]:
    model, name = _allowed(call, "CAN_MANAGE")
    model.merge(name, call.json())
    return model.shown(name)


def _levels(call: Call) -> dict[str, Any]:
    _allowed(call, "CAN_READ")
    return levels()


def _allowed(call: Call, needed: str) -> tuple[Permissions, str]:
    """The lists, and this alert's name in them. Raises ApiError 404 or 403."""
    workspace, key = call.workspace, call.path["id"]
    alert = Alerts(workspace.store, workspace.timestamp).get(key)
    model, name = Permissions(workspace.store, workspace.directory), f"alertsv2/{key}"
    model.require(call.user, name, alert["owner_user_name"], needed)
    return model, name
