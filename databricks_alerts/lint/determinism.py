"""Queries whose answer hangs on chance: the same data rings today and is silent tomorrow."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from sqlglot import exp

from databricks_alerts.lint.model import Check, Subject
from databricks_alerts.lint.queries import has_one_row
from databricks_alerts.validation.chance import chances


def _find_random(subject: Subject, _: Sequence[Subject]) -> Iterator[str]:
    names = chances(subject.statement)
    if names:
        yield f"the query has {', '.join(names)}"


def _find_limit(subject: Subject, _: Sequence[Subject]) -> Iterator[str]:
    if subject.tree is None:
        return
    for query in subject.tree.find_all(exp.Query):
        limited = [name for name in ("limit", "offset") if query.args.get(name) is not None]
        if limited and not query.args.get("order") and not _is_indifferent(query):
            yield f"the query has {limited[0].upper()} without ORDER BY"
            return


def _is_indifferent(query: exp.Query) -> bool:
    """Whether it does not matter which rows are left: they are all alike, or only counted."""
    if has_one_row(query) or isinstance(query.parent, exp.Exists):
        return True
    return isinstance(query, exp.Select) and not any(
        item.find(exp.Column, exp.Star) for item in query.expressions
    )


def _find_first_row(subject: Subject, _: Sequence[Subject]) -> Iterator[str]:
    tree = subject.tree
    if subject.aggregation is not None or not isinstance(tree, exp.Query):
        return
    if tree.unnest().args.get("order") is None and not has_one_row(tree, but_limited=True):
        yield f"{subject.column} of the first row counts, and the query does not say which is first"


RANDOM = Check(
    "L003",
    "random",
    "The same data gives another answer each time, so the alert rings and clears by chance, and "
    "no test can hold it.",
    "remove the call, or take it from the data (a key, a time)",
    _find_random,
)
LIMIT = Check(
    "L004",
    "limit-without-order",
    "Which rows are left is up to how the query happens to run.",
    "add an ORDER BY that names every row's place, down to a key",
    _find_limit,
)
FIRST_ROW = Check(
    "L005",
    "first-row-without-order",
    "Without an aggregation the alert compares the first row; without ORDER BY that is any row.",
    "add ORDER BY, or an aggregation such as MAX",
    _find_first_row,
)
