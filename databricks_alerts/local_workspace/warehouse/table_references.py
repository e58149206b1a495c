"""Where a statement names tables: the places in its text, so that names can be exchanged there.

Found by sqlglot's tree, changed by position, so that every other character stays.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError

from databricks_alerts.local_workspace.warehouse.names import TableName, resolve

# sqlglot takes the whole of an EXPLAIN as one opaque command.
_COMMAND = re.compile(r"\s*EXPLAIN(?:\s+(?:EXTENDED|FORMATTED|CODEGEN|COST))?\s+", re.IGNORECASE)


# Unknown to sqlglot; blanks in its place keep all positions.
_EVOLUTION = re.compile(r"(?<=MERGE)\s+WITH\s+SCHEMA\s+EVOLUTION\b", re.IGNORECASE)


@dataclass(frozen=True)
class Edit:
    """`text` in place of the characters from `start` to before `end`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True)
class Reference:
    """A table as a statement spells it: its parts, and where they stand (`end` is behind).

    `table` is what it means: a column may be qualified by less than its table's name.
    """

    parts: tuple[str, ...]
    start: int
    end: int
    table: tuple[str, ...]
    # Whether an alias could be written behind it.
    takes_alias: bool = False
    # Whether it only qualifies a column.
    qualifies: bool = False


def explained(sql: str) -> int:
    """Where the statement begins that an EXPLAIN is about; 0 for any other statement."""
    command = _COMMAND.match(sql)
    return command.end() if command else 0


def references(sql: str, *, single: bool = False) -> list[Reference]:
    """The tables that a statement names, in order; none of its own CTEs.

    A qualified column's table (`gold.t.c`) counts where the statement reads that table too, with
    `single` also in `t.c`. What is explained counts too. What sqlglot cannot parse has none: the
    engine judges it.
    """
    offset = explained(sql)
    text = _EVOLUTION.sub(lambda found: " " * len(found[0]), sql[offset:])
    try:
        # Leniently: a function with too few arguments is for the engine to refuse.
        tree = sqlglot.parse_one(text, read="databricks", error_level=ErrorLevel.IGNORE)
    except SqlglotError:
        return []
    if tree is None:
        return []
    found = [_reference(node) for node in tree.find_all(exp.Table) if _is_named(node)]
    named = [tuple(part.lower() for part in item.parts) for item in found]
    lengths = (3, 2, 1) if single else (3, 2)
    for node in tree.find_all(exp.Column):
        found += _qualifier(node, named, lengths)
    placed = [replace(item, start=item.start + offset, end=item.end + offset) for item in found]
    return sorted(placed, key=lambda item: item.start)


def edited(sql: str, edits: list[Edit]) -> str:
    """The statement with its edits, which do not overlap and stand in order."""
    pieces, end = [], 0
    for edit in edits:
        pieces += [sql[end : edit.start], edit.text]
        end = edit.end
    return "".join([*pieces, sql[end:]])


def fully_named(sql: str, catalog: str, schema: str) -> str:
    """The query with every table named in full, as a session in `catalog`.`schema` means it."""
    return edited(sql, renaming(sql, catalog, schema, lambda name: name.quoted))


def renaming(
    sql: str, catalog: str, schema: str, name_of: Callable[[TableName], str]
) -> list[Edit]:
    """The edits that put `name_of` the full name in place of every table's name."""
    return [
        Edit(item.start, item.end, name_of(resolve(list(item.table), catalog, schema)))
        for item in references(sql)
    ]


def _is_named(table: exp.Table) -> bool:
    parts = table.parts
    if table.find_ancestor(exp.Hint):
        return False  # an alias of the query
    if not parts or not all(
        isinstance(part, exp.Identifier) and "start" in part.meta for part in parts
    ):
        return False
    return bool(table.args.get("db")) or not _is_cte(table)


def _reference(table: exp.Table) -> Reference:
    parts = table.parts
    alias = table.args.get("alias")
    followed = alias or table.args.get("version") or table.args.get("sample")
    written = isinstance(table.parent, exp.From | exp.Join) and not followed
    names = tuple(part.name for part in parts)
    start, end = int(parts[0].meta["start"]), int(parts[-1].meta["end"]) + 1
    return Reference(names, start, end, names, written)


def _qualifier(
    column: exp.Column, named: list[tuple[str, ...]], lengths: tuple[int, ...]
) -> Iterator[Reference]:
    """`gold.t` of `gold.t.c`, and of `gold.t.c.field`, where a table of that name is read."""
    parts = column.parts
    for length in lengths:
        head = parts[:length]
        names = tuple(part.name for part in head)
        lowered = tuple(name.lower() for name in names)
        tables = [table for table in named if table[-length:] == lowered]
        if len(parts) > length and tables and all("start" in part.meta for part in head):
            start, end = int(head[0].meta["start"]), int(head[-1].meta["end"]) + 1
            yield Reference(names, start, end, tables[0], qualifies=True)
            return


def _is_cte(table: exp.Table) -> bool:
    """Whether an enclosing WITH defines this name: its own query sees only those before it."""
    node: exp.Expr | None = table
    name = table.name.lower()
    while node is not None:
        scope = node.args.get("with_") or node.args.get("with")
        if isinstance(scope, exp.With) and name in _visible(scope, table):
            return True
        node = node.parent
    return False


def _visible(scope: exp.With, table: exp.Table) -> set[str]:
    names: set[str] = set()
    for cte in scope.expressions:
        if table.find_ancestor(exp.CTE) is not None and _is_inside(table, cte):
            return names | ({cte.alias.lower()} if scope.recursive else set())
        names.add(cte.alias.lower())
    return names


def _is_inside(node: exp.Expr, holder: exp.Expr) -> bool:
    above: exp.Expr | None = node
    while above is not None and above is not holder:
        above = above.parent
    return above is holder
