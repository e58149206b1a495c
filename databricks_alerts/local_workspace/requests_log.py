"""Counts of the requests that the workspace answered, for tests, benchmarks and the curious."""

from __future__ import annotations

import re
import threading
from collections import Counter
from typing import Any

_ID = re.compile(r"/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?=/|$)")
_FILE = re.compile(r"(?<=^/api/2\.0/workspace-files/import-file/).*", re.DOTALL)


class RequestLog:
    """Requests by method and path, ids and files' names left out; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()

    def add(self, method: str, path: str) -> None:
        """Count one request."""
        shown = _FILE.sub("{path}", _ID.sub("/{id}", path))
        with self._lock:
            self._counts[method, shown] += 1

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._counts.clear()

    def counts(self) -> list[dict[str, Any]]:
        """Every method and path with its count, most first."""
        with self._lock:
            found = self._counts.most_common()
        return [{"method": method, "path": path, "count": count} for (method, path), count in found]
