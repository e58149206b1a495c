"""`-p name=value`, `-p name:TYPE=value`: values for a statement's `:name` markers."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable
from decimal import Decimal
from typing import Any

from databricks_alerts.errors import ConfigurationError

_FORM = re.compile(r"(?P<name>[A-Za-z_]\w*)(?::(?P<type>\w+))?=(?P<value>.*)", re.DOTALL)


def _boolean(text: str) -> bool:
    words = {"true": True, "false": False}
    if text.lower() not in words:
        raise ValueError(f"{text!r} is neither true nor false")
    return words[text.lower()]


_TYPES: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    **dict.fromkeys(("INT", "BIGINT", "INTEGER", "LONG"), int),
    **dict.fromkeys(("DOUBLE", "FLOAT"), float),
    "DECIMAL": Decimal,
    "BOOLEAN": _boolean,
    "DATE": dt.date.fromisoformat,
    "TIMESTAMP": dt.datetime.fromisoformat,
}


def read_parameters(given: Iterable[str]) -> dict[str, Any]:
    """The values by name; without a type a value is a STRING, as Databricks' own are.

    Raises ConfigurationError for another form, an unknown type or a value that is none of its type.
    """
    found: dict[str, Any] = {}
    for text in given:
        match = _FORM.fullmatch(text)
        if match is None:
            raise ConfigurationError(
                f"-p {text}: write name=value or name:TYPE=value, such as -p id=COST-001 or "
                "-p limit:INT=5"
            )
        kind = (match["type"] or "STRING").upper()
        if kind not in _TYPES:
            raise ConfigurationError(
                f"-p {text}: there is no type {match['type']}; known are {', '.join(_TYPES)}"
            )
        try:
            found[match["name"]] = _TYPES[kind](match["value"])
        except (ValueError, ArithmeticError) as error:
            raise ConfigurationError(
                f"-p {text}: {match['value']!r} is no {kind}: {error}"
            ) from error
    return found
