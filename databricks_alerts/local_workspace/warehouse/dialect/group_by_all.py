"""GROUP BY ALL: by every item of the SELECT list that does not aggregate.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-groupby
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.functions import aggregates
from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting


def rewrite(query: Rewriting) -> bool:
    """The items by their expressions."""
    found = False
    for select in list(query.tree.find_all(exp.Select)):
        group = select.args.get("group")
        if group is None or not group.args.get("all"):
            continue
        if any(item.is_star for item in select.expressions):
            continue
        keys = [item.unalias() for item in select.expressions if not aggregates(item)]
        keys = [key.copy() for key in keys if not isinstance(key, exp.Literal)]
        select.set("group", exp.Group(expressions=keys) if keys else None)
        found = True
    return found
