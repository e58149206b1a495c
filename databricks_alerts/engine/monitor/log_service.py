"""The Engine service: log lines, and whether the engine is new enough for the program."""

from __future__ import annotations

from typing import Any

from google.protobuf import empty_pb2
from pulumi.runtime.proto import engine_pb2, engine_pb2_grpc

from databricks_alerts.engine.events import DiagnosticEvent, Severity
from databricks_alerts.engine.steps.run import Run

_SEVERITIES: dict[int, Severity] = {
    engine_pb2.LogSeverity.DEBUG: "debug",
    engine_pb2.LogSeverity.INFO: "info",
    engine_pb2.LogSeverity.WARNING: "warning",
    engine_pb2.LogSeverity.ERROR: "error",
}


class LogService(engine_pb2_grpc.EngineServicer):
    """Turns the program's log into diagnostics; an error fails the run."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._root_urn = ""

    def Log(self, request: Any, context: Any) -> Any:  # noqa: N802 - gRPC's names
        """Report one message."""
        severity = _SEVERITIES[request.severity]
        if severity == "debug":
            # The SDK's own trace, several lines a resource; they may hold what is secret.
            return empty_pb2.Empty()
        if severity == "error":
            if self._run.stopping.is_set():
                return empty_pb2.Empty()  # the echo of what was reported already
            self._run.failed.set()
        self._run.stream.emit(
            DiagnosticEvent(
                message=request.message,
                severity=severity,
                urn=request.urn,
                stream_id=request.streamId,
                ephemeral=request.ephemeral,
            )
        )
        return empty_pb2.Empty()

    def GetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        """The stack resource that older SDKs parent everything to."""
        return engine_pb2.GetRootResourceResponse(urn=self._root_urn)

    def SetRootResource(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Remember the stack resource."""
        self._root_urn = request.urn
        return engine_pb2.SetRootResourceResponse()

    def RequirePulumiVersion(self, request: Any, context: Any) -> Any:  # noqa: N802
        """Any: this engine speaks the protocol of the SDK that is installed beside it."""
        return engine_pb2.RequirePulumiVersionResponse()
