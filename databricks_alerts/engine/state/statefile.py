"""One stack's state file: which of its spellings is there, read whole, replaced whole."""

from __future__ import annotations

import hashlib
import json
import time
from dataclasses import dataclass
from typing import Any

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.state import compression
from databricks_alerts.engine.state.bucket import Bucket
from databricks_alerts.engine.state.compression import Compression

NO_STATE = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True, slots=True)
class Stored:
    """A state file's key, its bytes as stored, and the hash of the JSON in it."""

    key: str
    raw: bytes
    text: bytes

    @property
    def hash(self) -> str:
        """SHA-256 of the JSON, whatever it is compressed by."""
        return hash_of(self.text)


class StateFile:
    """The state of one stack at `<base>.json`, with its `.bak` and its backups."""

    def __init__(self, bucket: Bucket, base: str, backups: str, compress: Compression) -> None:
        self._bucket, self._base, self._backups = bucket, base, backups
        self._compression = compress

    @property
    def location(self) -> str:
        """Where a person finds the file."""
        return self._bucket.location(self._find() or self._key)

    def read(self) -> Stored | None:
        """The file as it is; None when there is none."""
        key = self._find()
        raw = self._bucket.read(key) if key else None
        if key is None or raw is None:
            return None
        source = self._bucket.location(key)
        try:
            return Stored(key, raw, compression.decompress(raw, source))
        except StateError as error:
            raise StateError(f"{error}\n{self.remedy()}") from error

    def parse(self, stored: Stored) -> Any:
        """The JSON document. Raises StateError that says how to get the state back."""
        try:
            return json.loads(stored.text)
        except ValueError as error:
            source = self._bucket.location(stored.key)
            raise StateError(
                f"{source} cannot be read: {error}. It is cut off or damaged, and was left as it "
                f"is.\n{self.remedy()}"
            ) from error

    def write(self, text: bytes) -> None:
        """Put a new state in place; what was there becomes the `.bak`."""
        old = self._find()
        if old is not None and (data := self._bucket.read(old)) is not None:
            self._bucket.write(f"{old}.bak", data)
        self._bucket.write(self._key, compression.compress(text, self._compression))
        if old is not None and old != self._key:
            self._bucket.delete(old)

    def back_up(self) -> None:
        """Copy the file to the backups, by time."""
        stored = self.read()
        if stored is None:
            return
        name = self._base.rsplit("/", 1)[-1]
        suffix = stored.key.removeprefix(self._base)
        self._bucket.write(f"{self._backups}/{name}.{time.time_ns()}{suffix}", stored.raw)

    def remove(self) -> None:
        """Delete the state; a copy stays as `.bak`."""
        while (key := self._find()) is not None:
            data = self._bucket.read(key)
            if data is not None:
                self._bucket.write(f"{key}.bak", data)
            self._bucket.delete(key)

    def remedy(self) -> str:
        """How a person restores the state."""
        copies = [f"{key}.bak" for key in self._keys() if self._bucket.read(f"{key}.bak")]
        backups = self._bucket.files(self._backups)[-1:]
        found = [self._bucket.location(key) for key in [*copies, *backups]]
        if not found:
            return "No copy of it was found beside it; restore it from your own backup."
        return (
            f"To restore it, copy a good one over it: {' or '.join(found)}; then run a refresh, "
            "so that what changed since is found."
        )

    @property
    def _key(self) -> str:
        return f"{self._base}.json{self._compression}"

    def _keys(self) -> list[str]:
        return [f"{self._base}.json{suffix}" for suffix in compression.SUFFIXES]

    def _find(self) -> str | None:
        """The file that is there; of several compressions the one written last."""
        folder = self._base.rsplit("/", 1)[0]
        there = set(self._bucket.files(folder))
        found = [key for key in self._keys() if key in there]
        return max(found, key=self._bucket.modified, default=None)


def hash_of(text: bytes) -> str:
    """SHA-256 of a state's JSON."""
    return hashlib.sha256(text).hexdigest()


def to_text(document: Any) -> bytes:
    """A document as the CLI writes it: compact, UTF-8, no newline at the end."""
    text = json.dumps(document, separators=(",", ":"), ensure_ascii=False)
    # As Go's encoder does, for readers that take JSON for JavaScript.
    return text.replace("\u2028", "\\u2028").replace("\u2029", "\\u2029").encode()
