"""Whether the warehouse runs. It starts by itself when SQL arrives, as Databricks' do."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from databricks_alerts.local_workspace.errors import ApiError


class Power:
    """RUNNING, STOPPED or STARTING; safe for many threads. `monotonic` gives seconds."""

    def __init__(self, monotonic: Callable[[], float] = time.monotonic) -> None:
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._stopped = False
        self._ready_at = 0.0
        self._start_seconds = 0.0

    @property
    def state(self) -> str:
        """What the API says of the warehouse."""
        with self._lock:
            return self._state()

    def stop(self, start_seconds: float = 0.0) -> None:
        """Stop; the next start takes so long."""
        with self._lock:
            self._stopped, self._start_seconds = True, start_seconds

    def start(self, seconds: float | None = None) -> None:
        """Start in so many seconds, by default in those that `stop` said."""
        with self._lock:
            if seconds is None and not self._stopped:
                return  # runs or starts already
            self._begin(self._start_seconds if seconds is None else seconds)

    def require_running(self) -> None:
        """SQL arrives: a stopped warehouse starts. Raises ApiError 503 until it runs."""
        with self._lock:
            if self._stopped:
                self._begin(self._start_seconds)
            left = self._ready_at - self._monotonic()
        if left > 0:
            raise ApiError(
                503,
                "TEMPORARILY_UNAVAILABLE",
                "The SQL warehouse is starting. Please retry.",
                retry_after=min(left, 5.0),
            )

    def _begin(self, seconds: float) -> None:
        self._stopped, self._ready_at = False, self._monotonic() + seconds

    def _state(self) -> str:
        if self._stopped:
            return "STOPPED"
        return "STARTING" if self._monotonic() < self._ready_at else "RUNNING"
