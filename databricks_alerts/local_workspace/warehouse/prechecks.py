"""What Spark refuses before it analyses, and Sail does not: checked on the statement's tokens."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from databricks_alerts.local_workspace.warehouse.errors import (
    SqlError,
    TailedSqlError,
    syntax_error,
)
from databricks_alerts.local_workspace.warehouse.text import Text

_OPEN = (TokenType.L_PAREN, TokenType.L_BRACKET)
_CHANGES = (TokenType.INSERT, TokenType.UPDATE, TokenType.DELETE, TokenType.MERGE)
_CLOSE = (TokenType.R_PAREN, TokenType.R_BRACKET)


def require_one_statement(text: Text) -> None:
    """Raises SqlError PARSE_SYNTAX_ERROR where a second statement begins."""
    for index, token in enumerate(text.tokens[:-1]):
        if token.token_type is TokenType.SEMICOLON:
            following = text.tokens[index + 1]
            raise _extra(following, text.sql)


def require_unique_ctes(text: Text) -> None:
    """Raises SqlError DUPLICATED_CTE_NAMES where one WITH names two queries alike."""
    for index, token in enumerate(text.tokens):
        if token.token_type is not TokenType.WITH:
            continue
        names: set[str] = set()
        for name in _cte_names(text.tokens, index + 1):
            if name.lower() in names:
                raise _duplicated(name, text.sql, token.start)
            names.add(name.lower())


def require_query(text: Text) -> None:
    """Raises SqlError PARSE_SYNTAX_ERROR for a change, also one behind FROM … as Hive has it."""
    for index, token in enumerate(text.tokens):
        if token.token_type in _CHANGES and (index == 0 or text.words[0] == "FROM"):
            raise syntax_error(token.text, *_place(text.sql, token.start), text.sql)


def _cte_names(tokens: Sequence[Token], index: int) -> Iterator[str]:
    """The names after WITH: `name [(columns)] AS (query)`, again after a comma."""
    if index < len(tokens) and tokens[index].token_type is TokenType.RECURSIVE:
        index += 1
    while index < len(tokens):
        name = tokens[index].text
        index += 1
        if index < len(tokens) and tokens[index].token_type is TokenType.L_PAREN:
            index = _behind(tokens, index)
        if index >= len(tokens) or tokens[index].token_type is not TokenType.ALIAS:
            return
        index = _behind(tokens, index + 1)
        yield name
        if index >= len(tokens) or tokens[index].token_type is not TokenType.COMMA:
            return
        index += 1


def _behind(tokens: Sequence[Token], index: int) -> int:
    """The index behind the parenthesis that opens at `index`."""
    depth = 0
    while index < len(tokens):
        kind = tokens[index].token_type
        depth += (kind in _OPEN) - (kind in _CLOSE)
        index += 1
        if depth <= 0:
            break
    return index


def _place(sql: str, offset: int) -> tuple[int, int]:
    """Line (from 1) and column (from 0) of an offset."""
    before = sql[:offset]
    return before.count("\n") + 1, offset - (before.rfind("\n") + 1)


def _extra(token: Token, sql: str) -> SqlError:
    line, position = _place(sql, token.start)
    return TailedSqlError(
        "PARSE_SYNTAX_ERROR",
        f"Syntax error at or near '{token.text}': extra input '{token.text}'.",
        "42601",
        f" (line {line}, pos {position})\n\n== SQL ==\n{sql}\n{'-' * position}^^^\n",
    )


def _duplicated(name: str, sql: str, offset: int) -> SqlError:
    line, position = _place(sql, offset)
    return TailedSqlError(
        "DUPLICATED_CTE_NAMES",
        f"CTE definition can't have duplicate names: `{name}`.",
        "42602",
        f"\n== SQL (line {line}, position {position + 1}) ==\n{sql}\n",
    )
