"""What a running update has done so far, line by line: the state's write-ahead log.

The CLI writes the whole state twice for every step; a journal costs what the step costs. Its first
line says which state it continues (by hash), then one line a fact:

    {"begin": n, "type": "creating", "resource": {…}}       a request goes out
    {"end": n, "saved": {…}}  {"end": n, "removed": {…}}     its answer is in; n is null without one

Beside it, for a moment, stands a mark: which journal is being folded into which state, so that a
process that dies between writing the state and removing the journal leaves no doubt.

A line is on the disk before `begin` or `end` return. Secrets are encrypted as in the state. It
stands in a folder of its own, where the CLI does not look.
"""

from __future__ import annotations

import itertools
import json
import threading
import uuid
from dataclasses import dataclass, field
from typing import Any

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.state.bucket import Bucket
from databricks_alerts.engine.state.codec import Codec
from databricks_alerts.engine.state.records import encode_resource
from databricks_alerts.engine.state.resource import PendingOperation, ResourceState

FORMAT = 1


@dataclass(slots=True)
class JournalContent:
    """A journal as it was found: its run, the hash of the state it continues, its records."""

    run: str
    base: str
    records: list[dict[str, Any]] = field(default_factory=list)


class JournalFile:
    """The lines of a stack's journal: one file that grows, or where files cannot, one a line."""

    def __init__(self, bucket: Bucket, key: str) -> None:
        self._bucket, self.key = bucket, key
        self._numbers = itertools.count()

    @property
    def location(self) -> str:
        """Where a person finds it."""
        return self._bucket.location(f"{self.key}.ndjson" if self._bucket.appends else self.key)

    def append(self, data: bytes) -> None:
        """Add lines, durably."""
        if self._bucket.appends:
            self._bucket.append(f"{self.key}.ndjson", data)
        else:
            self._bucket.write(f"{self.key}/{next(self._numbers):09d}.ndjson", data)

    def read(self) -> bytes:
        """All lines, in the order in which they were written; empty when there is no journal."""
        whole = self._bucket.read(f"{self.key}.ndjson") or b""
        parts = [self._bucket.read(key) or b"" for key in self._bucket.files(self.key)]
        return whole + b"".join(parts)

    def mark(self, run: str, result: str) -> None:
        """Say that this run's journal goes into the state with this hash, before it is written."""
        mark = {"run": run, "result": result}
        self._bucket.write(f"{self.key}.folding", json.dumps(mark).encode())

    def was_folded(self, run: str, state: str) -> bool:
        """Whether this run's journal is in the state with this hash already."""
        data = self._bucket.read(f"{self.key}.folding")
        return data is not None and json.loads(data) == {"run": run, "result": state}

    def remove(self) -> None:
        """Forget it. The first object goes last: without it the rest would have no base."""
        self._bucket.delete(f"{self.key}.ndjson")
        for key in reversed(self._bucket.files(self.key)):
            self._bucket.delete(key)
        self._bucket.delete(f"{self.key}.folding")


class Journal:
    """Records steps durably while a run lasts. Safe to use from many threads.

    Nothing is written before the first record. `base` is the hash of the state it continues.
    """

    def __init__(self, file: JournalFile, codec: Codec, base: str) -> None:
        self._file, self._codec, self._base = file, codec, base
        self.run = uuid.uuid4().hex
        self._numbers = itertools.count(1)
        self._open: dict[int, PendingOperation] = {}
        self._lock = threading.Lock()
        self._flushing = threading.Lock()
        self._buffer: list[bytes] = []
        self._written = self._durable = 0
        self._broken: StateError | None = None
        self.started = False

    def begin(self, kind: str, resource: ResourceState) -> int:
        """A request is about to go out (creating, updating, deleting); answers a token."""
        token = next(self._numbers)
        record = {
            "begin": token,
            "type": kind,
            "resource": encode_resource(resource, self._codec),
        }
        self._write(record)
        with self._lock:
            self._open[token] = PendingOperation(resource, kind)
        return token

    def end(
        self,
        token: int | None,
        *,
        saved: ResourceState | None = None,
        removed: ResourceState | None = None,
        replaces: ResourceState | None = None,
    ) -> None:
        """The answer is in: `saved` takes its place in the state, `removed` is gone from it.

        With neither, the request had no effect. `replaces` is what `saved` was before, when it
        had another URN.
        """
        record: dict[str, Any] = {"end": token}
        if saved is not None:
            record["saved"] = encode_resource(saved, self._codec)
        for name, resource in (("removed", removed), ("replaces", replaces)):
            if resource is not None:
                record[name] = identity(resource)
        self._write(record)
        if token is not None:
            with self._lock:
                self._open.pop(token, None)

    def pending(self) -> list[PendingOperation]:
        """Operations that began and never ended: their outcome is unknown."""
        with self._lock:
            return list(self._open.values())

    def _write(self, record: dict[str, Any]) -> None:
        line = _line(record)
        with self._lock:
            if not self.started:
                self._buffer.append(_line({"journal": FORMAT, "run": self.run, "base": self._base}))
                self.started = True
            self._buffer.append(line)
            self._written += 1
            mine = self._written
        # Whoever comes first writes for all who wait: one fsync serves many threads.
        with self._flushing:
            if self._durable >= mine:
                return
            with self._lock:
                data, upto = b"".join(self._buffer), self._written
                self._buffer = []
            self._append(data)
            self._durable = upto

    def _append(self, data: bytes) -> None:
        if self._broken is not None:
            raise StateError(f"the journal is broken since: {self._broken}")
        try:
            self._file.append(data)
        except StateError as error:
            # Half a line may stand there: nothing can follow it.
            self._broken = error
            raise


def identity(resource: ResourceState) -> dict[str, Any]:
    """Which of a state's resources is meant: a URN may stand twice, marked for deletion."""
    return {"urn": resource.urn, "id": resource.id, "delete": resource.delete}


def parse(data: bytes, source: str) -> JournalContent | None:
    """The content of a journal; None when there is nothing in it.

    A last line that is cut off was being written when the process died, and counts as not
    written. Raises StateError when any other line cannot be read.
    """
    lines = data.split(b"\n")
    if lines.pop() and not lines:
        return None
    records = [_parse_line(line, number, source) for number, line in enumerate(lines, 1) if line]
    if not records:
        return None
    header = records.pop(0)
    run, base = header.get("run"), header.get("base")
    if header.get("journal") != FORMAT or not isinstance(run, str) or not isinstance(base, str):
        raise StateError(f"{source} is not a journal that this engine knows")
    return JournalContent(run, base, records)


def _line(record: dict[str, Any]) -> bytes:
    return json.dumps(record, separators=(",", ":"), ensure_ascii=False).encode() + b"\n"


def _parse_line(line: bytes, number: int, source: str) -> dict[str, Any]:
    try:
        record = json.loads(line)
    except ValueError as error:
        raise StateError(
            f"{source}, line {number}, cannot be read: the journal is damaged. It is left as it is"
        ) from error
    if not isinstance(record, dict):
        raise StateError(f"{source}, line {number}, is not a record")
    return record
