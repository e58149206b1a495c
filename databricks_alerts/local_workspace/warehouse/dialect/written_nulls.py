"""NULL as the new value of a MAP, ARRAY or STRUCT column.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-null-semantics: NULL is a value of
every type. Sail takes it for a STRING, which it does not write into such columns.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, is_assignment
from databricks_alerts.local_workspace.warehouse.dialect.scopes import Columns

_COMPLEX = (exp.DType.MAP, exp.DType.ARRAY, exp.DType.STRUCT)


def rewrite(query: Rewriting) -> bool:
    """The NULLs that UPDATE, MERGE and INSERT … VALUES write, cast to their columns' types."""
    columns = query.names.written
    if columns is None:
        return False
    types = {name.lower(): kind for name, kind in columns.items() if kind.is_type(*_COMPLEX)}
    found = False
    for name, value in list(_values(query.tree, columns)):
        kind = types.get(name.lower())
        if kind is not None and isinstance(value, exp.Null):
            value.replace(exp.Cast(this=exp.Null(), to=kind.copy()))
            found = True
    return found


def _values(tree: exp.Expr, columns: Columns) -> Iterator[tuple[str, exp.Expr]]:
    """The columns that a statement writes, each with an expression that is written."""
    for node in tree.find_all(exp.EQ, exp.Insert):
        if isinstance(node, exp.Insert):
            yield from _inserted(node, columns)
        elif is_assignment(node):
            yield node.this.name, node.expression


def _inserted(insert: exp.Insert, columns: Columns) -> Iterator[tuple[str, exp.Expr]]:
    names = list(columns)
    if isinstance(insert.this, exp.Schema | exp.Tuple):
        names = [column.name for column in insert.this.expressions]
    for row in _rows(insert.expression):
        if len(row) == len(names):
            yield from zip(names, row, strict=True)


def _rows(values: exp.Expr | None) -> Iterator[Sequence[exp.Expr]]:
    if isinstance(values, exp.Tuple):  # MERGE's INSERT
        yield values.expressions
    elif isinstance(values, exp.Values):
        for row in values.expressions:
            yield row.expressions if isinstance(row, exp.Tuple) else [row]
