"""What a query's syntax tells of its rows."""

from __future__ import annotations

from sqlglot import exp


def has_one_row(query: exp.Expr, *, but_limited: bool = False) -> bool:
    """Whether a query has one row at most, as far as its text tells.

    With `but_limited`, a LIMIT 1 counts too (which row that is, is another question).
    """
    return _one(query, but_limited, 0)


def _one(query: exp.Expr, limited: bool, depth: int) -> bool:
    inner = query.unnest()
    if not isinstance(inner, exp.Select) or depth > 20:
        return False
    if limited and _is_one(inner.args.get("limit")):
        return True
    if any(map(_multiplies, inner.expressions)) or inner.args.get("laterals"):
        return False
    if inner.args.get("group") is None and any(map(_aggregates, inner.expressions)):
        return True
    origin = inner.args.get("from_") or inner.args.get("from")
    if origin is None:
        return True
    sources = [origin.this, *(join.this for join in inner.args.get("joins") or ())]
    return all(_is_one_source(source, inner, limited, depth) for source in sources)


def _is_one(limit: exp.Expr | None) -> bool:
    return limit is not None and isinstance(limit, exp.Limit) and limit.expression.name == "1"


def _multiplies(item: exp.Expr) -> bool:
    """Whether a projection makes several rows of one."""
    return item.find(exp.UDTF, exp.Explode, exp.Inline, exp.Posexplode) is not None


def _aggregates(item: exp.Expr) -> bool:
    """Whether a projection is made of all rows: an aggregate that is no window function's."""
    return any(
        not isinstance(call.parent, exp.Window | exp.Filter)
        or (isinstance(call.parent, exp.Filter) and not isinstance(call.parent.parent, exp.Window))
        for call in item.find_all(exp.AggFunc)
        if call.find_ancestor(exp.Select) is item.find_ancestor(exp.Select)
    )


def _is_one_source(source: exp.Expr, select: exp.Select, limited: bool, depth: int) -> bool:
    if isinstance(source, exp.Subquery):
        return _one(source.this, limited, depth + 1)
    if isinstance(source, exp.Table) and not source.db:
        found = common_table(select, source.name)
        return found is not None and _one(found, limited, depth + 1)
    return False


def common_table(select: exp.Expr, name: str) -> exp.Expr | None:
    """The query of the nearest WITH around a SELECT that has the name; None for a table."""
    node: exp.Expr | None = select
    inside: exp.Expr | None = None
    while node is not None:
        clause = node.args.get("with_") or node.args.get("with")
        for item in clause.expressions if clause is not None else ():
            if item is inside:
                break  # a common table expression sees those before it
            if item.alias.lower() == name.lower():
                return item.this if isinstance(item.this, exp.Query) else None
        if isinstance(node, exp.CTE):
            inside = node
        node = node.parent
    return None


def source_of(select: exp.Select) -> exp.Expr | None:
    """The query that a SELECT reads, if it reads one alone and no stored table."""
    origin = select.args.get("from_") or select.args.get("from")
    if origin is None or select.args.get("joins") or select.args.get("laterals"):
        return None
    source = origin.this
    if isinstance(source, exp.Subquery):
        return source.this if isinstance(source.this, exp.Query) else None
    if not isinstance(source, exp.Table) or source.db:
        return None
    return common_table(select, source.name)


def joined_by_and(condition: exp.Expr) -> list[exp.Expr]:
    """The conditions that all have to hold."""
    inner = condition.unnest()
    if isinstance(inner, exp.And):
        return [*joined_by_and(inner.left), *joined_by_and(inner.right)]
    return [inner]
