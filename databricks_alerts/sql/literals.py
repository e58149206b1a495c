"""Values as SQL literals: whatever a value holds, it stays one value."""

from __future__ import annotations

Value = bool | int | float | str


def literal(value: Value) -> str:
    """The value as a Databricks SQL literal of its own type.

    In a string literal a backslash escapes, and `${` would be taken for a placeholder when the
    rule is deployed: both are written in a way that only Spark undoes.
    """
    match value:
        case bool():
            return "TRUE" if value else "FALSE"
        case int():
            return str(value) if value >= 0 else f"({value})"
        case float():
            number = f"{value!r}D" if "e" in repr(value) else f"CAST({value!r} AS DOUBLE)"
            return number if value >= 0 else f"({number})"
        case _:
            return f"'{in_literal(value, quote=chr(39))}'"


def in_literal(text: str, *, quote: str) -> str:
    """The text as it stands inside a string literal between such quotes, which it never ends."""
    escaped = text.replace("\\", "\\\\").replace(quote, f"\\{quote}")
    return escaped.replace("${", "\\u0024{")


def text_of(value: Value) -> str:
    """The value as people read it: `true`, `5`, `0.5`, the text itself."""
    return str(value).lower() if isinstance(value, bool) else str(value)
