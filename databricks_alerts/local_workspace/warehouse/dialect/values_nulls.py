"""NULL in the first row of VALUES, above a value that is no literal.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-values: a column's
type is the least common one of its values. Sail takes it from the first row, and a NULL there for a
STRING that a MAP, ARRAY or STRUCT below it cannot be cast to.
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting


def rewrite(query: Rewriting) -> bool:
    """Such a NULL as a CASE that never gives the value below it, but has its type."""
    found = False
    for values in list(query.tree.find_all(exp.Values)):
        rows = [row.expressions for row in values.expressions if isinstance(row, exp.Tuple)]
        if len(rows) != len(values.expressions) or len({len(row) for row in rows}) != 1:
            continue
        for first, *below in zip(*rows, strict=True):
            typed = next((value for value in below if not isinstance(value, exp.Null)), None)
            if isinstance(first, exp.Null) and isinstance(typed, exp.Func):
                first.replace(exp.Case(ifs=[exp.If(this=exp.false(), true=typed.copy())]))
                found = True
    return found
