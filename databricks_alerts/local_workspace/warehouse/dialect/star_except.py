"""`* EXCEPT (columns)`: the columns one by one, also of a plain star where QUALIFY adds a column.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax-qry-star
"""

from __future__ import annotations

from collections.abc import Callable

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting
from databricks_alerts.local_workspace.warehouse.errors import SqlError


def rewrite(query: Rewriting) -> bool:
    """Each star with EXCEPT as the columns that are left."""
    return _rewrite(query, lambda item: bool(_left_out(item)))


def rewrite_with_qualify(query: Rewriting) -> bool:
    """Each star beside QUALIFY as the columns that it stands for."""
    return _rewrite(
        query, lambda item: item.is_star and bool(item.parent and item.parent.args.get("qualify"))
    )


def _rewrite(query: Rewriting, is_told: Callable[[exp.Expr], bool]) -> bool:
    found = False
    for select in list(query.tree.find_all(exp.Select)):
        if not any(map(is_told, select.expressions)):
            continue
        items: list[exp.Expr] = []
        for item in select.expressions:
            columns = _columns(item, select, query) if is_told(item) else [item]
            if columns is None:
                return False
            items += columns
        select.set("expressions", items)
        found = True
    return found


def _left_out(item: exp.Expr) -> list[exp.Expr]:
    star = item.this if isinstance(item, exp.Column) else item
    return list(star.args.get("except_") or ()) if isinstance(star, exp.Star) else []


def _columns(item: exp.Expr, select: exp.Select, query: Rewriting) -> list[exp.Expr] | None:
    reads = query.reads(select)
    joins: list[exp.Join] = select.args.get("joins") or []
    if reads is None or any(join.args.get("method") == "NATURAL" for join in joins):
        return None
    one = item.table.lower() if isinstance(item, exp.Column) else ""
    hidden = {join.alias_or_name.lower() for join in joins if join.kind in ("SEMI", "ANTI")}
    hidden |= {
        join.alias_or_name.lower() for join in joins if join.args.get("side") in ("SEMI", "ANTI")
    }
    shared = [name.name.lower() for join in joins for name in join.args.get("using") or ()]
    without = {name.name.lower() for name in _left_out(item)}
    held_names = {name for held in reads.values() for name in held or ()}
    for name in sorted(without - held_names) if None not in reads.values() else ():
        raise SqlError(
            "UNRESOLVED_COLUMN.WITHOUT_SUGGESTION",
            f"A column, variable, or function parameter with name `{name}` cannot be resolved.",
            "42703",
            analysis=True,
        )
    columns: list[exp.Expr] = []
    if not one:
        columns += [exp.column(name) for name in dict.fromkeys(shared) if name not in without]
        without |= set(shared)
    for alias, held in reads.items():
        if alias in hidden or (one and alias != one):
            continue
        if held is None:
            return None
        table = exp.to_identifier(alias) if alias and len(reads) > 1 else None
        columns += [
            exp.column(exp.to_identifier(name, quoted=True), table=table)
            for name in held
            if name not in without
        ]
    return columns or None
