"""Log records of this process, as diagnostics of the engine that started it."""

from __future__ import annotations

import contextvars
import logging
import threading

import grpc
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

# Whose request the current thread answers; "" for none.
current_urn: contextvars.ContextVar[str] = contextvars.ContextVar("current_urn", default="")

_SECONDS = 5.0


class EngineLog(logging.Handler):
    """Sends our own records to an engine, those below a warning as debugging output.

    Of libraries' records only errors: the rest tells of their ways, even of requests with secrets.
    """

    def __init__(self, own: str = "databricks_alerts.engine") -> None:
        super().__init__()
        self._own = own
        self._stub: engine_pb2_grpc.EngineStub | None = None
        self._channel: grpc.Channel | None = None
        self._changing = threading.Lock()

    def connect(self, address: str) -> None:
        """Log to the engine at this address from now on; "" for none."""
        with self._changing:
            if self._channel is not None:
                self._channel.close()
            self._channel = grpc.insecure_channel(address) if address else None
            self._stub = engine_pb2_grpc.EngineStub(self._channel) if self._channel else None

    def emit(self, record: logging.LogRecord) -> None:
        """Send one record; a log that cannot be sent ends no deployment."""
        ours = f"{record.name}.".startswith(f"{self._own}.")
        if self._stub is None or not (ours or record.levelno >= logging.ERROR):
            return
        try:
            request = engine_pb2.LogRequest(
                severity=_severity(record.levelno),
                message=record.getMessage(),
                urn=current_urn.get(),
            )
            self._stub.Log(request, timeout=_SECONDS)
        except (grpc.RpcError, ValueError):  # it has gone, or the channel was closed meanwhile
            self.handleError(record)

    def handleError(self, record: logging.LogRecord) -> None:  # noqa: N802 - logging's name
        """Nothing: standard error is the engine's as well."""


def _severity(level: int) -> engine_pb2.LogSeverity.ValueType:
    if level >= logging.ERROR:
        return engine_pb2.ERROR
    return engine_pb2.WARNING if level >= logging.WARNING else engine_pb2.DEBUG
