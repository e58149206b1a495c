"""Where strings, quoted names and comments stand in a statement, as Spark's lexer has it.

Source: SqlBaseLexer.g4 of Apache Spark. Bracketed comments nest, `/*+` opens a hint, which is code;
a `--` comment goes on after a line that ends in a backslash; raw strings (`r'…'`) know no escapes.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

Kind = Literal["code", "string", "name", "comment", "line comment"]

# What is not closed goes to the end of the text.
_OPENING = re.compile(
    r"""
    (?P<line>--(?:\\\r?\n|[^\r\n])*)
  | (?P<bracketed>/\*(?!\+))
  | (?P<string>
        (?<![\w$])[rR](?:'[^']*(?:'|\Z)|"[^"]*(?:"|\Z))
      | '(?:[^'\\]|\\.)*(?:'|\\?\Z)
      | "(?:[^"\\]|\\.)*(?:"|\\?\Z)
    )
  | (?P<name>`[^`]*(?:`|\Z))
    """,
    re.VERBOSE | re.DOTALL,
)
_BLANK = "; \t\r\n\f\v"
_BRACKET = re.compile(r"/\*(?!\+)|\*/")


@dataclass(frozen=True)
class Piece:
    """A stretch of a statement, from `start` up to but without `end`."""

    kind: Kind
    start: int
    end: int


def pieces(text: str) -> Iterator[Piece]:
    """The whole statement, cut where the kind changes; never raises."""
    position = 0
    while (found := _OPENING.search(text, position)) is not None:
        if found.start() > position:
            yield Piece("code", position, found.start())
        kind, end = _piece(text, found)
        yield Piece(kind, found.start(), end)
        position = end
    if position < len(text):
        yield Piece("code", position, len(text))


def beginning(text: str) -> int:
    """Where a statement's first word stands, behind blanks and comments; its length without one."""
    for piece in pieces(text):
        if _has_words(text, piece):
            code = text[piece.start : piece.end]
            return piece.start + len(code) - len(code.lstrip(_BLANK))
    return len(text)


def closed(query: str) -> str:
    """The query in a form that can stand between parentheses, otherwise as it is.

    An alert with an aggregation runs `WITH q AS (<query>) …`: a closing semicolon or a closing `--`
    comment would break that. Semicolons behind the last word go; comments stay, and a last `--`
    comment ends with a line break. What comes out is left alone when it comes in again.
    """
    text = query.strip()
    every = list(pieces(text))
    with_words = [index for index, piece in enumerate(every) if _has_words(text, piece)]
    kept = [text[piece.start : piece.end] for piece in every]
    last = with_words[-1] if with_words else -1
    for index in range(max(last, 0), len(every)):
        if every[index].kind == "code":
            words = kept[index].rstrip(_BLANK) if index == last else ""
            kept[index] = words + kept[index][len(words) :].replace(";", "")
    found = "".join(kept).strip()
    ending = [piece.kind for piece in pieces(found)][-1:]
    if ending == ["line comment"]:
        # A backslash before the line break would carry the comment on into the next line.
        found += " \n" if found.endswith("\\") else "\n"
    return found


def _has_words(text: str, piece: Piece) -> bool:
    if piece.kind == "code":
        return bool(text[piece.start : piece.end].strip(_BLANK))
    return piece.kind in ("string", "name")


def _piece(text: str, found: re.Match[str]) -> tuple[Kind, int]:
    if found["line"] is not None:
        return "line comment", found.end()
    if found["bracketed"] is not None:
        return "comment", _behind_comment(text, found.end())
    return ("string" if found["string"] is not None else "name"), found.end()


def _behind_comment(text: str, position: int) -> int:
    depth = 1
    while depth and (found := _BRACKET.search(text, position)) is not None:
        depth += -1 if found[0] == "*/" else 1
        position = found.end()
    return position if not depth else len(text)
