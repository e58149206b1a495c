"""Thresholds that the query applies already: each of its rows meets the condition."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from sqlglot import exp

from databricks_alerts.lint.model import Check, Subject
from databricks_alerts.lint.queries import joined_by_and, source_of
from databricks_alerts.sql.literals import Value

# If all values meet the condition, so does this of them.
_KEEPING = (None, "MIN", "MAX", "AVG", "MEDIAN")
_KEEPING_CALLS = (exp.Min, exp.Max, exp.Avg, exp.Median)
_SIGNS: dict[type[exp.Expr], str] = {
    exp.GT: ">",
    exp.GTE: ">=",
    exp.LT: "<",
    exp.LTE: "<=",
    exp.EQ: "=",
    exp.NEQ: "!=",
    exp.NullSafeEQ: "=",
}
_TURNED = {">": "<", "<": ">", ">=": "<=", "<=": ">="}
_COMPARE: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    ">=": operator.ge,
    "<": operator.lt,
    "<=": operator.le,
    "=": operator.eq,
    "!=": operator.ne,
}
_DIALECT = "databricks"


def _find(subject: Subject, _: Sequence[Subject]) -> Iterator[str]:
    if subject.aggregation not in _KEEPING or subject.tree is None:
        return
    for condition, expression in _conditions(subject.tree, subject.column):
        if _implies(condition, expression, subject):
            yield f"the query keeps only rows with {condition.sql(_DIALECT, comments=False)}"
            return


def _conditions(tree: exp.Expr, column: str) -> Iterator[tuple[exp.Expr, exp.Expr]]:
    """What every row of the result meets, and what the column is where that is said.

    A column that is only handed on is looked for in the subquery that it comes from.
    """
    select = _select(tree)
    if select is None:
        return
    found = next((item for item in select.expressions if _named(item, column)), None)
    expression = found.unalias() if found is not None else exp.column(column)
    inner = expression.this if isinstance(expression, _KEEPING_CALLS) else None
    for clause in ("where", "having", "qualify"):
        holder = select.args.get(clause)
        for condition in joined_by_and(holder.this) if holder is not None else ():
            yield condition, expression
            if clause != "where":
                yield condition, exp.column(column)  # WHERE sees no aliases
            elif inner is not None:
                yield condition, inner
    source = source_of(select)
    handed_on = inner if inner is not None else expression
    if source is not None and isinstance(handed_on, exp.Column):
        yield from _conditions(source, handed_on.name)


def _select(tree: exp.Expr) -> exp.Select | None:
    inner = tree.unnest()
    return inner if isinstance(inner, exp.Select) else None


def _named(item: exp.Expr, column: str) -> bool:
    return item.alias_or_name.lower() == column.lower()


def _implies(condition: exp.Expr, expression: exp.Expr, subject: Subject) -> bool:
    """Whether a value that meets the condition meets the rule's threshold."""
    if subject.operator == "IS NOT NULL":
        negated = isinstance(condition, exp.Not) and isinstance(condition.this, exp.Is)
        return negated and _same(condition.this.this, expression)
    if subject.operator == "IS NULL":
        return (
            isinstance(condition, exp.Is)
            and isinstance(condition.expression, exp.Null)
            and _same(condition.this, expression)
        )
    if isinstance(subject.value, bool):
        return subject.operator == "=" and subject.value and _same(condition, expression)
    sign = _SIGNS.get(type(condition))
    if sign is None:
        return False
    left, right = condition.this.unnest(), condition.expression.unnest()
    if _same(right, expression):
        left, right, sign = right, left, _TURNED.get(sign, sign)
    limit = _literal(right)
    if not _same(left, expression) or limit is None or subject.value is None:
        return False
    return _stronger(sign, limit, subject.operator, subject.value)


def _stronger(sign: str, limit: Value, wanted: str, value: Value) -> bool:
    """Whether `x sign limit` means `x wanted value` for every x."""
    if isinstance(limit, str) or isinstance(value, str):
        if not (isinstance(limit, str) and isinstance(value, str)):
            return False
        return sign == wanted and limit == value and sign in ("=", "!=")
    if sign == "=":
        return _COMPARE[wanted](limit, value)
    if wanted == "!=":
        return not _COMPARE[sign](value, limit)  # whether the filter leaves the value out
    if wanted[0] != sign[0] or wanted == "=" or sign == "!=":
        return False
    if sign == wanted or wanted.endswith("="):
        return _COMPARE[f"{wanted[0]}="](limit, value)
    return _COMPARE[wanted](limit, value)


def _same(one: exp.Expr, other: exp.Expr) -> bool:
    """Whether two expressions are the same, whatever table they name their columns by."""
    return _bare(one) == _bare(other)


def _bare(expression: exp.Expr) -> str:
    copied = expression.unnest().copy()
    for column in [copied, *copied.find_all(exp.Column)]:
        if isinstance(column, exp.Column):
            column.set("table", None)
    return copied.sql(_DIALECT, comments=False).lower().replace("`", "")


def _literal(expression: exp.Expr) -> Value | None:
    """A number or a text, through signs, parentheses and casts; None for anything else."""
    inner = expression.unnest()
    if isinstance(inner, exp.Neg):
        number = _literal(inner.this)
        return -number if isinstance(number, int | float) else None
    if isinstance(inner, exp.Cast):
        return _literal(inner.this)
    if not isinstance(inner, exp.Literal):
        return None
    return str(inner.this) if inner.is_string else float(inner.this)


APPLIED = Check(
    "L002",
    "threshold-in-where",
    "Each row of the result meets the threshold already, so that changing it in the row or in a "
    "stack does nothing, and no value is ever seen while all is well.",
    "take the condition out of the query and leave it to the threshold",
    _find,
)
