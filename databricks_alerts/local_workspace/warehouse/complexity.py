"""Statements too deep for the SQL engine are refused: it would die of them, and all with it."""

from __future__ import annotations

from typing import Any

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from databricks_alerts.local_workspace.warehouse.errors import SqlError, unsupported
from databricks_alerts.local_workspace.warehouse.subject import subject_of
from databricks_alerts.local_workspace.warehouse.text import Text

# Sail's threads overflow their stacks at chains of some 400 operators or set operations, which end
# the process (measured: 300 work, 400 UNION ALL do not). Databricks takes far more.
MOST_LEVELS = 250
# A statement of fewer tokens cannot be so deep.
_FEW_TOKENS = 250


_CHAINING = frozenset(
    ["AND", "OR", "NOT", "+", "-", "*", "/", "||", "UNION", "EXCEPT", "INTERSECT", "MINUS", "JOIN"]
)


def require_shallow(text: Text) -> None:
    """Raises SqlError where a statement's tree has more than MOST_LEVELS levels."""
    if len(text.tokens) >= _FEW_TOKENS and _levels(text) > MOST_LEVELS:
        raise too_complex()


def _levels(text: Text) -> int:
    """The levels of a statement's tree; where sqlglot makes none, as many as there could be."""
    try:
        tree = sqlglot.parse_one(subject_of(text), read="databricks", error_level=ErrorLevel.IGNORE)
    except SqlglotError:
        tree = None
    if tree is None or isinstance(tree, exp.Command):
        return sum(token.text.upper() in _CHAINING for token in text.tokens)
    return _depth(tree)


def too_complex() -> SqlError:
    """What the local workspace cannot hold, though Databricks might."""
    return unsupported(
        f"A statement that is nested, or chains operators or set operations, more than "
        f"{MOST_LEVELS} levels deep (use IN or VALUES for long lists)"
    )


def _depth(tree: Any) -> int:
    """The levels of a tree, found without recursion."""
    deepest, level = 0, [tree]
    while level:
        deepest += 1
        level = [
            child
            for node in level
            for value in node.args.values()
            for child in (value if isinstance(value, list) else (value,))
            if isinstance(child, exp.Expression)
        ]
    return deepest
