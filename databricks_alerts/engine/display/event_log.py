"""The event log: one event a line, in the shape of the CLI's `--event-log`."""

from __future__ import annotations

import json
from pathlib import Path
from types import TracebackType
from typing import IO

from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.events import EngineEvent
from databricks_alerts.engine.options import Sink


class EventLog:
    """Writes every event to a file as it comes. Use as a context manager.

    Raises ProjectError when the file cannot be written.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None

    def __enter__(self) -> EventLog:
        """Open the file anew."""
        try:
            self._file = self._path.open("w", encoding="utf-8")
        except OSError as error:
            raise ProjectError(
                f"cannot write the event log {self._path}: {error.strerror}"
            ) from error
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Close the file."""
        if self._file is not None:
            self._file.close()

    def __call__(self, event: EngineEvent) -> None:
        """Write one line."""
        assert self._file is not None, "an event log is used as a context manager"
        self._file.write(line_of(event) + "\n")
        # Whoever follows the log must see a step when it happens.
        self._file.flush()


def line_of(event: EngineEvent) -> str:
    """The event as a line without its newline."""
    document = event.to_json()
    if "summaryEvent" in document:
        # The CLI always has it; there are no policies here.
        document["summaryEvent"].setdefault("PolicyPacks", {})
    return json.dumps(document, separators=(",", ":"), ensure_ascii=False)


def tee(*sinks: Sink) -> Sink:
    """A sink that hands each event to all of these, in order."""

    def send(event: EngineEvent) -> None:
        for sink in sinks:
            sink(event)

    return send
