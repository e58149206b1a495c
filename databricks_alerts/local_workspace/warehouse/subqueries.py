"""Subqueries in UPDATE and DELETE, which the embedded engine cannot plan: asked first, put in.

Only those that stand for themselves; one that reads the row it is asked for is left to the engine.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence

from sqlglot.tokenizer_core import Token, TokenType

from databricks_alerts.local_workspace.warehouse.errors import SqlError
from databricks_alerts.local_workspace.warehouse.names import literal, literal_of
from databricks_alerts.local_workspace.warehouse.sessions import SparkSession
from databricks_alerts.local_workspace.warehouse.table_references import Edit, edited
from databricks_alerts.local_workspace.warehouse.text import Text

_QUERIES = (TokenType.SELECT, TokenType.WITH)
_CORRELATED = ("UNRESOLVED_COLUMN", "MISSING_ATTRIBUTES")


def answered(text: Text, session: SparkSession) -> str:
    """The statement with each subquery's answer in its place. Raises SqlError."""
    edits = []
    for first, last in _places(text.tokens):
        start, end = text.tokens[first].start, text.tokens[last].end + 1
        kind = text.tokens[first - 1].token_type if first else TokenType.L_PAREN
        negated = first > 1 and text.tokens[first - 2].token_type is TokenType.NOT
        values = _asked(text.sql[start + 1 : end - 1], session)
        if values is None:
            continue
        if kind is TokenType.EXISTS:
            start, answer = text.tokens[first - 1].start, literal_of(bool(values))
        elif kind is TokenType.IN:
            answer = _listed(values, negated=negated)
        else:
            answer = _single(values)
        edits.append(Edit(start, end, answer))
    return edited(text.sql, edits)


def _places(tokens: Sequence[Token]) -> Iterator[tuple[int, int]]:
    """The outermost parentheses that hold a query: the indexes of both."""
    index = 0
    while index < len(tokens) - 1:
        opens = tokens[index].token_type is TokenType.L_PAREN
        if opens and tokens[index + 1].token_type in _QUERIES:
            closing = _closing(tokens, index)
            yield index, closing
            index = closing
        index += 1


def _closing(tokens: Sequence[Token], index: int) -> int:
    depth = 0
    for place in range(index, len(tokens)):
        kind = tokens[place].token_type
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if depth == 0:
            return place
    return len(tokens) - 1


def _asked(query: str, session: SparkSession) -> list[object] | None:
    """The first column of the subquery's rows; None if it cannot stand alone."""
    try:
        answer = session.run(query)
    except SqlError as error:
        if error.condition.startswith(_CORRELATED):
            return None
        raise
    return list(answer.column(0).to_pylist())


def _listed(values: list[object], *, negated: bool) -> str:
    if values:
        return f"({', '.join(map(literal_of, dict.fromkeys(values)))})"
    # Nothing is in an empty list, and all is not in it: NULL would make both unknown.
    return f"({literal(uuid.uuid4().hex)})" if negated else "(NULL)"


def _single(values: list[object]) -> str:
    if len(values) > 1:
        raise SqlError(
            "SCALAR_SUBQUERY_TOO_MANY_ROWS",
            "More than one row returned by a subquery used as an expression.",
            "21000",
        )
    return literal_of(values[0]) if values else "NULL"
