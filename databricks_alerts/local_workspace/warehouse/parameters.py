"""Parameters of a statement, from Thrift's or JSON's text form to Python values."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Sequence
from decimal import Decimal
from typing import Any

from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import Typed, literal

_READERS: dict[str, Callable[[str], Any]] = {
    "STRING": str,
    "VARCHAR": str,
    "CHAR": str,
    "BOOLEAN": lambda text: text.lower() == "true",
    "TINYINT": int,
    "SMALLINT": int,
    "INT": int,
    "INTEGER": int,
    "BIGINT": int,
    "LONG": int,
    "FLOAT": float,
    "DOUBLE": float,
    "DECIMAL": Decimal,
    "DATE": dt.date.fromisoformat,
    "TIMESTAMP": dt.datetime.fromisoformat,
    "TIMESTAMP_NTZ": dt.datetime.fromisoformat,
}


# Types that a Python value does not tell from another one.
_BY_CAST = {"TINYINT", "SMALLINT", "BIGINT", "LONG", "FLOAT", "DECIMAL", "TIMESTAMP_NTZ"}
_TYPE = re.compile(r"(TINYINT|SMALLINT|BIGINT|LONG|FLOAT|TIMESTAMP_NTZ|DECIMAL(\(\d+(, *\d+)?\))?)")


def _type(kind: str) -> str:
    """The type as SQL. Raises ValueError for what is none: it is the client's text."""
    found = _TYPE.fullmatch(kind.upper().strip())
    if found is None:
        raise ValueError(kind)
    return "BIGINT" if found[0] == "LONG" else found[0]


def value(kind: str, text: str | None, arguments: Sequence[tuple[str, str | None]] = ()) -> Any:
    """One parameter's value; `kind` is a SQL type such as `DECIMAL(10,2)` or `ARRAY`.

    Raises SqlError for a type that is not known or a text that is not of it.
    """
    name = (kind or "STRING").upper().split("(", 1)[0].strip()
    if name == "VOID" or (text is None and name != "ARRAY"):
        return None
    if name == "ARRAY":
        return [value(item, held) for item, held in arguments]
    reader = _READERS.get(name)
    if reader is None:
        raise SqlError(
            "UNSUPPORTED_PARAMETER_TYPE", f"Parameters of type {kind} are not supported.", "0A000"
        )
    try:
        read = reader(text or "")
        cast = f"CAST({literal((text or '').strip())} AS {_type(kind)})" if name in _BY_CAST else ""
    except (ValueError, ArithmeticError) as error:
        message = f"The value '{text}' of a parameter is not of type {kind}."
        raise SqlError("CAST_INVALID_INPUT", message, "22018") from error
    return Typed(cast) if cast else read
