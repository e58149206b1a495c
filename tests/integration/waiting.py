"""Waiting for what happens in the background, no longer than it takes."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def until(wanted: Callable[[], Any], seconds: float = 20.0) -> Any:
    """The first true answer; fails when there is none in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        found = wanted()
        if found:
            return found
        time.sleep(0.05)
    raise AssertionError(f"it did not come within {seconds} s; last: {wanted()!r}")
