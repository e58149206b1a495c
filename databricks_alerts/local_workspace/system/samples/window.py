"""The stretch of time that rows are made for, in slots of equal length."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from databricks_alerts.local_workspace.ids import ACCOUNT_ID, ORG_ID

DAY = 86_400
DAYS = 90
Rows = tuple[int, Mapping[str, Any]]
Numbers = NDArray[np.int64]


@dataclass(frozen=True)
class Window:
    """Seconds since 1970, `start` included, `end` not."""

    start: int
    end: int

    @property
    def today(self) -> int:
        """The day of the last second, in days since 1970."""
        return (self.end - 1) // DAY

    def slots(self, step: int, each: int = 1) -> tuple[Numbers, Numbers]:
        """Numbers of the slots of `step` seconds that begin in the window, and within each.

        Every slot stands `each` times, its second number counting from 0.
        """
        found = np.arange(-(-self.start // step), -(-self.end // step), dtype=np.int64)
        return np.repeat(found, each), np.tile(np.arange(each, dtype=np.int64), len(found))


def micros(seconds: Numbers) -> Numbers:
    """As a column of times wants them."""
    return seconds * 1_000_000


def days(seconds: Numbers) -> NDArray[np.int32]:
    """As a column of dates wants them."""
    return (seconds // DAY).astype(np.int32)


def noise(numbers: Numbers, below: int) -> Numbers:
    """What looks random: from 0, less than `below`."""
    return (numbers * 7919) % below


def names(pattern: str, numbers: Numbers | Sequence[int]) -> list[str]:
    """A text for each number."""
    return [pattern.format(number) for number in np.asarray(numbers).tolist()]


def ours() -> dict[str, str]:
    """Whose rows they are."""
    return {"account_id": ACCOUNT_ID, "workspace_id": ORG_ID}


def person(number: int) -> str:
    """One of the company's people."""
    return f"user{number}@example.com"
