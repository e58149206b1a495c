"""A clock that may begin elsewhere and run faster, so that a day passes in seconds."""

from __future__ import annotations

import datetime as dt
import threading
import time


class Clock:
    """The workspace's time. `start` None is now; `speed` is how many seconds pass in one."""

    def __init__(self, start: dt.datetime | None = None, speed: float = 1.0) -> None:
        self._lock = threading.Lock()
        self._origin = start or dt.datetime.now(dt.UTC)
        self._began = time.monotonic()
        self._speed = speed
        self._real = start is None and speed == 1.0

    def __call__(self) -> dt.datetime:
        """The time, in UTC."""
        with self._lock:
            if self._real:
                return dt.datetime.now(dt.UTC)
            passed = (time.monotonic() - self._began) * self._speed
            return self._origin + dt.timedelta(seconds=passed)

    def set(self, moment: dt.datetime, speed: float | None = None) -> None:
        """Go on from another time, at another speed."""
        with self._lock:
            self._origin, self._began, self._real = moment, time.monotonic(), False
            self._speed = self._speed if speed is None else speed

    @property
    def speed(self) -> float:
        """Seconds that pass in one."""
        return self._speed
