"""A statement as tokens: what kind it is, and edits that leave every other character alone.

Statements are never regenerated from a syntax tree on their way to the engine: that would move
positions in error messages and could change what a query means.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from databricks_alerts.local_workspace.warehouse.errors import SqlError, syntax_error
from databricks_alerts.local_workspace.warehouse.names import literal_of, quote

_DOTTED = re.compile(r"(?:\w+|`[^`]+`)(?:\.(?:\w+|`[^`]+`))*")


class _Tokenizer(Databricks.Tokenizer):
    """Databricks' tokens, without sqlglot's habit of taking EXPLAIN … as one opaque command."""

    COMMANDS: ClassVar[set[TokenType]] = set()


@dataclass(frozen=True)
class Text:
    """One statement: its text without a trailing semicolon, and its tokens."""

    sql: str
    tokens: tuple[Token, ...]

    @property
    def words(self) -> list[str]:
        """The first words in upper case, enough to tell any statement's kind."""
        return [token.text.upper() for token in self.tokens[:8]]

    def starts(self, *words: str) -> bool:
        """Whether the statement begins with these words."""
        return self.words[: len(words)] == list(words)

    def after(self, count: int) -> str:
        """The text behind the first `count` tokens."""
        if count >= len(self.tokens):
            return ""
        return self.sql[self.tokens[count].start :]

    def name_at(self, index: int) -> tuple[list[str], int]:
        """The dotted name that begins at token `index`, and the index behind it.

        Raises SqlError where no name stands.
        """
        parts: list[str] = []
        while index < len(self.tokens):
            parts.append(self.tokens[index].text)
            index += 1
            if index < len(self.tokens) and self.tokens[index].token_type is TokenType.DOT:
                index += 1
            else:
                return parts, index
        raise syntax_error("", 1, len(self.sql), self.sql)


def read(sql: str) -> Text:
    """Tokenize one statement. Raises SqlError when it is empty or its quotes do not close."""
    stripped = sql.strip().rstrip(";").rstrip()
    try:
        tokens = tuple(_Tokenizer().tokenize(stripped))
    except SqlglotError as error:
        quote = re.search(r"['\"`]", stripped)
        position = quote.start() if quote else 0
        raise syntax_error(stripped[position : position + 1], 1, position, stripped) from error
    if not stripped:
        raise SqlError(
            "PARSE_EMPTY_STATEMENT", "Syntax error, unexpected empty statement.", "42617"
        )
    if not tokens:
        raise syntax_error("", 1, len(stripped), stripped)
    return Text(stripped, tokens)


@dataclass(frozen=True)
class Call:
    """A call of a function by its name alone: its tokens, and the place of the first of them."""

    index: int
    tokens: Sequence[Token]

    @property
    def function(self) -> str:
        """The function's name, in lower case."""
        return self.tokens[0].text.lower()


def calls(text: Text, functions: Container[str], *arguments: TokenType) -> Iterator[Call]:
    """The calls of functions (in lower case) whose arguments are tokens of exactly these types."""
    shape = [TokenType.L_PAREN, *arguments, TokenType.R_PAREN]
    for index, token in enumerate(text.tokens):
        qualified = index > 0 and text.tokens[index - 1].token_type is TokenType.DOT
        is_text = token.token_type is TokenType.STRING
        if token.text.lower() not in functions or qualified or is_text:
            continue
        tokens = text.tokens[index : index + 1 + len(shape)]
        if [item.token_type for item in tokens[1:]] == shape:
            yield Call(index, tokens)


def with_calls(text: Text, found: Iterable[Call], put: Callable[[Call], tuple[str, str]]) -> str:
    """The statement with something in the place of calls.

    `put` answers what, and how a column is called that is such a call alone.
    """
    pieces, end = [], 0
    for call in found:
        value, name = put(call)
        alias = f" AS {quote(name)}" if _is_column(text, call) else ""
        pieces += [text.sql[end : call.tokens[0].start], value + alias]
        end = call.tokens[-1].end + 1
    return "".join([*pieces, text.sql[end:]])


def replace_calls(text: Text, values: Mapping[str, str]) -> str:
    """The statement with calls such as `current_user()` replaced by literals.

    A column that is such a call alone keeps the call as its name.
    """

    def put(call: Call) -> tuple[str, str]:
        written = text.sql[call.tokens[0].start : call.tokens[-1].end + 1]
        return values[call.function], written.lower()

    return with_calls(text, calls(text, values), put)


def has_calls(text: Text, values: Mapping[str, str]) -> bool:
    """Whether `replace_calls` would replace anything."""
    return any(True for _ in calls(text, values))


def _is_column(text: Text, call: Call) -> bool:
    """Whether a call is a whole item of a SELECT list, without a name."""
    index, length = call.index, len(call.tokens)
    before = text.tokens[index - 1] if index else None
    after = text.tokens[index + length] if index + length < len(text.tokens) else None
    begins = before is not None and before.text.upper() in ("SELECT", "DISTINCT", ",")
    ends = after is None or after.text.upper() in (",", "FROM", "UNION", "WHERE", ")", "LIMIT")
    return begins and ends and _in_select_list(text, index)


