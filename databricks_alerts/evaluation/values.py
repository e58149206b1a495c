"""A value of the warehouse as JSON has it, and as a notification shows it."""

from __future__ import annotations

import datetime as dt
import json
import math
from decimal import Decimal
from typing import Any

Plain = str | int | float | bool | None


def plain(value: Any) -> Plain:
    """A scalar of JSON; what JSON lacks (NaN, times, long decimals, nesting) as SQL's text."""
    match value:
        case None | bool() | int() | str():
            return value
        case float():
            return value if math.isfinite(value) else _not_finite(value)
        case Decimal():
            number = float(value)
            return number if Decimal(repr(number)) == value else format(value, "f")
        case dt.datetime():
            return _moment(value)
        case dt.date():
            return value.isoformat()
        case bytes():
            return value.hex().upper()
        case list() | tuple() | dict():
            return json.dumps(value, default=plain, ensure_ascii=False)
    return str(value)


def text_of(value: Any) -> str:
    """A value in a notification: NULL is `null`, truth values are `true` and `false`."""
    found = plain(value)
    if found is None or isinstance(found, bool):
        return json.dumps(found)
    if isinstance(found, float) and found.is_integer() and abs(found) < 1e15:
        return str(int(found))
    return str(found)


def _not_finite(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    return "Infinity" if value > 0 else "-Infinity"


def _moment(value: dt.datetime) -> str:
    """As SQL writes it in the session's zone, which is UTC: without the zone."""
    utc = value.astimezone(dt.UTC).replace(tzinfo=None) if value.tzinfo else value
    return utc.isoformat(" ")
