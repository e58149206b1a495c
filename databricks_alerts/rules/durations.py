"""Lengths of time as people write them: `90m`, `4h`, `1d12h`, `2w`."""

from __future__ import annotations

import datetime as dt
import re

_UNITS = {"w": 604_800, "d": 86_400, "h": 3600, "m": 60, "s": 1}
_WHOLE = re.compile(r"(?:\d{1,9}[wdhms])+")
_PART = re.compile(r"(\d+)([wdhms])")


def duration(text: str) -> dt.timedelta:
    """The length. Raises ValueError for what is none, for nothing, and for more than ten years."""
    plain = "".join(text.lower().split())
    if not _WHOLE.fullmatch(plain):
        raise ValueError(
            f"{text!r} is no length of time: write a number and w, d, h, m or s, as 90m or 1d12h"
        )
    seconds = sum(int(number) * _UNITS[unit] for number, unit in _PART.findall(plain))
    if not 0 < seconds <= 3660 * 86_400:
        raise ValueError(f"{text!r} is not from one second to ten years")
    return dt.timedelta(seconds=seconds)


def in_short(length: dt.timedelta) -> str:
    """The length as `duration` reads it, in whole seconds."""
    rest, parts = int(length.total_seconds()), []
    for unit, size in _UNITS.items():
        count, rest = divmod(rest, size)
        parts += [f"{count}{unit}"] if count else []
    return "".join(parts) or "0s"
