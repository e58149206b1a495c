"""/api/2.0/workspace: mkdirs, get-status, list, delete."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.errors import invalid
from databricks_alerts.local_workspace.folders.models import Folders
from databricks_alerts.local_workspace.folders.paths import asked
from databricks_alerts.local_workspace.wire import Call, route

_BASE = "/api/2.0/workspace"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("POST", f"{_BASE}/mkdirs", _make),
        route("GET", f"{_BASE}/get-status", lambda call: _model(call).status(_path(call))),
        route("GET", f"{_BASE}/list", lambda call: {"objects": _model(call).inside(_path(call))}),
        route("POST", f"{_BASE}/delete", _delete),
    ]


def _make(call: Call) -> dict[str, Any]:
    _model(call).make(asked(call.json().get("path")))
    return {}


def _delete(call: Call) -> dict[str, Any]:
    body = call.json()
    recursive = body.get("recursive", False)
    if not isinstance(recursive, bool):
        raise invalid("recursive must be true or false.")
    alerts = Alerts(call.workspace.store, call.workspace.timestamp)
    _model(call).delete(asked(body.get("path")), recursive=recursive, alerts=alerts)
    return {}


def _path(call: Call) -> str:
    return asked(call.query("path"))


def _model(call: Call) -> Folders:
    return Folders(call.workspace.store, call.user)
