"""How each update of a stack went, in the CLI's files (UpdateInfo in pkg/backend/updates.go)."""

from __future__ import annotations

import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.state import compression
from databricks_alerts.engine.state.bucket import Bucket
from databricks_alerts.engine.state.compression import Compression

UpdateKind = Literal["update", "refresh", "destroy", "import", "preview"]


@dataclass(frozen=True, slots=True)
class UpdateRecord:
    """One update. Times are Unix seconds; `config` holds no secret in the clear."""

    kind: str
    start_time: int
    end_time: int
    result: str
    message: str = ""
    environment: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)
    resource_changes: dict[str, int] = field(default_factory=dict)
    version: int = 0

    def to_json(self) -> dict[str, Any]:
        """As the history file has it."""
        document: dict[str, Any] = {
            "kind": self.kind,
            "startTime": self.start_time,
            "message": self.message,
            "environment": self.environment,
            "config": self.config,
            "version": self.version,
            "result": self.result,
            "endTime": self.end_time,
        }
        changes = {name: count for name, count in sorted(self.resource_changes.items()) if count}
        return document | ({"resourceChanges": changes} if changes else {})


class History:
    """The updates of one stack, in `folder`, as files named by `stack` and time."""

    def __init__(self, bucket: Bucket, folder: str, stack: str, compress: Compression) -> None:
        self._bucket, self._folder, self._stack = bucket, folder, stack
        self._compression = compress

    def add(self, record: UpdateRecord, state: bytes | None) -> None:
        """Keep the record, and beside it the state file as the update left it."""
        prefix = f"{self._folder}/{self._stack}-{time.time_ns()}"
        suffix = f"json{self._compression}"
        text = json.dumps(record.to_json(), separators=(",", ":"), ensure_ascii=False)
        data = compression.compress(text.encode(), self._compression)
        self._bucket.write(f"{prefix}.history.{suffix}", data)
        if state is not None:
            self._bucket.write(f"{prefix}.checkpoint.{suffix}", state)

    def latest(self, limit: int | None = None) -> list[UpdateRecord]:
        """The latest updates, the newest first. Raises StateError for a damaged file."""
        names = [key for key in self._bucket.files(self._folder) if ".history.json" in key]
        names = [key for key in names if key.rsplit(".history.json", 1)[1] in compression.SUFFIXES]
        return [self._read(key) for key in names[::-1][:limit]]

    def _read(self, key: str) -> UpdateRecord:
        source = self._bucket.location(key)
        try:
            document = json.loads(compression.decompress(self._bucket.read(key) or b"", source))
        except ValueError as error:
            raise StateError(f"{source} is damaged: {error}") from error
        return _from_json(document if isinstance(document, dict) else {})


def _from_json(document: Mapping[str, Any]) -> UpdateRecord:
    return UpdateRecord(
        kind=str(document.get("kind", "")),
        start_time=int(document.get("startTime") or 0),
        end_time=int(document.get("endTime") or 0),
        result=str(document.get("result", "")),
        message=str(document.get("message") or ""),
        environment=dict(document.get("environment") or {}),
        config=dict(document.get("config") or {}),
        resource_changes=dict(document.get("resourceChanges") or {}),
        version=int(document.get("version") or 0),
    )
