"""The values of an alert's static `:name` parameters, typed as their declarations say."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal, InvalidOperation
from typing import Any


def parameter_values(parameters: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """By name, what a warehouse is given for parameters as the API holds them."""
    return {
        item["name"]: _typed(item.get("type") or "STRING", item.get("value")) for item in parameters
    }


def _typed(kind: str, value: Any) -> Any:
    """A value that cannot be what its type says stays text: the warehouse then says so."""
    text = str(value)
    try:
        match kind.upper():
            case "NUMBER" | "NUMERIC" | "DECIMAL" | "DOUBLE" | "FLOAT":
                return Decimal(text)
            case "INT" | "INTEGER" | "BIGINT" | "LONG":
                return int(text)
            case "BOOLEAN":
                return text.lower() == "true"
            case "DATE":
                return dt.date.fromisoformat(text)
            case "TIMESTAMP" | "DATETIME":
                return dt.datetime.fromisoformat(text)
    except (ValueError, InvalidOperation):
        return text
    return None if value is None else text
