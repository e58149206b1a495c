"""A statement while passes rewrite it, and what all passes share."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from sqlglot import exp

from databricks_alerts.local_workspace.warehouse.dialect import verbatim
from databricks_alerts.local_workspace.warehouse.dialect.scopes import (
    Columns,
    Meaning,
    Names,
    path,
    place,
)


@dataclass
class Rewriting:
    """The tree that is rewritten in place, the statement's text, and what its names mean.

    Names are found by where they stand in the text, so copies keep their meaning.
    """

    tree: exp.Expr
    sql: str
    names: Names

    def __post_init__(self) -> None:
        self._selects = {id(node): i for i, node in enumerate(self.tree.find_all(exp.Select))}
        self._pivots = {id(node): i for i, node in enumerate(self.tree.find_all(exp.Pivot))}
        # Numbers are kept by identity: what has one must not be freed while they are in use.
        self._kept = list(self.tree.walk())

    def meaning(self, column: exp.Column) -> Meaning | None:
        """What a name means; None for one that is not resolved, or an alias."""
        return self.names.meanings.get(place(column))

    def kind(self, column: exp.Expr) -> exp.DataType | None:
        """The type of a column of a table; None for a field in one, and for all else."""
        if not isinstance(column, exp.Column):
            return None
        meaning = self.meaning(column)
        is_whole = meaning is not None and len(path(column)) == meaning.root + 1
        return meaning.kind if meaning is not None and is_whole else None

    def reads(self, select: exp.Select) -> Mapping[str, Columns | None] | None:
        """What a SELECT reads: the columns of each table by its alias."""
        return self.names.reads.get(self._selects.get(id(select), -1))

    def turned(self, pivot: exp.Pivot) -> Columns | None:
        """The columns of what a PIVOT turns."""
        return self.names.turned.get(self._pivots.get(id(pivot), -1))


# One construct's rewriting: changes the tree; whether it did.
Pass = Callable[[Rewriting], bool]


def is_assignment(node: exp.Expr) -> bool:
    """Whether an `=` sets a column: SET in UPDATE and MERGE parses as comparisons."""
    return (
        isinstance(node, exp.EQ)
        and isinstance(node.parent, exp.Update)
        and node.arg_key == "expressions"
    )


def put(node: exp.Expr, new: exp.Expr) -> None:
    """`new` in a node's place; the column that holds it keeps the name that Databricks gives it."""
    item = item_of(node)
    if item is not None and not isinstance(item, exp.Alias | exp.Aliases) and not item.is_star:
        alias = exp.to_identifier(column_name(item), quoted=True)
        if item is node:
            node.replace(exp.Alias(this=new, alias=alias))
            return
        kept = exp.Alias(alias=alias)
        item.replace(kept)
        kept.set("this", item)
    node.replace(new)


def item_of(node: exp.Expr) -> exp.Expr | None:
    """The item of a SELECT list that a node is or stands in."""
    above: exp.Expr | None = node
    while above is not None and not isinstance(above, exp.Query):
        if isinstance(above.parent, exp.Select) and above.arg_key == "expressions":
            return above
        above = above.parent
    return None


def column_name(item: exp.Expr) -> str:
    """The name of a column without an alias, as Spark makes it."""
    held = item.this if isinstance(item, exp.Cast) else item
    if isinstance(held, exp.Column):
        return path(held)[-1].name
    if isinstance(held, exp.Dot):
        return str(held.name)
    if isinstance(held, exp.JSONExtract):
        keys = [key.name for key in held.expression.find_all(exp.JSONPathKey)]
        return keys[-1] if keys else verbatim.name_of(item)
    return verbatim.name_of(item)
