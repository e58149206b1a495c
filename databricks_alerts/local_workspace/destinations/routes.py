"""/api/2.0/notification-destinations."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.destinations.models import Destinations, listed
from databricks_alerts.local_workspace.wire import Call, page, route

_BASE = "/api/2.0/notification-destinations"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("POST", _BASE, lambda call: _model(call).create(call.user, call.json())),
        route("GET", _BASE, _list),
        route("GET", f"{_BASE}/{{id}}", lambda call: _model(call).get(call.user, call.path["id"])),
        route("PATCH", f"{_BASE}/{{id}}", _update),
        route("DELETE", f"{_BASE}/{{id}}", _delete),
    ]


def _list(call: Call) -> dict[str, Any]:
    found, token = page(call, _model(call).all(), most=100, default=20)
    answer: dict[str, Any] = {"results": [listed(item) for item in found]}
    return answer | ({"next_page_token": token} if token else {})


def _update(call: Call) -> dict[str, Any]:
    return _model(call).update(call.user, call.path["id"], call.json())


def _delete(call: Call) -> dict[str, Any]:
    _model(call).delete(call.user, call.path["id"])
    return {}


def _model(call: Call) -> Destinations:
    return Destinations(call.workspace.store)
