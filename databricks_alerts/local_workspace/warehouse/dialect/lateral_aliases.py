"""An alias that a later item of the same SELECT list reads.

https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-name-resolution
"""

from __future__ import annotations

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Rewriting, put
from databricks_alerts.local_workspace.warehouse.dialect.scopes import path, place


def rewrite(query: Rewriting) -> bool:
    """The alias's expression in the place of the alias."""
    found = False
    for select in list(query.tree.find_all(exp.Select)):
        made: dict[str, exp.Expr] = {}
        for index, item in enumerate(list(select.expressions)):
            for column in list(item.find_all(exp.Column)):
                if place(column) in query.names.aliases and path(column)[0].name.lower() in made:
                    _put(column, made[path(column)[0].name.lower()])
                    found = True
            now = select.expressions[index]
            if isinstance(now, exp.Alias):
                made[now.alias.lower()] = now.this
    return found


def _put(column: exp.Column, meant: exp.Expr) -> None:
    tree: exp.Expr = meant.copy()
    if not isinstance(tree, exp.Column | exp.Literal | exp.Anonymous):
        tree = exp.Paren(this=tree)
    for part in column.parts[1:]:
        tree = exp.Dot(this=tree, expression=part.copy())
    put(column, tree)
