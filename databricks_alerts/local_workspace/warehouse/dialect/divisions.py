"""Divisions of NULL: NULL, whatever the divisor, where Sail looks at the divisor alone.

So is `sum(x) / count(*)` over no rows. A divisor of zero stays an error where something is divided.
https://docs.databricks.com/aws/en/sql/language-manual/functions/slashsign (a NULL operand)
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put
from databricks_alerts.local_workspace.warehouse.dialect.verbatim import call, called

_OPERATORS = (exp.Div, exp.IntDiv, exp.Mod)
_CALLS = ("mod", "pmod")
# Not the same when asked twice.
_RANDOM = frozenset({"rand", "random", "randn", "uuid", "uniform", "randstr", "shuffle"})


def rewrite(query: Rewriting) -> bool:
    """`a / b` as `a / if(a IS NULL, NULL, b)`, innermost first."""
    found = [node for node in query.tree.walk() if _divides(node)]
    for node in reversed(found):
        dividend, divisor = _operands(node)
        is_null = exp.Is(this=exp.Paren(this=dividend.copy()), expression=exp.null())
        guarded = call("if", is_null, exp.null(), divisor.copy())
        new = node.copy()
        _operands(new)[1].replace(guarded)
        put(node, new)
    return bool(found)


def _divides(node: exp.Expr) -> bool:
    """Whether it can divide NULL by zero."""
    if not isinstance(node, _OPERATORS) and not (
        called(node) in _CALLS and len(node.expressions) == 2
    ):
        return False
    dividend, divisor = _operands(node)
    return _may_be_null(dividend) and _may_be_zero(divisor) and not _is_random(dividend)


def _operands(node: exp.Expr) -> tuple[exp.Expr, exp.Expr]:
    if isinstance(node, exp.Anonymous):
        return node.expressions[0], node.expressions[1]
    return node.this, node.expression


def _may_be_null(node: exp.Expr) -> bool:
    bare = node.unnest()
    return not isinstance(bare, exp.Literal) and called(bare) not in ("count", "count_if")


def _may_be_zero(node: exp.Expr) -> bool:
    bare = node.unnest()
    if isinstance(bare, exp.Literal):
        return False  # a zero that is written there is told when the statement is planned
    return called(bare) not in ("nullif", "nullifzero")


def _is_random(node: exp.Expr) -> bool:
    return any(isinstance(part, exp.Query) or called(part) in _RANDOM for part in node.walk())
