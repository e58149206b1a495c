"""Which columns a query could have meant: the tables in reach of a name that failed.

Looked up only after a statement failed, to say in its error what Spark says there.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

# A table's columns with their types in Spark's words; empty for a table that is not there.
Columns = Callable[[Sequence[str]], dict[str, str]]


@dataclass(frozen=True)
class Near:
    """A column in reach: the table's name or alias, the column, its type where it is known."""

    source: str
    column: str
    kind: str = ""


def no_columns(parts: Sequence[str]) -> dict[str, str]:
    """For statements about which nothing can be looked up."""
    return {}


def in_reach(sql: str, name: str, columns: Columns) -> list[Near]:
    """The columns of the tables of the SELECT (or DML) in which `name` stands."""
    tree = _parsed(sql)
    if tree is None:
        return []
    wanted = name.rsplit(".", 1)[-1].lower()
    for scope in _scopes(tree):
        if any(column.name.lower() == wanted for column in scope.columns):
            return _of_scope(scope, columns)
    return [near for table in tree.find_all(exp.Table) for near in _of_table(table, columns)]


def operands(sql: str, columns: Columns) -> tuple[str, str, str, int] | None:
    """The first binary operation on columns of unlike kinds: its text, both types, its offset."""
    for scope in _scopes(_parsed(sql)):
        kinds = {near.column.lower(): near.kind for near in _of_scope(scope, columns)}
        for node in scope.expression.find_all(exp.Binary):
            left, right = (_kind(side, kinds) for side in (node.left, node.right))
            if left and right and _unlike(left, right):
                return f"({node.sql('spark')})", left.upper(), right.upper(), _offset(node)
    return None


def kind_of(sql: str, expression: str, columns: Columns) -> str:
    """The type of a plain column that a query names."""
    for near in in_reach(sql, expression, columns):
        if near.column.lower() == expression.lower():
            return near.kind.upper()
    return ""


def filtered(sql: str) -> str:
    """The first WHERE condition that is a plain column: what a filter that is no boolean names."""
    tree = _parsed(sql)
    for where in tree.find_all(exp.Where) if tree is not None else ():
        if isinstance(where.this, exp.Column):
            return where.this.name
    return ""


def _parsed(sql: str) -> exp.Expr | None:
    body = sql[len("EXPLAIN ") :] if sql[:8].upper() == "EXPLAIN " else sql
    try:
        return sqlglot.parse_one(body, read="databricks")
    except SqlglotError:
        return None


def _scopes(tree: exp.Expr | None) -> list[Scope]:
    if tree is None:
        return []
    try:
        return list(traverse_scope(tree))
    except SqlglotError:
        return []


def _of_scope(scope: Scope, columns: Columns) -> list[Near]:
    found: list[Near] = []
    for alias, source in scope.sources.items():
        if isinstance(source, exp.Table):
            found += _of_table(source, columns, alias)
        else:
            query = source.expression
            names = query.named_selects if isinstance(query, exp.Query) else []
            found += [Near(alias, name) for name in names]
    return found


def _of_table(table: exp.Table, columns: Columns, alias: str = "") -> list[Near]:
    parts = [part.name for part in table.parts]
    return [
        Near(alias or table.alias_or_name, column, kind) for column, kind in columns(parts).items()
    ]


def _kind(node: exp.Expr, kinds: dict[str, str]) -> str:
    if isinstance(node, exp.Column):
        return kinds.get(node.name.lower(), "")
    if isinstance(node, exp.Literal):
        return "string" if node.is_string else "int"
    return ""


def _unlike(left: str, right: str) -> bool:
    def is_complex(kind: str) -> bool:
        return kind.startswith(("map", "array", "struct"))

    dated = {"date", "timestamp"} & {left, right} and "string" in (left, right)
    return is_complex(left) != is_complex(right) or bool(dated)


def _offset(node: exp.Expr) -> int:
    """Where an expression's first name stands in the parsed text; -1 if nothing tells."""
    starts = [item.meta["start"] for item in node.find_all(exp.Identifier) if "start" in item.meta]
    return min(starts, default=-1)
