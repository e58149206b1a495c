"""A text as an operand of AND, OR or NOT: cast to BOOLEAN, which Sail does not do by itself.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-datatype-rules (implicit
crosscasting). Two texts, a text in CASE WHEN and one as a whole condition stay what Databricks
refuses: nothing there wants a common type.
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put


def rewrite(query: Rewriting) -> bool:
    """`s AND b` as `CAST(s AS BOOLEAN) AND b`, `NOT s` as `NOT CAST(s AS BOOLEAN)`."""
    found = [operand for node in query.tree.walk() for operand in _cast_in(node, query)]
    for operand in found:
        put(operand, exp.Cast(this=operand.copy(), to=exp.DataType.build("boolean")))
    return bool(found)


def _cast_in(node: exp.Expr, query: Rewriting) -> list[exp.Expr]:
    """The texts that Databricks takes for conditions here."""
    if isinstance(node, exp.And | exp.Or):
        texts = [side for side in (node.this, node.expression) if _is_text(side, query)]
        return texts if len(texts) == 1 else []
    if isinstance(node, exp.Not) and _is_text(node.this, query):
        return [node.this]
    return []


def _is_text(node: exp.Expr, query: Rewriting) -> bool:
    bare = node.unnest()
    kind = query.kind(bare)
    if kind is not None:
        return kind.is_type(*exp.DataType.TEXT_TYPES)
    return isinstance(bare, exp.Literal) and bare.is_string
