"""Functions in clauses where Databricks does not take them, and Sail does or breaks off.

https://docs.databricks.com/aws/en/error-messages/error-classes
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.functions import aggregates
from databricks_alerts.local_workspace.warehouse.errors import SqlError


def require(tree: exp.Expr) -> None:
    """Raises SqlError."""
    for where in tree.find_all(exp.Where):
        if isinstance(where.parent, exp.Select) and (_has_window(where) or aggregates(where.this)):
            raise SqlError(
                "INVALID_WHERE_CONDITION",
                f'The WHERE condition "{where.this.sql("spark")}" contains invalid expressions. '
                "Rewrite the query to avoid window functions, aggregate functions, and generator "
                "functions in the WHERE clause.",
                "42903",
                analysis=True,
            )
    for aggregate in tree.find_all(exp.AggFunc):
        if not isinstance(aggregate.parent, exp.Window) and _has_window(aggregate):
            raise SqlError(
                "_LEGACY_ERROR_TEMP_1034",
                "It is not allowed to use a window function inside an aggregate function. Please "
                "use the inner window function in a sub-query.",
                "42607",
                analysis=True,
            )


def _has_window(node: exp.Expr) -> bool:
    own = node.walk(prune=lambda item: isinstance(item, exp.Query))
    return any(isinstance(item, exp.Window) for item in own)
