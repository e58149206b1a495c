"""Names in SQL: always quoted, so that no name can become anything else."""

from __future__ import annotations


def quote(name: str) -> str:
    """A name in backticks, backticks inside doubled (Spark's quoted identifier)."""
    return "`" + name.replace("`", "``") + "`"


def qualified(*parts: str) -> str:
    """A dotted name, every part quoted."""
    return ".".join(quote(part) for part in parts)
