"""Columns without a name in the SELECT of an INSERT.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-dml-insert-into: they are
taken by position. Sail gives each the text of its expression for a name, and refuses two alike.
"""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, column_name


def rewrite(query: Rewriting) -> bool:
    """An alias for each column that has the name of one before it."""
    insert = query.tree
    if not isinstance(insert, exp.Insert) or insert.args.get("by_name"):
        return False
    found = False
    for select in _selects(insert.expression):
        seen: set[str] = set()
        for number, item in enumerate(select.expressions, 1):
            if item.is_star:
                continue
            name = item.alias or column_name(item)
            if name.lower() in seen:
                alias = exp.to_identifier(f"_inserted_{number}", quoted=True)
                item.replace(exp.Alias(this=item.unalias().copy(), alias=alias))
                found = True
            seen.add(name.lower())
    return found


def _selects(query: exp.Expr | None) -> Iterator[exp.Select]:
    if isinstance(query, exp.SetOperation):
        yield from _selects(query.this)
        yield from _selects(query.expression)
    elif isinstance(query, exp.Subquery):
        yield from _selects(query.this)
    elif isinstance(query, exp.Select):
        yield query
