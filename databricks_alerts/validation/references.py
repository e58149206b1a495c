"""Which tables a query reads, by sqlglot's scopes: only where that can be told for certain."""

from __future__ import annotations

from collections.abc import Iterator

from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.scope import traverse_scope

# What answers by more than the columns of tables.
_OPAQUE = (exp.Pivot, exp.Command, exp.TableFromRows)
_PARTS = 3

TableName = tuple[str, str, str]


def tables_of(tree: exp.Expression) -> frozenset[TableName] | None:
    """The (catalog, schema, table) that a query reads, in lower case as Unity Catalog has them.

    None where it cannot be told: a name of fewer than three parts, a path, a table at another
    version, or a function with a schema before its name (others are taken for built-in ones).
    """
    if tree.find(*_OPAQUE) or any(isinstance(dot.expression, exp.Func) for dot in _dots(tree)):
        return None
    try:
        scopes = traverse_scope(tree)
    except (SqlglotError, RecursionError):
        return None
    found: set[TableName] = set()
    for scope in scopes:
        for source in scope.sources.values():
            if not isinstance(source, exp.Table):
                continue
            name = _name(source)
            if name is None:
                return None
            found.add(name)
    every = {id(table) for table in tree.find_all(exp.Table)}
    known = {
        id(node)
        for scope in scopes
        for _, (node, _) in scope.selected_sources.items()
        if isinstance(node, exp.Table)
    }
    # A table outside of every scope would be one that nobody looked at.
    return frozenset(found) if every <= known else None


def _dots(tree: exp.Expression) -> Iterator[exp.Dot]:
    yield from tree.find_all(exp.Dot)


def _name(table: exp.Table) -> TableName | None:
    parts = [part.name for part in table.parts]
    plain = all(isinstance(part, exp.Identifier) for part in table.parts)
    if len(parts) != _PARTS or not plain or table.args.get("version") or table.args.get("when"):
        return None
    catalog, schema, name = (part.lower() for part in parts)
    return catalog, schema, name
