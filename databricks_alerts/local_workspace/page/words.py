"""Schedules, times and values as people read them. Pure."""

from __future__ import annotations

import datetime as dt
import re
from functools import lru_cache
from typing import Any

from databricks_alerts import quartz
from databricks_alerts.evaluation import text_of

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))
_ANYWHERE = re.compile(r"every (\d+ )?(second|minute|hour)s?")  # the same in every zone
_SHOWN = 48  # characters of a value in a table


@lru_cache(maxsize=4096)
def schedule_in_words(cron: str, zone: str) -> str:
    """`every 15 minutes`, `at 08:00 every day (UTC)`; what is no schedule never fires."""
    try:
        words = quartz.in_words(cron)
    except quartz.QuartzError as error:
        return f"never: {error}"
    return words if _ANYWHERE.fullmatch(words) else f"{words} ({zone})"


def moment(value: Any) -> str:
    """A time as `2026-11-23 08:00:00 UTC`, a dash for none."""
    if not value:
        return "-"
    return as_time(value).strftime("%Y-%m-%d %H:%M:%S UTC")


def as_time(value: Any) -> dt.datetime:
    """A time or the text of one, in UTC."""
    found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return found.astimezone(dt.UTC)


def relative(value: Any, now: dt.datetime) -> str:
    """`in 12 minutes`, `3 hours ago`, `now`; a dash for no time."""
    if not value:
        return "-"
    seconds = (as_time(value) - now).total_seconds()
    words = duration(abs(seconds))
    if not words:
        return "now"
    return f"in {words}" if seconds > 0 else f"{words} ago"


def duration(seconds: float) -> str:
    """`12 minutes`: in the greatest unit that there is one of; empty for less than a second."""
    for size, name in _UNITS:
        count = int(seconds // size)
        if count:
            return f"{count} {name}{'' if count == 1 else 's'}"
    return ""


def exact(seconds: int) -> str:
    """`hour`, `90 minutes`: in the greatest unit that counts it whole, to stand after `every`."""
    size, name = next((size, name) for size, name in _UNITS if seconds % size == 0)
    count = seconds // size
    return name if count == 1 else f"{count} {name}s"


def number(value: Any) -> str:
    """A value without needless digits, a dash for none."""
    if value is None:
        return "-"
    if isinstance(value, float):
        return f"{value:,.0f}" if 1e6 <= abs(value) < 1e15 else f"{value:,.12g}"
    if isinstance(value, int) and not isinstance(value, bool) and abs(value) < 10**15:
        return f"{value:,}"
    return shortened(text_of(value))


def shortened(text: str, most: int = _SHOWN) -> str:
    """A text that fits a cell."""
    return text if len(text) <= most else f"{text[: most - 1]}…"
