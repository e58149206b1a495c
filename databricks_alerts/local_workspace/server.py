"""The workspace as one ASGI application: every room's routes behind one door, and errors."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from databricks_alerts.local_workspace.alerts.routes import routes as alert_routes
from databricks_alerts.local_workspace.beyond import routes as routes_beyond
from databricks_alerts.local_workspace.destinations.routes import routes as destination_routes
from databricks_alerts.local_workspace.door import Door
from databricks_alerts.local_workspace.errors import ApiError
from databricks_alerts.local_workspace.evaluation.routes import routes as evaluation_routes
from databricks_alerts.local_workspace.faults.gate import FaultGate
from databricks_alerts.local_workspace.faults.routes import routes as fault_routes
from databricks_alerts.local_workspace.files.routes import routes as file_routes
from databricks_alerts.local_workspace.folders.routes import routes as folder_routes
from databricks_alerts.local_workspace.identity.routes import routes as identity_routes
from databricks_alerts.local_workspace.ids import ACCOUNT_ID
from databricks_alerts.local_workspace.notification.inbox import route as inbox_route
from databricks_alerts.local_workspace.page.routes import routes as page_routes
from databricks_alerts.local_workspace.permissions.folder_routes import (
    routes as folder_permission_routes,
)
from databricks_alerts.local_workspace.permissions.routes import routes as permission_routes
from databricks_alerts.local_workspace.secrets.routes import routes as secret_routes
from databricks_alerts.local_workspace.state import ORG_ID, WAREHOUSE_ID, Workspace
from databricks_alerts.local_workspace.unity_catalog import grants, securables
from databricks_alerts.local_workspace.warehouse import statement_routes, thrift_routes
from databricks_alerts.local_workspace.warehouses.routes import routes as warehouse_routes
from databricks_alerts.local_workspace.wire import Call, answer, refusal, route

_log = logging.getLogger("databricks_alerts.local_workspace")


def application(workspace: Workspace, more: Sequence[BaseRoute] = ()) -> Starlette:
    """The whole workspace behind one port; `more` are routes of rooms that wrap this one."""
    sql = (
        lambda key: workspace.warehouse if key == WAREHOUSE_ID else None,
        lambda request: str(request.state.user.name),
    )
    app = Starlette(
        routes=[
            Route("/.well-known/databricks-config", _discovery),
            Route("/local/ready", _ready),
            route("GET", "/local/requests", _requests),
            route("DELETE", "/local/requests", _forget_requests),
            *fault_routes(),
            *identity_routes(),
            *warehouse_routes(),
            *alert_routes(),
            *destination_routes(),
            *permission_routes(),
            *folder_permission_routes(),
            *folder_routes(),
            *file_routes(),
            *secret_routes(),
            *grants.routes(),
            *securables.routes(),
            *evaluation_routes(),
            *routes_beyond(),
            inbox_route(),
            *page_routes(),
            *thrift_routes(*sql),
            *statement_routes(*sql),
            *more,
        ],
        middleware=[Middleware(Door), Middleware(FaultGate)],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            ClientDisconnect: _disconnected,
            Exception: _unexpected,
        },
    )
    # A path with a slash too many is no path of the API; a redirect would leave for its Host.
    app.router.redirect_slashes = False
    app.state.workspace = workspace
    return app


async def _discovery(request: Request) -> Response:
    host = request.app.state.workspace.host
    return answer(
        {
            "oidc_endpoint": f"{host}/oidc",
            "workspace_id": ORG_ID,
            "account_id": ACCOUNT_ID,
            "cloud": "AWS",
            "host_type": "WORKSPACE",
        }
    )


async def _ready(request: Request) -> Response:
    return answer({"ready": True, "host": request.app.state.workspace.host})


def _requests(call: Call) -> dict[str, Any]:
    return {"requests": call.workspace.requests.counts()}


def _forget_requests(call: Call) -> dict[str, Any]:
    call.workspace.requests.reset()
    return {}


async def _api_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, ApiError)
    return refusal(error)


async def _http_error(request: Request, error: Exception) -> Response:
    """Paths and methods that no room has."""
    assert isinstance(error, HTTPException)
    if error.status_code in (404, 405):
        text = f"No API found for '{request.method} {request.url.path[:200]}'"
        return refusal(ApiError(404, "ENDPOINT_NOT_FOUND", text))
    return refusal(ApiError(error.status_code, "BAD_REQUEST", str(error.detail)))


async def _disconnected(request: Request, error: Exception) -> Response:
    return refusal(ApiError(400, "REQUEST_CANCELLED", "The client went away."))


async def _unexpected(request: Request, error: Exception) -> Response:
    """Our own mistake: the log gets the traceback, the client gets none of it."""
    _log.error("%s %s failed", request.method, request.url.path[:200])
    return refusal(ApiError(500, "INTERNAL_ERROR", "The local workspace failed; see its log."))
