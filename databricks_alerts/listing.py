"""Lists inside sentences."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any


def some(items: Sequence[Any], most: int = 10) -> str:
    """The first items of a list, and how many more there are: `a, b and 3 more`."""
    shown = ", ".join(str(item) for item in items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"
