"""NULL as the new value of a MAP, ARRAY or STRUCT column.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-null-semantics: NULL is a value of
every type. Sail takes it for a STRING, which it does not write into such columns.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, is_assignment

_COMPLEX = (exp.DType.MAP, exp.DType.ARRAY, exp.DType.STRUCT)


def rewrite(query: Rewriting) -> bool:
    """The NULLs that UPDATE, MERGE and INSERT … VALUES write, cast to their columns' types."""
    found = False
    for kind, value in list(_values(query)):
        if isinstance(value, exp.Null) and kind is not None and kind.is_type(*_COMPLEX):
            value.replace(exp.Cast(this=exp.Null(), to=kind.copy()))
            found = True
    return found


def _values(query: Rewriting) -> Iterator[tuple[exp.DataType | None, exp.Expr]]:
    """The expressions that a statement writes, each with the type of its column."""
    for node in query.tree.find_all(exp.EQ, exp.Insert):
        if is_assignment(node):
            yield query.kind(node.this), node.expression
        elif isinstance(node, exp.Insert) and isinstance(node.expression, exp.Tuple):
            for column, value in zip(
                node.this.expressions, node.expression.expressions, strict=False
            ):
                yield query.kind(column), value
        elif isinstance(node, exp.Insert) and isinstance(node.expression, exp.Values):
            yield from _inserted(node, query)


def _inserted(
    insert: exp.Insert, query: Rewriting
) -> Iterator[tuple[exp.DataType | None, exp.Expr]]:
    columns = query.names.written or {}
    names = list(columns)
    if isinstance(insert.this, exp.Schema):
        names = [column.name.lower() for column in insert.this.expressions]
    for row in insert.expression.expressions:
        values = row.expressions if isinstance(row, exp.Tuple) else [row]
        if len(values) == len(names):
            yield from zip(map(columns.get, names), values, strict=True)
