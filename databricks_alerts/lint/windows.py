"""The stretch of time that a query looks at, as its WHERE clauses say it."""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass, replace

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import Scope, traverse_scope

from databricks_alerts.lint.moments import UNITS, Moment, Unit, has_present, moment
from databricks_alerts.lint.queries import joined_by_and

_TURNED: dict[type[exp.Expr], type[exp.Expr]] = {
    exp.GT: exp.LT,
    exp.GTE: exp.LTE,
    exp.LT: exp.GT,
    exp.LTE: exp.GTE,
    exp.EQ: exp.EQ,
}
_DAY = 86400


@dataclass(frozen=True)
class Window:
    """What one SELECT looks at: all of the bounds hold. `stored` whether it reads tables itself."""

    lower: tuple[Moment, ...]
    upper: tuple[Moment, ...]
    stored: bool

    def begins(self, present: dt.datetime) -> dt.datetime | None:
        """Where it begins; None for no such bound."""
        return max((bound.at(present) for bound in self.lower), default=None)

    def ends(self, present: dt.datetime) -> dt.datetime:
        """Where it ends, at the latest now: nothing has happened later."""
        return min([present, *(bound.at(present) for bound in self.upper)])

    @property
    def finest(self) -> Unit:
        """The finest unit that its bounds are cut down to; `now` where one is not."""
        return min((bound.unit for bound in (*self.lower, *self.upper)), key=UNITS.index)


def windows_of(tree: exp.Expr) -> list[Window] | None:
    """What each SELECT of a query looks at; None where that cannot be told for certain."""
    try:
        scopes = traverse_scope(tree)
    except (SqlglotError, RecursionError):
        return None
    found = [_window(scope) for scope in scopes if isinstance(scope.expression, exp.Select)]
    return None if any(item is None for item in found) else [item for item in found if item]


def _window(scope: Scope) -> Window | None:
    select = scope.expression
    if any(has_present(join) for join in select.args.get("joins") or () if _own(join)):
        return None
    lower: list[Moment] = []
    upper: list[Moment] = []
    where = select.args.get("where")
    for condition in joined_by_and(where.this) if where is not None else ():
        if not has_present(condition) or condition.find(exp.Query):
            continue
        bounds = _bounds(condition)
        if bounds is None:
            return None
        lower += bounds[0]
        upper += bounds[1]
    stored = any(isinstance(source, exp.Table) for source in scope.sources.values())
    return Window(tuple(lower), tuple(upper), stored)


def _own(join: exp.Expr) -> bool:
    """Whether a join's condition is its own; a joined subquery is a SELECT of its own."""
    return join.args.get("on") is not None and not isinstance(join.this, exp.Subquery)


def _bounds(condition: exp.Expr) -> tuple[list[Moment], list[Moment]] | None:
    """Lower and upper bounds of a column by a condition; None where it says something else."""
    if isinstance(condition, exp.Between):
        low, high = moment(condition.args["low"]), moment(condition.args["high"])
        if not _is_column(condition.this) or low is None or high is None:
            return None
        return [low], [_to_the_end(high)]
    turned = _TURNED.get(type(condition))
    if turned is None:
        return None
    column, kind, found = condition.this, type(condition), moment(condition.expression)
    if found is None:
        column, kind, found = condition.expression, turned, moment(condition.this)
    if found is None or not _is_column(column):
        return None
    if kind is exp.EQ:
        return ([found], [_to_the_end(found)]) if found.unit == "day" else None
    if kind in (exp.GT, exp.GTE):
        return [found], []
    return [], [found if kind is exp.LT else _to_the_end(found)]


def _to_the_end(found: Moment) -> Moment:
    """The end of what is included: of a day, where days are compared."""
    return replace(found, seconds=found.seconds + _DAY) if found.unit == "day" else found


def _is_column(expression: exp.Expr) -> bool:
    """Whether it is a column, or one cut down to a date or hour."""
    inner = expression.unnest()
    if isinstance(inner, exp.Cast | exp.TsOrDsToDate | exp.TimestampTrunc | exp.DateTrunc):
        return _is_column(inner.this)
    return isinstance(inner, exp.Column)
