"""`map.key`, which Databricks reads as `map['key']`, also below a struct.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-name-resolution
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put
from databricks_alerts.local_workspace.warehouse.dialect.scopes import path


def rewrite(query: Rewriting) -> bool:
    """Keys of maps in brackets."""
    found = False
    for column in list(query.tree.find_all(exp.Column)):
        meaning = query.meaning(column)
        if meaning is None:
            continue
        parts = path(column)
        written, keyed = _written(parts, meaning.root, meaning.kind)
        if keyed:
            put(_whole(column, len(parts)), written)
            found = True
    return found


def _whole(column: exp.Column, length: int) -> exp.Expr:
    node: exp.Expr = column
    for _ in range(length - len(column.parts)):
        node = node.parent or node
    return node


def _written(parts: list[exp.Identifier], root: int, kind: exp.DataType) -> tuple[exp.Expr, bool]:
    names = ("this", "table", "db", "catalog")
    held = reversed(parts[: root + 1])
    tree: exp.Expr = exp.Column(**{n: p.copy() for n, p in zip(names, held, strict=False)})
    keyed = False
    for part in parts[root + 1 :]:
        if kind.is_type(exp.DType.MAP) and len(kind.expressions) > 1:
            keyed = True
            kind = kind.expressions[1]
            tree = exp.Bracket(this=tree, expressions=[exp.Literal.string(part.name)])
            continue
        inner = [item for item in kind.expressions if item.name.lower() == part.name.lower()]
        held_kind = inner[0].args.get("kind") if inner else None
        kind = held_kind if isinstance(held_kind, exp.DataType) else exp.DType.UNKNOWN.into_expr()
        tree = exp.Dot(this=tree, expression=part.copy())
    return tree, keyed
