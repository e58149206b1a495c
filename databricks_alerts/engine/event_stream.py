"""Events on their way from many threads to one sink, in order."""

from __future__ import annotations

import itertools
import queue
import threading
import time
from collections import Counter

from databricks_alerts.engine.events import (
    DiagnosticEvent,
    EngineEvent,
    Payload,
    ResourceFailedEvent,
    ResourceOutputsEvent,
    Severity,
    StepMetadata,
)
from databricks_alerts.engine.options import Failure, Sink


class EventStream:
    """Collects events from any thread; `drain` hands them to the sink on the caller's thread."""

    def __init__(self, *, planning: bool) -> None:
        self.planning = planning
        self.steps: list[StepMetadata] = []
        self.failures: list[Failure] = []
        self.diagnostics: list[DiagnosticEvent] = []
        self.changes: Counter[str] = Counter()
        self._queue: queue.SimpleQueue[EngineEvent | None] = queue.SimpleQueue()
        self._numbers = itertools.count(1)
        self._lock = threading.Lock()

    def emit(self, payload: Payload) -> None:
        """Report one thing."""
        with self._lock:
            event = EngineEvent(next(self._numbers), int(time.time()), payload)
            self._queue.put(event)
            match payload:
                case DiagnosticEvent() if not payload.ephemeral:
                    self.diagnostics.append(payload)
                case ResourceOutputsEvent() | ResourceFailedEvent():
                    self.steps.append(payload.metadata)

    def count(self, op: str) -> None:
        """Count a step in the summary."""
        with self._lock:
            self.changes[op] += 1

    def fail(self, metadata: StepMetadata, message: str) -> None:
        """Report a failed step: why, then that."""
        self.say("error", message, metadata.urn)
        self.emit(ResourceFailedEvent(metadata))
        with self._lock:
            self.failures.append(Failure(metadata.urn, metadata.op, message))

    def say(self, severity: Severity, message: str, urn: str = "") -> None:
        """Report a message for people."""
        self.emit(DiagnosticEvent(message=message, severity=severity, urn=urn))

    def close(self) -> None:
        """No more events will come."""
        self._queue.put(None)

    def drain(self, sink: Sink) -> None:
        """Hand every event to the sink until `close`."""
        while (event := self._queue.get()) is not None:
            sink(event)
