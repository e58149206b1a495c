"""The requests that the workspace answered, counted and the last ones one by one.

For tests, benchmarks and the curious.
"""

from __future__ import annotations

import re
import threading
from collections import Counter, deque
from typing import Any

_ID = re.compile(r"/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}(?=/|$)")
_KEPT = 200  # single requests
_LONGEST = 300  # characters of a path
_FILE = re.compile(r"(?<=^/api/2\.0/workspace-files/import-file/).*", re.DOTALL)


class RequestLog:
    """Requests by method and path, ids and files' names left out; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[str, str]] = Counter()
        self._answered: deque[dict[str, Any]] = deque(maxlen=_KEPT)

    def add(self, method: str, path: str) -> None:
        """Count one request."""
        shown = _shown(path)
        with self._lock:
            self._counts[method, shown] += 1

    def answered(self, method: str, path: str, *, status: int, user: str, at: str) -> None:
        """Keep one request among the last."""
        told = {"method": method, "path": _shown(path)[:_LONGEST]}
        with self._lock:
            self._answered.append({**told, "status": status, "user": user, "at": at})

    def latest(self) -> list[dict[str, Any]]:
        """The last requests, newest first."""
        with self._lock:
            return list(self._answered)[::-1]

    def reset(self) -> None:
        """Begin anew."""
        with self._lock:
            self._counts.clear()
            self._answered.clear()

    def counts(self) -> list[dict[str, Any]]:
        """Every method and path with its count, most first."""
        with self._lock:
            found = self._counts.most_common()
        return [{"method": method, "path": path, "count": count} for (method, path), count in found]


def _shown(path: str) -> str:
    return _FILE.sub("{path}", _ID.sub("/{id}", path))
