"""COLLATE with a collation that does not tell cases apart.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-collation
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import (
    Rewriting,
    is_assignment,
    put,
)
from databricks_alerts.local_workspace.warehouse.dialect.verbatim import call

_COMPARES = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.Like)
_BY_BYTES = frozenset({"UTF8_BINARY", "UNICODE"})


def rewrite(query: Rewriting) -> bool:
    """Comparisons in lower case; elsewhere the value is the same with a collation."""
    found = False
    for node in list(query.tree.find_all(exp.Collate)):
        name = str(node.expression.name).upper()
        folds = name == "UTF8_LCASE" or (name.endswith("_CI") and "_AI" not in name)
        if not folds and name not in _BY_BYTES:
            continue
        above = node.parent
        if folds and isinstance(above, _COMPARES) and not is_assignment(above):
            other = above.right if above.left is node else above.left
            put(node, call("lower", node.this.copy()))
            put(other, call("lower", other.copy()))
        elif folds and isinstance(above, exp.Ordered):
            put(node, call("lower", node.this.copy()))
        else:
            put(node, node.this.copy())
        found = True
    return found
