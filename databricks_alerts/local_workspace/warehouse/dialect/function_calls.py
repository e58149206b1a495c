"""Functions that the engine has by another name, or that other ones make up.

Each is described below
https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-functions-builtin-alpha
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put
from databricks_alerts.local_workspace.warehouse.dialect.verbatim import call, called

_Arguments = list[exp.Expr]


def rewrite(query: Rewriting) -> bool:
    """Calls that Sail knows."""
    return _rewrite(query, _CALLS)


def rewrite_for_spark(query: Rewriting) -> bool:
    """Calls that Apache Spark knows, which lacks some that Databricks has."""
    return _rewrite(query, {name: _CALLS[name] for name in _NOT_IN_SPARK})


def _rewrite(
    query: Rewriting, calls: Mapping[str, Callable[[_Arguments], exp.Expr | None]]
) -> bool:
    found = False
    for node in list(query.tree.find_all(exp.Anonymous)):
        make = calls.get(called(node))
        new = make(node.expressions) if make else None
        if new is not None:
            put(node, new)
            found = True
    return found


def _named(name: str) -> Callable[[_Arguments], exp.Expr]:
    return lambda arguments: call(name, *(item.copy() for item in arguments))


def _divided(arguments: _Arguments) -> exp.Expr | None:
    """NULL for a divisor of zero."""
    if len(arguments) != 2:
        return None
    left, right = (exp.Paren(this=item.copy()) for item in arguments)
    return exp.Paren(this=exp.Div(this=left, expression=call("nullif", right, _number(0))))


def _decoded(arguments: _Arguments) -> exp.Expr | None:
    """`decode(value, key, result, …, default)`; with two arguments it is another function."""
    if len(arguments) < 3:
        return None
    value, *rest = arguments
    pairs = list(zip(rest[::2], rest[1::2], strict=False))
    whens = [
        exp.If(this=exp.NullSafeEQ(this=value.copy(), expression=key.copy()), true=result.copy())
        for key, result in pairs
    ]
    return exp.Case(ifs=whens, default=rest[-1].copy() if len(rest) % 2 else None)


def _dated(arguments: _Arguments) -> exp.Expr:
    stamp = call("try_to_timestamp", *(item.copy() for item in arguments))
    return exp.Cast(this=stamp, to=exp.DType.DATE.into_expr())


def _percentiles(arguments: _Arguments) -> exp.Expr | None:
    """One call a percentage, where several are asked for."""
    if len(arguments) < 2 or not isinstance(arguments[1], exp.Anonymous | exp.Array):
        return None
    value, several, *rest = arguments
    if not isinstance(several, exp.Array) and called(several) != "array":
        return None
    return call(
        "array",
        *(
            call("percentile_approx", value.copy(), one.copy(), *(item.copy() for item in rest))
            for one in several.expressions
        ),
    )


def _number(value: int) -> exp.Expr:
    return exp.Literal.number(value)


_CALLS: dict[str, Callable[[_Arguments], exp.Expr | None]] = {
    "iff": _named("if"),
    "getdate": _named("now"),
    "charindex": _named("locate"),
    "timediff": _named("timestampdiff"),
    "timestamp_diff": _named("timestampdiff"),
    "date_diff": lambda arguments: (
        _named("timestampdiff")(arguments) if len(arguments) == 3 else _named("datediff")(arguments)
    ),
    "try_divide": _divided,
    "try_to_date": _dated,
    "decode": _decoded,
    "approx_percentile": _percentiles,
    "percentile_approx": _percentiles,
}
_NOT_IN_SPARK = (
    *("iff", "getdate", "charindex", "timediff", "timestamp_diff", "date_diff", "try_to_date"),
)
