"""SQL in pieces with the kind of each, for colours. Lossless: the pieces joined are the text."""

from __future__ import annotations

from collections.abc import Iterator

_MOST = 64 * 1024  # characters that are coloured; a longer query is shown plain


def pieces(sql: str) -> list[tuple[str, str]]:
    """`[("keyword", "SELECT"), ("", " "), ("number", "1")]`; what is no SQL is one plain piece."""
    from sqlglot.errors import SqlglotError

    if len(sql) > _MOST:
        return [("", sql)]
    try:
        return list(_pieces(sql))
    except SqlglotError:  # a quote that is never closed: the text is shown as it is
        return [("", sql)]


def _pieces(sql: str) -> Iterator[tuple[str, str]]:
    from sqlglot.dialects.databricks import Databricks

    at = 0
    for token in Databricks().tokenize(sql):
        if token.start < at:
            continue  # a token that was made out of another
        yield from _between(sql[at : token.start])
        at = token.end + 1
        text = sql[token.start : at]
        yield _kind(token.token_type.name, text), text
    yield from _between(sql[at:])


def _between(text: str) -> Iterator[tuple[str, str]]:
    """White space, and comments, which are no tokens."""
    if text:
        yield ("comment" if text.strip() else ""), text


def _kind(name: str, text: str) -> str:
    if name.endswith("STRING") or text[:1] in ("'", '"'):
        return "string"
    if name == "NUMBER":
        return "number"
    if name in ("VAR", "IDENTIFIER"):
        return "name"
    return "keyword" if text[:1].isalpha() else ""
