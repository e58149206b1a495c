"""Tumbling windows: `window(time, '1 hour')` as the struct of its start and its end.

Windows are counted from 1970-01-01 00:00:00 UTC. Sliding ones make several rows of one, which the
engine cannot; neither can those of months, which differ in length.
https://docs.databricks.com/aws/en/sql/language-manual/functions/window
"""

from __future__ import annotations

import re

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put
from databricks_alerts.local_workspace.warehouse.dialect.verbatim import call, called

_MICROSECONDS = {
    "microsecond": 1,
    "millisecond": 1_000,
    "second": 1_000_000,
    "minute": 60_000_000,
    "hour": 3_600_000_000,
    "day": 86_400_000_000,
    "week": 604_800_000_000,
}
_PART = re.compile(r"(\d+)\s*([a-z]+?)s?(?=\s|\d|$)")


def rewrite(query: Rewriting) -> bool:
    """`named_struct('start', …, 'end', …)` for each tumbling window of a length that is written."""
    found = False
    for node in list(query.tree.find_all(exp.Anonymous)):
        length = _length(node) if called(node) == "window" else None
        if length is not None:
            put(node, _window(node.expressions[0], length))
            found = True
    return found


def _length(node: exp.Anonymous) -> int | None:
    """The length of a tumbling window in microseconds; None for any other window."""
    if len(node.expressions) != 2 or not isinstance(node.expressions[1], exp.Literal):
        return None
    text = str(node.expressions[1].name).lower().removeprefix("interval").strip()
    parts = _PART.findall(text)
    if not parts or _PART.sub("", text).strip() or any(u not in _MICROSECONDS for _, u in parts):
        return None
    return sum(int(count) * _MICROSECONDS[unit] for count, unit in parts)


def _window(time: exp.Expr, length: int) -> exp.Expr:
    moment = call("unix_micros", exp.Cast(this=time.copy(), to=exp.DType.TIMESTAMP.into_expr()))
    past = call("pmod", moment.copy(), exp.Literal.number(length))
    start = exp.Sub(this=moment, expression=past)
    end = exp.Add(this=exp.Paren(this=start.copy()), expression=exp.Literal.number(length))
    return call(
        "named_struct",
        exp.Literal.string("start"),
        call("timestamp_micros", start),
        exp.Literal.string("end"),
        call("timestamp_micros", end),
    )
