"""Conditions whose left side keeps the right one from failing, as in `b <> 0 AND a / b > 1`.

Spark looks at them from left to right and stops when the answer stands; Sail computes both sides.
https://spark.apache.org/docs/latest/sql-ref-ansi-compliance.html (errors at run time)
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting
from databricks_alerts.local_workspace.warehouse.dialect.verbatim import called

_ZERO, _ONE = exp.Literal.number(0), exp.Literal.number(1)
_FAILING = (exp.Div, exp.IntDiv, exp.Mod, exp.Cast, exp.Bracket)
_FAILING_CALLS = frozenset(
    [
        "mod",
        "pmod",
        "element_at",
        "elt",
        "conv",
        "to_date",
        "to_timestamp",
        "to_number",
        "make_date",
        "make_timestamp",
        "parse_json",
        "from_json",
        "assert_true",
        "raise_error",
        "bigint",
        "int",
        "smallint",
        "tinyint",
        "double",
        "float",
        "decimal",
        "date",
        "timestamp",
        "boolean",
        "url_decode",
        "unhex",
        "unbase64",
        "to_binary",
        "aes_decrypt",
    ]
)


def rewrite(query: Rewriting) -> bool:
    """`p AND q` as a CASE that looks at q only where p holds, where q may fail; OR likewise.

    Only where a condition decides, and NULL is as good as false. Of numbers, since a CASE of
    booleans is made an AND again.
    """
    found = False
    for condition in list(_conditions(query.tree)):
        found |= _rewrite(condition)
    return found


def _conditions(tree: exp.Expr) -> Iterator[exp.Expr]:
    for node in tree.find_all(exp.Where, exp.Having, exp.Qualify):
        yield node.this
    for join in tree.find_all(exp.Join):
        # Equalities are keys of a join: only what holds none of them may become a CASE.
        if (on := join.args.get("on")) is not None and not on.find(exp.EQ):
            yield on


def _rewrite(condition: exp.Expr) -> bool:
    node = condition.unnest()
    if not isinstance(node, exp.And | exp.Or):
        return False
    changed = [_rewrite(part) for part in list(node.flatten())]
    parts = list(node.flatten())
    # The key of a join is computed behind all other conditions, if nothing stands around it.
    joins = [part for part in parts if isinstance(node, exp.And) and _is_join_by_key(part)]
    rest = [part for part in parts if part not in joins]
    if not any(map(_may_fail, rest[1:])):
        return any(changed)
    node.replace(exp.and_(_joined(type(node), rest), *joins, copy=False))
    return True


def _joined(word: type[exp.And | exp.Or], parts: Sequence[exp.Expr]) -> exp.Expr:
    """The parts of a chain, by halves: the nesting of a long one stays within bounds."""
    if len(parts) == 1:
        return exp.Paren(this=parts[0])
    middle = len(parts) // 2
    left, right = _joined(word, parts[:middle]), _joined(word, parts[middle:])
    if not _may_fail(right):
        return exp.Paren(this=word(this=left, expression=right))
    if word is exp.And:
        case = exp.Case(ifs=[exp.If(this=left, true=_number(right))], default=_ZERO.copy())
    else:
        case = exp.Case(ifs=[exp.If(this=left, true=_ONE.copy())], default=_number(right))
    return exp.Paren(this=exp.EQ(this=exp.Paren(this=case), expression=_ONE.copy()))


def _number(condition: exp.Expr) -> exp.Expr:
    return exp.Cast(this=condition, to=exp.DType.INT.into_expr())


def _is_join_by_key(node: exp.Expr) -> bool:
    """Whether `key [NOT] IN (SELECT …)` stands in it, with a key that may fail."""
    return any(part.args.get("query") and _may_fail(part.this) for part in node.find_all(exp.In))


def _may_fail(node: exp.Expr) -> bool:
    return any(map(_fails, node.walk()))


def _fails(node: exp.Expr) -> bool:
    """Whether an expression can end a statement; casts of literals have been looked at before."""
    if isinstance(node, exp.Cast):
        return not isinstance(node, exp.TryCast) and not isinstance(node.this, exp.Literal)
    return isinstance(node, _FAILING) or called(node) in _FAILING_CALLS
