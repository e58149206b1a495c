"""Lists inside sentences, and the one of them that was meant."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Sequence
from typing import Any


def some(items: Sequence[Any], most: int = 10) -> str:
    """The first items of a list, and how many more there are: `a, b and 3 more`."""
    shown = ", ".join(str(item) for item in items[:most])
    return shown if len(items) <= most else f"{shown} and {len(items) - most} more"


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """`did you mean NAME?` of the known name that is most like a word, else `otherwise`."""
    near = difflib.get_close_matches(word, list(known), 1)
    return f"did you mean {near[0]}?" if near else otherwise
