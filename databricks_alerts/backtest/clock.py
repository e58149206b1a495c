"""A query's clock, set to a moment: each function that asks it becomes a literal.

Only the calls' own text is changed, so that SQL which sqlglot would write otherwise stays as it is;
the syntax tree then has to be the one whose clock nodes are the literals. What cannot be set so is
refused by name: a query that runs half in the past would lie.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

from sqlglot import exp, parse_one
from sqlglot.tokenizer_core import Token, TokenType

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.validation.chance import chances
from databricks_alerts.validation.statement import Statement, read_statement

_DATES = frozenset({"current_date", "curdate"})
_INSTANTS = frozenset({"current_timestamp", "now", "getdate"})
_LOCAL = "localtimestamp"
_SECONDS = "unix_timestamp"
_CLOCK = _DATES | _INSTANTS | {_LOCAL, _SECONDS}
# Spark takes these for functions without parentheses, unless a column is called so.
_BARE = frozenset({"current_date", "current_timestamp"})
_REFUSED = {
    "current_time": "not every warehouse has a literal of its type; use current_timestamp()",
    "localtime": "not every warehouse has a literal of its type; use localtimestamp()",
}
# Databricks' functions that ask somebody else; what these said then, nobody knows.
_ASKING = ("ai_", "http_request", "remote_query")
_NODES = (exp.CurrentDate, exp.CurrentTimestamp, exp.Localtimestamp)
_TYPES = ("date", "timestamp", "timestamp_ntz", "timestamp_ltz")
_SPECIAL = ("now", "today", "yesterday", "tomorrow")


@dataclass(frozen=True)
class _Place:
    """Where in the text a call stands (both ends included), and which function it is."""

    start: int
    end: int
    function: str


@dataclass(frozen=True)
class Clock:
    """A query and the places in it that ask what time it is; `zone` is the session's."""

    query: str
    zone: dt.tzinfo
    places: tuple[_Place, ...]

    @property
    def functions(self) -> list[str]:
        """The clock functions of the query, each once."""
        return list(dict.fromkeys(place.function for place in self.places))

    def at(self, moment: dt.datetime) -> str:
        """The query as it is at a moment (aware)."""
        text = self.query
        for place in reversed(self.places):
            literal = _literal(place.function, moment, self.zone)
            text = text[: place.start] + literal + text[place.end + 1 :]
        return text


def read_clock(query: str, zone: dt.tzinfo, where: str) -> Clock:
    """The query's clock. `where` names the query in errors.

    Raises ConfigurationError for one that cannot be set, by name and with the reason.
    """
    statement = read_statement(query)
    if statement.problem:
        raise ConfigurationError(f"{where}: {statement.problem}")
    for what, why in _unsettable(statement):
        raise ConfigurationError(f"{where} cannot be put back in time: {what} {why}")
    clock = Clock(query, zone, tuple(_places(statement.tokens)))
    if clock.places:
        _require_same_tree(clock, statement, where)
    return clock


def asked_by(query: str) -> list[str]:
    """What in a query asks the clock, chance or somebody else, settable or not, each once."""
    statement = read_statement(query)
    found = [f"{place.function}()" for place in _places(statement.tokens)]
    found += [what for what, _ in _unsettable(statement)]
    return list(dict.fromkeys(found))


def own_functions(tokens: Sequence[Token]) -> list[str]:
    """The functions with a schema before their name, whose bodies nobody looks into."""
    return list(
        dict.fromkeys(
            token.text
            for index, token in _calls(tokens)
            if index > 0 and tokens[index - 1].token_type is TokenType.DOT
        )
    )


def _calls(tokens: Sequence[Token]) -> Iterator[tuple[int, Token]]:
    for index, token in enumerate(tokens[:-1]):
        if token.token_type is TokenType.STRING:
            continue
        if tokens[index + 1].token_type is TokenType.L_PAREN:
            yield index, token