def _in_select_list(text: Text, index: int) -> bool:
    """Whether SELECT is the last word of its kind before, on the same level of parentheses."""
    depth = 0
    for token in reversed(text.tokens[:index]):
        if token.token_type is TokenType.R_PAREN:
            depth += 1
        elif token.token_type is TokenType.L_PAREN:
            depth -= 1
            if depth < 0:
                return False
        elif depth == 0 and token.text.upper() in ("SELECT", "FROM", "WHERE", "BY", "VALUES"):
            return token.text.upper() == "SELECT"
    return False


def bound(text: Text, arguments: Mapping[str, Any] | Sequence[Any] | None) -> str:
    """The statement with its parameters as literals: Sail binds them in queries only.

    Raises SqlError UNBOUND_SQL_PARAMETER for a marker without a value.
    """
    named = arguments if isinstance(arguments, Mapping) else {}
    positional = iter(()) if isinstance(arguments, Mapping) else iter(arguments or ())
    pieces, end = [], 0
    for index, token in enumerate(text.tokens):
        if token.token_type is TokenType.PLACEHOLDER:
            pieces += [text.sql[end : token.start], literal_of(_next(positional, token))]
            end = token.end + 1
        elif token.token_type is TokenType.COLON and _is_marker(text, index):
            name = text.tokens[index + 1]
            if name.text not in named:
                raise unbound(name.text)
            pieces += [text.sql[end : token.start], literal_of(named[name.text])]
            end = name.end + 1
    return "".join([*pieces, text.sql[end:]])


def identified(text: Text) -> Text:
    """The statement with `IDENTIFIER('a.b' || '.c')` written as the name that it means.

    Blanks fill the place, so that what follows keeps its own. One of a parameter stays.
    """
    pieces, end = [], 0
    for index, token in enumerate(text.tokens):
        held = _constant(text.tokens[index + 1 :]) if token.text.upper() == "IDENTIFIER" else None
        if held is None:
            continue
        name, closing = held
        pieces += [text.sql[end : token.start], name.ljust(closing + 1 - token.start)]
        end = closing + 1
    return read("".join([*pieces, text.sql[end:]])) if pieces else text


def _constant(tokens: Sequence[Token]) -> tuple[str, int] | None:
    """The name in `('a' || 'b')` at the beginning, and where the parenthesis closes."""
    kinds = [token.token_type for token in tokens]
    if TokenType.R_PAREN not in kinds or kinds[0] is not TokenType.L_PAREN:
        return None
    closing = kinds.index(TokenType.R_PAREN)
    strings, between = kinds[1:closing:2], kinds[2:closing:2]
    if set(strings) != {TokenType.STRING} or set(between) - {TokenType.DPIPE}:
        return None
    name = "".join(token.text for token in tokens[1:closing:2])
    return (name, tokens[closing].end) if _DOTTED.fullmatch(name) else None


def travelled(text: Text) -> str:
    """The statement with `table@v3` written as `table VERSION AS OF 3`, which Sail reads."""
    pieces, end = [], 0
    tokens = text.tokens
    for before, token, after in zip(tokens, tokens[1:], tokens[2:], strict=False):
        joined = before.end + 1 == token.start and token.end + 1 == after.start
        if token.text == "@" and joined and re.fullmatch(r"[vV]\d+", after.text):
            pieces += [text.sql[end : token.start], f" VERSION AS OF {after.text[1:]}"]
            end = after.end + 1
    return "".join([*pieces, text.sql[end:]])


def unbound(name: str) -> SqlError:
    """A parameter marker without a value."""
    return SqlError(
        "UNBOUND_SQL_PARAMETER",
        f"Found the unbound parameter: {name}. Please, fix `args` and provide a mapping of the "
        "parameter to either a SQL literal or collection constructor functions such as `map()`, "
        "`array()`, `struct()`.",
        "42P02",
    )


def _is_marker(text: Text, index: int) -> bool:
    """Whether the colon begins `:name`: at once before a word, and not behind one.

    `payload:field` is a path into JSON, and `STRUCT<a:INT>` a type.
    """
    tokens = text.tokens
    if index + 1 >= len(tokens) or tokens[index + 1].start != tokens[index].end + 1:
        return False
    if not re.match(r"[A-Za-z_]", tokens[index + 1].text):
        return False
    if index == 0 or tokens[index - 1].end + 1 != tokens[index].start:
        return True
    before = text.sql[tokens[index].start - 1]
    return not (before.isalnum() or before in "_`)]")


def _next(values: Iterator[Any], marker: Token) -> Any:
    try:
        return next(values)
    except StopIteration:
        raise unbound(f"_{marker.start}") from None


def quoted_names(sql: str) -> set[str]:
    """The names in backticks, as they are spelled there."""
    return {
        token.text
        for token in _Tokenizer().tokenize(sql)
        if token.token_type is TokenType.IDENTIFIER and sql[token.start] == "`"
    }


def words_of(sql: str) -> frozenset[str]:
    """Every bare or quoted name in the statement, as it is spelled there."""
    return frozenset(
        token.text
        for token in _Tokenizer().tokenize(sql)
        if token.token_type is not TokenType.STRING
    )
