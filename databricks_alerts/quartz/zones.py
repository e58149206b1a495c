"""Time zones as Java's ZoneId.of takes them: IANA names and fixed offsets."""

from __future__ import annotations

import datetime as dt
import re
import zoneinfo
from functools import lru_cache

_OFFSET = re.compile(r"(?:(?:GMT|UTC|UT)?(?P<sign>[+-])(?P<h>\d{1,2}?)(?::?(?P<m>[0-5]\d))?|Z)")
_MOST_HOURS = 18


@lru_cache(maxsize=1024)
def time_zone(name: str) -> dt.tzinfo | None:
    """The zone of a name, None if there is none."""
    offset = _OFFSET.fullmatch(name)
    if offset:
        if offset["h"] is None:
            return dt.UTC
        minutes = int(offset["h"]) * 60 + int(offset["m"] or 0)
        if minutes > _MOST_HOURS * 60:
            return None
        return dt.timezone(dt.timedelta(minutes=minutes if offset["sign"] == "+" else -minutes))
    try:
        return zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        return None


def is_time_zone(name: str) -> bool:
    """Whether the name is a zone."""
    return time_zone(name) is not None
