"""Where faults happen: around the application, before or after it has its effect."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from databricks_alerts.local_workspace.errors import ApiError
from databricks_alerts.local_workspace.faults.rules import Fault
from databricks_alerts.local_workspace.wire import refusal

Receive = Callable[[], Awaitable[Any]]
Send = Callable[[Any], Awaitable[None]]


class FaultGate:
    """ASGI middleware: every request but the workspace's own /local ones may meet a fault."""

    def __init__(self, app: Any) -> None:
        self._app = app

    async def __call__(self, scope: Any, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http" or scope["path"].startswith("/local/"):
            await self._app(scope, receive, send)
            return
        struck = scope["app"].state.workspace.faults.strike(scope["method"], scope["path"])
        for fault in struck:
            if fault.kind == "latency":
                await asyncio.sleep(fault.seconds)
        for fault in struck:
            if fault.kind != "latency":
                await self._fail(fault, scope, receive, send)
                return
        await self._app(scope, receive, send)

    async def _fail(self, fault: Fault, scope: Any, receive: Receive, send: Send) -> None:
        if fault.kind == "drop_before":
            await _drop(scope)
        elif fault.kind == "drop_after":
            await self._app(scope, receive, _unheard)
            await _drop(scope)
        else:
            await refusal(_error(fault))(scope, receive, send)


def _error(fault: Fault) -> ApiError:
    if fault.kind == "rate_limit":
        text = "Too many requests: a fault of this local workspace says so."
        return ApiError(429, "REQUEST_LIMIT_EXCEEDED", text, retry_after=fault.seconds)
    code = {503: "TEMPORARILY_UNAVAILABLE", 504: "DEADLINE_EXCEEDED"}
    text = "The service failed: a fault of this local workspace says so."
    return ApiError(fault.status, code.get(fault.status, "INTERNAL_ERROR"), text)


async def _unheard(message: Any) -> None:
    """The answer of a request whose connection is about to break."""


async def _drop(scope: Any) -> None:
    """Cut the connection without a byte of an answer, as a network does."""
    drop = scope.get("state", {}).get("drop")
    if drop is None:
        raise ConnectionResetError("a fault dropped this connection")
    drop()
    # The server learns of the cut in its next turns; until then it would answer 500.
    for _ in range(3):
        await asyncio.sleep(0)
