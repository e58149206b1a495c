"""A text of several statements, split where semicolons end them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

# A text that the tokenizer cannot read to its end: an open quote or comment.
_OPEN = "the statement is not finished: a quote or a comment is still open"


# What opens a block inside BEGIN … END ("SQL scripting"), and what a statement may follow.
_BLOCKS = frozenset({"IF", "CASE", "LOOP", "WHILE", "REPEAT", "FOR"})
_FOLLOWED = frozenset({"THEN", "DO", "ELSE", "BEGIN", "LOOP", "REPEAT"})


class _Tokenizer(Databricks.Tokenizer):
    """Databricks' tokens; no statement is taken as one opaque command."""

    COMMANDS: ClassVar[set[TokenType]] = set()


@dataclass(frozen=True)
class Statement:
    """One statement and the line of the text on which it begins, from 1."""

    sql: str
    line: int


class UnfinishedError(Exception):
    """A quote or comment is open at the end of the text."""


def split(text: str) -> list[Statement]:
    """The statements of a text, without the semicolons between them.

    Quotes, comments, backticks and BEGIN … END blocks are kept whole. Raises UnfinishedError.
    """
    try:
        tokens = _Tokenizer().tokenize(text)
    except SqlglotError as error:
        raise UnfinishedError(_OPEN) from error
    return [_statement(text, part) for part in _parts(tokens)]


def is_finished(text: str) -> bool:
    """Whether a text ends with a semicolon that ends its last statement."""
    try:
        tokens = _Tokenizer().tokenize(text)
    except SqlglotError:
        return False
    *_, depth = 0, *_depths(tokens)
    return bool(tokens) and tokens[-1].token_type is TokenType.SEMICOLON and depth == 0


def _parts(tokens: list[Token]) -> Iterator[list[Token]]:
    part: list[Token] = []
    for token, depth in zip(tokens, _depths(tokens), strict=True):
        if token.token_type is TokenType.SEMICOLON and depth == 0:
            if part:
                yield part
            part = []
        else:
            part.append(token)
    if part:
        yield part


def _depths(tokens: list[Token]) -> Iterator[int]:
    """How many blocks are open behind each token; only a statement's first word opens one."""
    depth, first = 0, True
    for token in tokens:
        word = "" if token.token_type is TokenType.STRING else token.text.upper()
        if first and (word == "BEGIN" or (depth and word in _BLOCKS)):
            depth += 1
        elif first and depth and word == "END":
            depth -= 1
        yield depth
        first = token.token_type is TokenType.SEMICOLON or word in _FOLLOWED


def _statement(text: str, part: list[Token]) -> Statement:
    start, end = part[0].start, part[-1].end + 1
    return Statement(text[start:end], text.count("\n", 0, start) + 1)
