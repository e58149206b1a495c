"""A value of a result, as JSON, as CSV and on a screen."""

from __future__ import annotations

import base64
import datetime as dt
import json
import math
from collections.abc import Mapping
from decimal import Decimal
from typing import Any


def to_json(value: Any) -> str:
    """A value as JSON; decimals and long integers with every digit, times in ISO 8601.

    NaN and infinities, which JSON lacks, are strings; a map is an object.
    """
    match value:
        case Mapping():
            pairs = (f"{json.dumps(str(key))}: {to_json(item)}" for key, item in value.items())
            return "{" + ", ".join(pairs) + "}"
        case list() | tuple():
            if _is_map(value):
                return to_json(dict(value))
            return "[" + ", ".join(map(to_json, value)) + "]"
        case None | bool() | str() | int():
            return json.dumps(value, ensure_ascii=False)
        case Decimal() if value.is_finite():
            return format(value, "f")
        case float() if math.isfinite(value):
            return repr(value)
        case bytes() | bytearray():
            return json.dumps(base64.b64encode(value).decode())
    return json.dumps(value.isoformat() if hasattr(value, "isoformat") else to_text(value))


def to_text(value: Any) -> str | None:
    """A value as people read it; None for NULL."""
    match value:
        case None | str():
            return value
        case bool():
            return str(value).lower()
        case float():
            return repr(value) if math.isfinite(value) else _word(value)
        case Decimal():
            return format(value, "f")
        case dt.datetime():
            return value.isoformat(sep=" ")
        case int() | dt.date() | dt.time():
            return str(value)
        case bytes() | bytearray():
            return value.hex()
        case Mapping() | list() | tuple():
            return to_json(value)
    return str(value)


def _is_map(value: list[Any] | tuple[Any, ...]) -> bool:
    """Whether a list is what Arrow makes of a map: pairs whose first ones are strings."""
    return bool(value) and all(
        isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str) for item in value
    )


def _word(value: float) -> str:
    """How Spark writes what is no number."""
    return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
