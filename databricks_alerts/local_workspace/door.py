"""The door: counts requests, bounds them in size and time, knows who asks, signs answers."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import TYPE_CHECKING, Any

from starlette.requests import Request

from databricks_alerts.local_workspace.errors import ApiError
from databricks_alerts.local_workspace.page.routes import OPEN as PAGES
from databricks_alerts.local_workspace.page.routes import OPEN_BELOW as PAGES_BELOW
from databricks_alerts.local_workspace.state import ORG_ID
from databricks_alerts.local_workspace.system import requests
from databricks_alerts.local_workspace.wire import MAX_BODY, refusal

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.state import Workspace

# What answers before anybody has a token.
OPEN = frozenset(
    {
        "/.well-known/databricks-config",
        "/oidc/.well-known/oauth-authorization-server",
        "/oidc/v1/token",
        "/local/ready",
    }
)
BODY_SECONDS = 30.0  # between two pieces of a body
# Webhooks know no token of ours.
_RECEIVERS = "/inbox/"
_SQL = ("/sql/1.0/", "/api/2.0/sql/statements", "/api/2.0/sql/sessions")
# Not in the audit log: our own doors, and the drivers' protocol, whose statements stand elsewhere.
_UNTOLD = ("/local/", "/sql/1.0/", _RECEIVERS, "/.well-known/", "/page", "/static")

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


def _needs_no_token(path: str) -> bool:
    """Whether a path has another way to know who asks, or nothing to hide."""
    return path in OPEN or _is_page(path) or path.startswith(_RECEIVERS)


def _is_page(path: str) -> bool:
    return path in PAGES or path.startswith(PAGES_BELOW)


class Door:
    """ASGI middleware around every room."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        workspace = scope["app"].state.workspace
        request = Request(scope)
        send = _noting(send, lambda status: _keep(workspace, request, status))
        if not scope["path"].startswith("/local/"):
            workspace.requests.add(scope["method"], scope["path"])
        try:
            _require_size(request)
            if not _needs_no_token(scope["path"]):
                header = request.headers.get("authorization", "")
                request.state.user = workspace.directory.authenticate(header)
            if scope["path"].startswith(_SQL):
                workspace.power.require_running()
        except ApiError as error:
            await refusal(error)(scope, receive, signed(send))
            return
        await self._app(scope, _bounded(receive), signed(send))


def _noting(send: Send, note: Callable[[int], None]) -> Send:
    """Tells an answer's status to `note`."""

    async def noted(message: Any) -> None:
        if message["type"] == "http.response.start":
            note(message["status"])
        await send(message)

    return noted


def _keep(workspace: Workspace, request: Request, status: int) -> None:
    """Keep the request for the page and for the audit log."""
    path, journal = request.url.path, workspace.journal
    user = getattr(request.state, "user", None)
    if not _is_page(path) and not path.startswith("/local/"):
        workspace.requests.answered(
            request.method,
            path,
            status=status,
            user=user.name if user is not None else "",
            at=workspace.timestamp(),
        )
    if journal is None:
        return
    if path.startswith(_UNTOLD) and status != HTTPStatus.UNAUTHORIZED:
        return
    told = requests.Request(
        method=request.method,
        path=path,
        query=request.url.query,
        user=user.name if user is not None else "",
        status=status,
        address=request.client.host if request.client else "",
        agent=request.headers.get("user-agent", ""),
    )
    requests.record(journal, told, workspace.clock())


def signed(send: Send) -> Send:
    """Every answer names the workspace, as the SDKs and the Terraform provider expect."""

    async def sign(message: Any) -> None:
        if message["type"] == "http.response.start":
            message["headers"] = [
                *message.get("headers", []),
                (b"x-databricks-org-id", ORG_ID.encode()),
            ]
        await send(message)

    return sign


def _require_size(request: Request) -> None:
    length = request.headers.get("content-length", "0")
    if not (length.isascii() and length.isdigit()) or int(length[:20]) > MAX_BODY:
        raise _too_large()


def _bounded(receive: Receive) -> Receive:
    """Bodies without a length are bounded while they arrive, and slow ones given up."""
    seen, complete = 0, False

    async def counted() -> Any:
        nonlocal seen, complete
        try:
            # After the body one may wait for the client to leave, as long as it takes.
            async with asyncio.timeout(None if complete else BODY_SECONDS):
                message = await receive()
        except TimeoutError:
            raise ApiError(408, "REQUEST_TIMEOUT", "The body did not arrive in time.") from None
        complete = not message.get("more_body", False)
        seen += len(message.get("body", b""))
        if seen > MAX_BODY:
            raise _too_large()
        return message

    return counted


def _too_large() -> ApiError:
    return ApiError(413, "MAX_REQUEST_SIZE_EXCEEDED", f"A body holds at most {MAX_BODY} bytes.")
