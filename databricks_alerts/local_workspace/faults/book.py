"""The faults in force. They live in memory: a restarted workspace is a healthy one."""

from __future__ import annotations

import threading
import uuid
from typing import Any

from databricks_alerts.local_workspace.errors import missing
from databricks_alerts.local_workspace.faults.rules import Fault, Seen, decide, read


class FaultBook:
    """The rules and what they have seen; safe for many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._faults: dict[str, Fault] = {}
        self._seen: dict[str, Seen] = {}

    def add(self, body: dict[str, Any]) -> Fault:
        """A new rule from a request's body. Raises ApiError for bad values."""
        fault = read(uuid.uuid4().hex[:8], body)
        with self._lock:
            self._faults[fault.id] = fault
        return fault

    def all(self) -> list[tuple[Fault, Seen]]:
        """Every rule with what it has seen, oldest first."""
        with self._lock:
            return [(fault, self._seen.get(key, Seen())) for key, fault in self._faults.items()]

    def remove(self, key: str) -> Fault:
        """Lift one rule. Raises ApiError 404."""
        with self._lock:
            fault = self._faults.pop(key, None)
            self._seen.pop(key, None)
        if fault is None:
            raise missing(f"There is no fault {key}.")
        return fault

    def clear(self) -> None:
        """Lift all rules."""
        with self._lock:
            self._faults.clear()
            self._seen.clear()

    def strike(self, method: str, path: str) -> list[Fault]:
        """The faults that strike this request; counts it."""
        if not self._faults:
            return []
        with self._lock:
            striking, self._seen = decide(list(self._faults.values()), self._seen, method, path)
        return striking
