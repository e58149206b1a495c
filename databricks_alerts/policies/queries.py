"""Policies on what a query does."""

from __future__ import annotations

import re
from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from databricks_alerts.policies.model import Change, Options, Problem, RuleView, policy

_GIGABYTE = 1024**3
_TIME_TYPES = re.compile(r"date|timestamp", re.IGNORECASE)
_TIME_NAMES = re.compile(
    r"(^|_)(date|time|day|hour|ts|timestamp|at|month|week)($|_)", re.IGNORECASE
)
_COMPARISONS = (exp.GT, exp.GTE, exp.LT, exp.LTE, exp.EQ, exp.Between, exp.In)


@policy("no-select-star", level="advisory")
def no_select_star(change: Change, options: Options) -> Iterator[Problem]:
    """A query names its columns: `SELECT *` reads them all and breaks when one is added."""
    for view in change.rules:
        if view.tree is not None and any(map(_selects_all, view.tree.find_all(exp.Select))):
            yield Problem(view.key, "the query has SELECT *", "name the columns that it needs")


@policy("no-cross-join", level="mandatory")
def no_cross_join(change: Change, options: Options) -> Iterator[Problem]:
    """No join of tables without a condition, unless the query has a LIMIT."""
    for view in change.rules:
        for select in view.tree.find_all(exp.Select) if view.tree is not None else ():
            if not select.args.get("limit") and any(
                _unconditional(join, select) for join in select.args.get("joins") or ()
            ):
                yield Problem(
                    view.key, "the query joins tables without a condition", "add ON, or a LIMIT"
                )
                break


@policy("no-unbounded-scan", level="mandatory", gigabytes=100)
def no_unbounded_scan(change: Change, options: Options) -> Iterator[Problem]:
    """A query over a big table has a filter on a time column of it."""
    limit = float(options["gigabytes"]) * _GIGABYTE
    for view in change.rules:
        for table in sorted(_unfiltered(view, change)):
            size = change.table_bytes(table)
            if size is not None and size > limit:
                yield Problem(
                    view.key,
                    f"the query reads all of {table} ({size / _GIGABYTE:.0f} GB)",
                    "filter on a date or timestamp column of the table",
                )


def _selects_all(select: exp.Select) -> bool:
    """`SELECT *` or `t.*` over something that is stored; over a subquery it names nothing new."""
    stars = any(
        isinstance(item, exp.Star) or (isinstance(item, exp.Column) and item.is_star)
        for item in select.expressions
    )
    source = select.args.get("from_") or select.args.get("from")
    return stars and source is not None and isinstance(source.this, exp.Table)


def _unconditional(join: exp.Join, select: exp.Select) -> bool:
    if join.args.get("on") is not None or join.args.get("using") or join.method == "NATURAL":
        return False
    if not isinstance(join.this, exp.Table | exp.Subquery):
        return False  # LATERAL, UNNEST and the like belong to their row
    if isinstance(join.this, exp.Subquery) and _one_row(join.this.this):
        return False
    name = join.this.alias_or_name
    where = select.args.get("where")
    linked = where is not None and any(
        len({column.table for column in comparison.find_all(exp.Column)}) > 1
        and name in {column.table for column in comparison.find_all(exp.Column)}
        for comparison in where.find_all(*_COMPARISONS)
    )
    return not linked


def _one_row(query: exp.Expression) -> bool:
    """Whether a subquery has one row: an aggregate without groups."""
    return (
        isinstance(query, exp.Select)
        and not query.args.get("group")
        and any(item.find(exp.AggFunc) for item in query.expressions)
    )


def _unfiltered(view: RuleView, change: Change) -> set[str]:
    """Dotted names of the tables that a query reads without a filter on a time column."""
    if view.tree is None:
        return set()
    try:
        scopes = traverse_scope(view.tree)
    except (SqlglotError, RecursionError):
        return set()
    return {
        ".".join(part.name for part in source.parts)
        for scope in scopes
        for alias, source in scope.sources.items()
        if isinstance(source, exp.Table) and not _filtered(scope, alias, source, change)
    }


def _filtered(scope: Scope, alias: str, table: exp.Table, change: Change) -> bool:
    single = len(scope.sources) == 1
    name = tuple(part.name.lower() for part in table.parts)
    types = dict(change.schemas.columns.get(name, ())) if len(name) == 3 else {}
    conditions = [
        scope.expression.args.get("where"),
        *(join.args.get("on") for join in scope.expression.args.get("joins") or ()),
    ]
    return any(
        _is_time(column.name, types)
        for condition in conditions
        if condition is not None
        for comparison in condition.find_all(*_COMPARISONS)
        for column in comparison.find_all(exp.Column)
        if column.table == alias or (single and not column.table)
    )


def _is_time(column: str, types: dict[str, str]) -> bool:
    known = next((kind for name, kind in types.items() if name.lower() == column.lower()), None)
    return bool(_TIME_TYPES.search(known) if known else _TIME_NAMES.search(column))


POLICIES = (no_select_star, no_cross_join, no_unbounded_scan)
