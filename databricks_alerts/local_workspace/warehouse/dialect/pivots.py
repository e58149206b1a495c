"""PIVOT: an aggregate for each value, grouped by the columns that it does not name.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-select-pivot
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting
from databricks_alerts.local_workspace.warehouse.dialect.verbatim import call, called, written


def rewrite(query: Rewriting) -> bool:
    """A grouped query in the place of what is turned."""
    found = False
    for pivot in list(query.tree.find_all(exp.Pivot)):
        source, columns = pivot.parent, query.turned(pivot)
        if pivot.args.get("unpivot") or columns is None or source is None:
            continue
        fields = pivot.args.get("fields") or []
        if len(fields) != 1 or len(source.args["pivots"]) != 1 or not _is_plain(fields[0]):
            continue
        alias = pivot.args.get("alias") or source.args.get("alias")
        inner = source.copy()
        inner.set("pivots", None)
        inner.set("alias", None)
        source.replace(exp.Subquery(this=_turned(pivot, fields[0], inner, columns), alias=alias))
        found = True
    return found


def _is_plain(field: exp.Expr) -> bool:
    return isinstance(field, exp.In) and isinstance(field.this, exp.Column)


def _turned(
    pivot: exp.Pivot, field: exp.Expr, source: exp.Expr, columns: dict[str, exp.DataType]
) -> exp.Expr:
    aggregates = pivot.expressions
    named = {column.name.lower() for part in aggregates for column in part.find_all(exp.Column)}
    named.add(field.this.name.lower())
    keys = [
        exp.column(exp.to_identifier(name, quoted=True)) for name in columns if name not in named
    ]
    items: list[exp.Expr] = [*keys]
    for value in field.expressions:
        for aggregate in aggregates:
            items.append(_item(field.this, value, aggregate, several=len(aggregates) > 1))
    select = exp.Select(expressions=items, from_=exp.From(this=source))
    if keys:
        select.set("group", exp.Group(expressions=[key.copy() for key in keys]))
    return select


def _item(column: exp.Expr, value: exp.Expr, aggregate: exp.Expr, *, several: bool) -> exp.Expr:
    held = value.this if isinstance(value, exp.PivotAlias | exp.Alias) else value
    name = value.alias if held is not value else held.name or written(held)
    if several:
        name += "_" + (aggregate.alias or written(aggregate))
    where = exp.Where(this=exp.NullSafeEQ(this=column.copy(), expression=held.copy()))
    counted: exp.Expr = exp.Filter(this=aggregate.unalias().copy(), expression=where)
    if called(aggregate.unalias()) in ("count", "count_if"):
        rows = exp.Filter(this=call("count", exp.Star()), expression=where.copy())
        some = exp.GT(this=rows, expression=exp.Literal.number(0))
        counted = exp.Case(ifs=[exp.If(this=some, true=counted)])
    return exp.Alias(this=counted, alias=exp.to_identifier(name, quoted=True))
