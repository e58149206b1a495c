"""A number with an exponent in a text that is cast to DECIMAL.

https://docs.databricks.com/aws/en/sql/language-manual/functions/cast
"""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put


def rewrite(query: Rewriting) -> bool:
    """The text without its exponent."""
    found = False
    for cast in list(query.tree.find_all(exp.Cast)):
        held = cast.this
        if not (isinstance(held, exp.Literal) and held.is_string):
            continue
        if not cast.to.is_type(exp.DType.DECIMAL) or "e" not in held.name.lower():
            continue
        try:
            plain = format(Decimal(held.name.strip()), "f")
        except InvalidOperation:
            continue  # no number: the engine says so
        put(held, exp.Literal.string(plain))
        found = True
    return found