def _unsettable(statement: Statement) -> Iterator[tuple[str, str]]:
    """What cannot be set, and why or what to do instead."""
    tokens = statement.tokens
    for name in chances(statement):
        yield name, "answers by chance; take it from the data"
    for index, token in _calls(tokens):
        name = token.text.lower()
        if index and tokens[index - 1].token_type is TokenType.DOT:
            continue
        if name in _REFUSED:
            yield f"{name}()", f"cannot be set: {_REFUSED[name]}"
        if name.startswith(_ASKING):
            yield f"{name}()", "asks somebody else, whose answer of then is not known; leave it out"
        if name in _CLOCK and token.token_type is TokenType.IDENTIFIER:
            yield f"`{name}`()", "in backticks cannot be set; write it without them"
        # unix_timestamp with arguments asks no clock.
        if name in _CLOCK - {_SECONDS} and not _is_empty_call(tokens, index):
            yield (
                f"{name}()",
                "is called with arguments, which Databricks does not know; remove them",
            )
    for kind, text in pairwise(tokens):
        if kind.text.lower() in _TYPES and text.token_type is TokenType.STRING:
            words = text.text.lower().split()
            if words and words[0] in _SPECIAL:
                yield (
                    f"{kind.text.upper()} '{text.text}'",
                    "asks the clock in a literal; write current_date() or current_timestamp() and "
                    "an interval",
                )


def _places(tokens: Sequence[Token]) -> Iterator[_Place]:
    for index, token in enumerate(tokens):
        name = token.text.lower()
        if name not in _CLOCK or token.token_type in (TokenType.STRING, TokenType.IDENTIFIER):
            continue
        before = tokens[index - 1].token_type if index else None
        if before in (TokenType.DOT, TokenType.COLON, TokenType.PARAMETER):
            continue
        if _is_empty_call(tokens, index):
            yield _Place(token.start, tokens[index + 2].end, name)
        elif name in _BARE and before is not TokenType.ALIAS:
            yield _Place(token.start, token.end, name)


def _is_empty_call(tokens: Sequence[Token], index: int) -> bool:
    kinds = [token.token_type for token in tokens[index + 1 : index + 3]]
    return kinds == [TokenType.L_PAREN, TokenType.R_PAREN]


def _literal(function: str, moment: dt.datetime, zone: dt.tzinfo) -> str:
    """As a cast, not as `DATE '…'`: of `DATE '…'::STRING` sqlglot would cast the text first."""
    local = moment.astimezone(zone)
    if function in _DATES:
        return f"CAST('{local:%Y-%m-%d}' AS DATE)"
    if function == _LOCAL:
        return f"CAST('{local:%Y-%m-%dT%H:%M:%S}' AS TIMESTAMP_NTZ)"
    instant = f"CAST('{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S}Z' AS TIMESTAMP)"
    return f"unix_timestamp({instant})" if function == _SECONDS else instant


_ANY = dt.datetime(2001, 2, 3, 4, 5, 6, tzinfo=dt.UTC)


def _require_same_tree(clock: Clock, statement: Statement, where: str) -> None:
    """Raises ConfigurationError unless exactly the tree's clock nodes were replaced.

    It would not be so where a column or a field bears a clock function's name.
    """
    names = ", ".join(f"{name}()" for name in clock.functions)
    if statement.tree is None:
        raise ConfigurationError(
            f"{where} cannot be put back in time: sqlglot does not parse it, so that it is not "
            f"certain what {names} in it are; write it in SQL that it knows"
        )
    named = {
        item.name.lower()
        for item in statement.tree.find_all(exp.Identifier)
        if not (isinstance(item.parent, exp.Column) and item.parent.table)
    }
    bare = {place.function for place in clock.places if _is_bare(clock.query, place)}
    expected = statement.tree.transform(lambda node: _set(node, clock.zone))
    if bare & named or read_statement(clock.at(_ANY)).tree != expected:
        raise ConfigurationError(
            f"{where} cannot be put back in time: it also has a name like {names}, so that it is "
            "not certain which is meant; write the functions with parentheses and call the column "
            "something else"
        )


def _is_bare(query: str, place: _Place) -> bool:
    return not query[place.start : place.end + 1].endswith(")")


def _set(node: exp.Expr, zone: dt.tzinfo) -> exp.Expr:
    if not isinstance(node, _NODES):
        return node
    kind = {exp.CurrentDate: "current_date", exp.Localtimestamp: _LOCAL}
    function = kind.get(type(node), "current_timestamp")
    return parse_one(_literal(function, _ANY, zone), dialect="databricks")
