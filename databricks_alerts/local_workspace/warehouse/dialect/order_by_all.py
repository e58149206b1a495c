"""ORDER BY ALL: by every item of the SELECT list, from left to right.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-orderby
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting
from databricks_alerts.local_workspace.warehouse.dialect.scopes import expanded


def rewrite(query: Rewriting) -> bool:
    """The items by their positions."""
    found = False
    for order in list(query.tree.find_all(exp.Order)):
        keys = order.expressions
        if len(keys) != 1 or not _is_all(keys[0].this):
            continue
        count = _items(order.parent, query)
        if not count:
            continue
        positions = []
        for number in range(1, count + 1):
            key = keys[0].copy()
            key.set("this", exp.Literal.number(number))
            positions.append(key)
        order.set("expressions", positions)
        found = True
    return found


def _is_all(key: exp.Expr) -> bool:
    quoted = isinstance(key, exp.Column) and bool(key.this.args.get("quoted"))
    return isinstance(key, exp.Var | exp.Column) and key.name.upper() == "ALL" and not quoted


def _items(ordered: exp.Expr | None, query: Rewriting) -> int:
    select = ordered
    while isinstance(select, exp.SetOperation | exp.Subquery):
        select = select.this
    if not isinstance(select, exp.Select):
        return 0
    count = 0
    for item in select.expressions:
        reads = query.reads(select)
        columns = expanded(item, reads) if item.is_star and reads is not None else None
        if item.is_star and columns is None:
            return 0
        count += len(columns) if columns is not None else 1
    return count
