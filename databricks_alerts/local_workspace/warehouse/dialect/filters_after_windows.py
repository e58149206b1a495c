"""QUALIFY, which no Apache Spark has either: a filter around the query.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-qualify
"""

from __future__ import annotations

from sqlglot import exp
from sqlglot.transforms import eliminate_qualify

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting


def rewrite(query: Rewriting) -> bool:
    """The query inside a filter."""
    if not query.tree.find(exp.Qualify):
        return False
    query.tree = query.tree.transform(
        lambda node: eliminate_qualify(node) if isinstance(node, exp.Select) else node
    )
    return True
