"""HTTP as uvicorn speaks it, hardened: slow clients end, garbage gets JSON, faults can cut."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import h11
from uvicorn.protocols.http.h11_impl import H11Protocol

from databricks_alerts.local_workspace.errors import error_body

HEADER_SECONDS = 20.0  # from the connection, or a request's first byte, to the end of its headers


class Protocol(H11Protocol):
    """One connection. `scope["state"]["drop"]` cuts it without an answer."""

    def __init__(
        self, config: Any, server_state: Any, app_state: dict[str, Any], _loop: Any = None
    ) -> None:
        super().__init__(config, server_state, {**app_state, "drop": self._drop}, _loop)
        self._patience: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Headers are due from now on."""
        super().connection_made(transport)
        self._wait_for_headers()

    def connection_lost(self, exc: Exception | None) -> None:
        """Nobody waits any more."""
        self._settle()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes of a request; those of its headers have a deadline that no trickle prolongs."""
        super().data_received(data)
        if self.conn.their_state is h11.IDLE and self.conn.trailing_data[0]:
            self._wait_for_headers()
        elif self.conn.their_state is not h11.IDLE or self.cycle is not None:
            self._settle()

    def send_400_response(self, msg: str) -> None:
        """What is not HTTP is refused in Databricks' form too."""
        self._settle()
        body = json.dumps(error_body("MALFORMED_REQUEST", msg))
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(body)).encode()),
            (b"connection", b"close"),
        ]
        response = h11.Response(status_code=400, headers=headers, reason=b"Bad Request")
        for event in (response, h11.Data(data=body.encode()), h11.EndOfMessage()):
            self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def _wait_for_headers(self) -> None:
        if self._patience is None:
            self._patience = self.loop.call_later(HEADER_SECONDS, self._drop)

    def _settle(self) -> None:
        if self._patience is not None:
            self._patience.cancel()
            self._patience = None

    def _drop(self) -> None:
        self.transport.abort()
