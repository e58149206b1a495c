"""Table names of up to three parts, resolved against a session's catalog and schema."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

# Begins the names of rows that are lent to the engine for one statement. Spark takes letters,
# digits and underscores only, so this is one that nobody gives.
LENT = "_lent_by_local_workspace_"


@dataclass(frozen=True, order=True)
class TableName:
    """A full three-level name; Unity Catalog keeps names in lower case."""

    catalog: str
    schema: str
    table: str

    def __str__(self) -> str:
        return f"{self.catalog}.{self.schema}.{self.table}"

    @property
    def parts(self) -> tuple[str, str, str]:
        """Catalog, schema, table."""
        return self.catalog, self.schema, self.table

    @property
    def quoted(self) -> str:
        """The name as SQL, every part in backticks."""
        return ".".join(quote(part) for part in self.parts)

    @property
    def shown(self) -> str:
        """The name as Databricks' messages show it."""
        return self.quoted


def quote(identifier: str) -> str:
    """An identifier in backticks, backticks inside doubled."""
    return "`" + identifier.replace("`", "``") + "`"


def literal(text: str) -> str:
    """A string literal of Spark SQL, whose backslashes are escapes."""
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


@dataclass(frozen=True)
class Typed:
    """A value whose SQL type its Python type does not tell: the expression that stands for it."""

    sql: str


def literal_of(value: Any) -> str:
    """A Python value as a literal of its own SQL type."""
    match value:
        case Typed():
            return value.sql
        case None | bool():
            return "NULL" if value is None else str(value).lower()
        case int():
            # Bare, a negative number behind a minus would begin a comment.
            return str(value) if value >= 0 else f"({value})"
        case float():
            return f"CAST({literal(repr(value))} AS DOUBLE)"
        case Decimal():
            _, digits, exponent = value.as_tuple()
            scale = max(-int(exponent), 0)
            precision = min(max(len(digits) + max(int(exponent), 0), scale), 38)
            return f"CAST({literal(format(value, 'f'))} AS DECIMAL({precision},{scale}))"
        case dt.datetime():
            return f"CAST({literal(value.isoformat(sep=' '))} AS TIMESTAMP)"
        case dt.date():
            return f"CAST({literal(value.isoformat())} AS DATE)"
        case list() | tuple():
            return f"array({', '.join(map(literal_of, value))})"
    return literal(str(value))


def resolve(parts: list[str], catalog: str, schema: str) -> TableName:
    """The full name of one to three parts, as a session with this catalog and schema sees it."""
    lowered = [part.lower() for part in parts]
    full = [catalog, schema, *lowered][-3:] if len(lowered) < 3 else lowered[-3:]
    if len(lowered) == 2:
        full = [catalog, *lowered]
    return TableName(*full)
