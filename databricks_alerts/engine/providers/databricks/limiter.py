"""How many requests go out at once, and how often: what the workspace's answers allow.

Starts at full width, halves on a 429, grows by one a round of successes (AIMD, as TCP does).
A Retry-After holds back everybody, not only who got it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager

from databricks_alerts.engine.providers.databricks.retries import Clock

WIDTH = 32  # requests at once, at most; the engine's own --parallel is usually narrower


class Limiter:
    """Shared by all requests to one workspace. `rate` is requests a second, None for no limit."""

    def __init__(self, clock: Clock, rate: float | None = None, width: int = WIDTH) -> None:
        self._clock = clock
        self._rate = rate
        self._most = width
        self._width = float(width)
        self._running = 0
        self._not_before = 0.0
        self._next_slot = 0.0
        self._narrowed = float("-inf")
        self._changed = threading.Condition()

    @property
    def width(self) -> int:
        """Requests that may be under way at once, now."""
        return max(1, int(self._width))

    @contextmanager
    def request(self) -> Iterator[None]:
        """A place for one request; waits for it."""
        with self._changed:
            self._changed.wait_for(lambda: self._running < self.width)
            self._running += 1
        try:
            self._clock_in()
            yield
        finally:
            with self._changed:
                self._running -= 1
                self._changed.notify()

    def _clock_in(self) -> None:
        """Wait for what a Retry-After or the fixed rate demands."""
        while (seconds := self._delay()) > 0:
            self._clock.wait(seconds)
        if self._rate:
            with self._changed:
                start = max(self._clock.now(), self._next_slot)
                self._next_slot = start + 1 / self._rate
            if (wait := start - self._clock.now()) > 0:
                self._clock.wait(wait)

    def _delay(self) -> float:
        with self._changed:
            return self._not_before - self._clock.now()

    def succeeded(self) -> None:
        """A request was answered: widen a little."""
        if self._width >= self._most:
            return
        with self._changed:
            self._width = min(self._most, self._width + 1 / self._width)
            self._changed.notify()

    def throttled(self, seconds: float) -> None:
        """A 429: halve, once for all that were under way, and hold everybody back `seconds`."""
        with self._changed:
            now = self._clock.now()
            if now >= self._narrowed + 1.0:
                self._width = max(1.0, self._width / 2)
                self._narrowed = now
            self._not_before = max(self._not_before, now + seconds)
