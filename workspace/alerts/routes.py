"""/api/2.0/alerts: paths to the model."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from workspace.alerts.models import Alerts
from workspace.wire import Call, page, route

_BASE = "/api/2.0/alerts"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("POST", _BASE, lambda call: _model(call).create(call.user, call.json())),
        route("GET", _BASE, _list),
        route("GET", f"{_BASE}/{{id}}", lambda call: _model(call).get(call.path["id"])),
        route("PATCH", f"{_BASE}/{{id}}", _update),
        route("DELETE", f"{_BASE}/{{id}}", _delete),
    ]


def _list(call: Call) -> dict[str, Any]:
    found, token = page(call, _model(call).active(), most=100, default=20)
    answer: dict[str, Any] = {"alerts": found}
    return answer | ({"next_page_token": token} if token else {})


def _update(call: Call) -> dict[str, Any]:
    mask = call.query("update_mask")
    return _model(call).update(call.user, call.path["id"], call.json(), mask)


def _delete(call: Call) -> dict[str, Any]:
    _model(call).delete(call.path["id"], purge=call.query("purge") == "true")
    return {}


def _model(call: Call) -> Alerts:
    return Alerts(call.workspace.store, call.workspace.timestamp)
