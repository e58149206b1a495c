"""/api/2.0/alerts: paths to the model."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.errors import forbidden, invalid
from databricks_alerts.local_workspace.folders.models import Folders
from databricks_alerts.local_workspace.permissions.models import Permissions
from databricks_alerts.local_workspace.wire import Call, page, route

_BASE = "/api/2.0/alerts"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("POST", _BASE, _create),
        route("GET", _BASE, _list),
        route("GET", f"{_BASE}/{{id}}", _get),
        route("PATCH", f"{_BASE}/{{id}}", _update),
        route("DELETE", f"{_BASE}/{{id}}", _delete),
    ]


def require_alert(call: Call, level: str, key: str | None = None) -> dict[str, Any]:
    """The alert that the path names, or `key`.

    Raises ApiError 404, or 403 without that permission.
    """
    alert = _model(call).get(call.path["id"] if key is None else key)
    _permissions(call).require(call.user, _name(alert), alert["owner_user_name"], level)
    return alert


def _create(call: Call) -> dict[str, Any]:
    body = call.json()
    _require_run_as(call, body.get("run_as"))
    folders = Folders(call.workspace.store, call.user)
    return _model(call).create(call.user, body, folders.exists)


def _get(call: Call) -> dict[str, Any]:
    return require_alert(call, "CAN_READ")


def _list(call: Call) -> dict[str, Any]:
    lists = _permissions(call)
    readable = [
        alert
        for alert in _model(call).active()
        if lists.allows(call.user, _name(alert), alert["owner_user_name"], "CAN_READ")
    ]
    found, token = page(call, readable, most=100, default=20)
    answer: dict[str, Any] = {"alerts": found}
    return answer | ({"next_page_token": token} if token else {})


def _update(call: Call) -> dict[str, Any]:
    require_alert(call, "CAN_EDIT")
    body, mask = call.json(), call.query("update_mask")
    _require_run_as(call, body.get("run_as"))
    return _model(call).update(call.user, call.path["id"], body, mask)


def _delete(call: Call) -> dict[str, Any]:
    require_alert(call, "CAN_MANAGE")
    _model(call).delete(call.path["id"], purge=call.query("purge").lower() == "true")
    return {}


def _model(call: Call) -> Alerts:
    return Alerts(call.workspace.store, call.workspace.timestamp)


def _require_run_as(call: Call, run_as: Any) -> None:
    """Users run alerts as themselves; admins let anybody run them that there is.

    Databricks documents the first for user_name, and the role servicePrincipal/user, which this
    workspace gives to admins only, for service_principal_name.
    """
    if not isinstance(run_as, dict):
        return  # absent, or refused with all other fields
    for field in ("user_name", "service_principal_name"):
        name = run_as.get(field)
        if not isinstance(name, str) or not name or name == call.user.name:
            continue
        if not call.user.admin:
            raise forbidden(f"User {call.user.name} may not set run_as.{field} to {name[:80]}.")
        if call.workspace.directory.find(name) is None:
            raise invalid(f"run_as.{field}: {name[:80]} does not exist.")


def _permissions(call: Call) -> Permissions:
    return Permissions(call.workspace.store, call.workspace.directory)


def _name(alert: dict[str, Any]) -> str:
    return f"alertsv2/{alert['id']}"
