"""LIKE and ILIKE with ANY, SOME or ALL of several patterns.

https://docs.databricks.com/aws/en/sql/language-manual/functions/like
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put


def rewrite(query: Rewriting) -> bool:
    """One LIKE a pattern, joined by OR or AND."""
    found = False
    for node in list(query.tree.find_all(exp.Like, exp.ILike)):
        several = node.expression
        if not isinstance(several, exp.Any | exp.All):
            continue
        held = several.this
        patterns = held.expressions if isinstance(held, exp.Tuple) else [held.unnest()]
        parts = []
        for pattern in patterns:
            one = node.copy()
            one.set("expression", pattern.copy())
            parts.append(one)
        joined = exp.or_ if isinstance(several, exp.Any) else exp.and_
        put(node, exp.Paren(this=joined(*parts, copy=False)))
        found = True
    return found
