"""Exactly one statement, and one that only reads.

sqlglot (databricks dialect) parses first. What it cannot parse is not refused for that alone,
since Databricks knows more SQL than sqlglot: then the tokens decide, by one statement that begins
with a reading keyword, and EXPLAIN has the last word.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.errors import SqlglotError
from sqlglot.tokenizer_core import Token, TokenType

from databricks_alerts.rules.findings import Finding

_READING = {"SELECT", "WITH", "VALUES", "TABLE", "FROM"}
_CHANGING = (
    exp.Insert,
    exp.Update,
    exp.Delete,
    exp.Merge,
    exp.Create,
    exp.Drop,
    exp.Alter,
    exp.Command,
    exp.TruncateTable,
    exp.Copy,
    exp.Grant,
)
_REMEDY = "make alert_query_template one SELECT (or WITH … SELECT)"

# sqlglot warns of syntax that it takes as a command; that is a finding here, not a log line.
logging.getLogger("sqlglot").setLevel(logging.ERROR)


@dataclass(frozen=True)
class Statement:
    """A rendered query, read once: its tokens, and its tree where sqlglot can parse it.

    `problem` says why there are no tokens.
    """

    tokens: Sequence[Token]
    tree: exp.Expression | None = None
    problem: str = ""


def read_statement(query: str) -> Statement:
    """Tokenize and parse a rendered query; never raises."""
    dialect = Databricks()
    try:
        tokens = dialect.tokenize(query)
    except SqlglotError as error:
        return Statement((), problem=f"the query does not tokenize: {_first_line(error)}")
    if not tokens:
        return Statement((), problem="the query is empty")
    try:
        trees = dialect.parser().parse(tokens, query)
    except (SqlglotError, RecursionError):
        return Statement(tokens)  # EXPLAIN decides
    tree = trees[0] if len(trees) == 1 else None
    return Statement(tokens, tree if isinstance(tree, exp.Expression) else None)


def check_statement(key: str, statement: Statement) -> Finding | None:
    """What is wrong with a rendered query as a statement; None if it is one that only reads."""
    tokens = statement.tokens
    if not tokens:
        return _finding(key, statement.problem, None)
    second = _second_statement(tokens)
    if second is not None:
        return _finding(key, "the query holds more than one statement", second)
    first = tokens[0]
    word = first.text.upper()
    if word not in _READING and first.token_type is not TokenType.L_PAREN:
        return _finding(key, f"the statement is {word}, which is no query", first)
    changing = statement.tree.find(*_CHANGING) if statement.tree is not None else None
    if changing is not None:
        return _finding(key, f"the query holds {type(changing).__name__.upper()}", first)
    return None


def _second_statement(tokens: Sequence[Token]) -> Token | None:
    """The first token behind a semicolon, None if a trailing semicolon ends the text."""
    for index, token in enumerate(tokens):
        if token.token_type is TokenType.SEMICOLON and index + 1 < len(tokens):
            return tokens[index + 1]
    return None


def _finding(key: str, what: str, token: Token | None) -> Finding:
    return Finding(
        key=key,
        check="statement",
        what=what,
        where="alert_query_template",
        remedy=_REMEDY,
        line=token.line if token else None,
        position=max(token.col - len(token.text), 0) if token else None,
    )


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
