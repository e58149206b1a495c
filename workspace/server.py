"""The workspace as one ASGI application: authentication, every room's routes, errors."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from typing import Any

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.routing import Route

from workspace.alerts.routes import routes as alert_routes
from workspace.destinations.routes import routes as destination_routes
from workspace.errors import ApiError
from workspace.identity.routes import routes as identity_routes
from workspace.requests_log import RequestLog
from workspace.state import ORG_ID, WAREHOUSE_ID, Workspace
from workspace.warehouse import statement_routes, thrift_routes
from workspace.warehouses.routes import routes as warehouse_routes
from workspace.wire import MAX_BODY, Call, answer, refusal, route

_log = logging.getLogger("workspace")
_OPEN = frozenset({"/.well-known/databricks-config", "/local/ready"})

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def application(workspace: Workspace) -> Starlette:
    """The whole workspace behind one port."""
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
            *identity_routes(),
            *warehouse_routes(),
            *alert_routes(),
            *destination_routes(),
            *thrift_routes(*sql),
            *statement_routes(*sql),
        ],
        middleware=[Middleware(_Door)],
        exception_handlers={
            ApiError: _api_error,
            HTTPException: _http_error,
            ClientDisconnect: _disconnected,
            Exception: _unexpected,
        },
    )
    app.state.workspace = workspace
    app.state.requests = RequestLog()
    return app


class _Door:
    """Counts requests, bounds bodies, lets in who has a token, and signs every answer."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        request = Request(scope)
        if not scope["path"].startswith("/local/"):
            scope["app"].state.requests.add(scope["method"], scope["path"])
        try:
            _require_size(request)
            if scope["path"] not in _OPEN:
                directory = scope["app"].state.workspace.directory
                header = request.headers.get("authorization", "")
                request.state.user = directory.authenticate(header)
        except ApiError as error:
            await refusal(error)(scope, receive, _signed(send))
            return
        await self._app(scope, _bounded(receive), _signed(send))


def _require_size(request: Request) -> None:
    length = request.headers.get("content-length", "0")
    if not length.isdigit() or int(length) > MAX_BODY:
        raise ApiError(413, "MAX_REQUEST_SIZE_EXCEEDED", f"A body holds at most {MAX_BODY} bytes.")


def _bounded(receive: Receive) -> Receive:
    """Bodies without a length are bounded while they arrive."""
    seen = 0

    async def counted() -> Any:
        nonlocal seen
        message = await receive()
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            text = f"A body holds at most {MAX_BODY} bytes."
            raise ApiError(413, "MAX_REQUEST_SIZE_EXCEEDED", text)
        return message

    return counted


def _signed(send: Send) -> Send:
    """Every answer names the workspace, as the SDKs and the Terraform provider expect."""

    async def sign(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []),
                (b"x-databricks-org-id", ORG_ID.encode()),
            ]
        await send(message)

    return sign


async def _discovery(request: Request) -> Response:
    host = request.app.state.workspace.host
    return answer(
        {
            "oidc_endpoint": f"{host}/oidc",
            "workspace_id": ORG_ID,
            "account_id": "00000000-0000-0000-0000-000000000001",
            "cloud": "AWS",
            "host_type": "WORKSPACE",
        }
    )


async def _ready(request: Request) -> Response:
    return answer({"ready": True, "host": request.app.state.workspace.host})


def _requests(call: Call) -> dict[str, Any]:
    return {"requests": call.requests.counts()}


def _forget_requests(call: Call) -> dict[str, Any]:
    call.requests.reset()
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
    _log.exception("%s %s failed", request.method, request.url.path, exc_info=error)
    return refusal(ApiError(500, "INTERNAL_ERROR", "The local workspace failed; see its log."))
