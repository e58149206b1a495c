"""Whether an engine that knows less than Databricks blames a statement rightly.

What the engine says against a statement counts only where a second look confirms it. All else is
what the local workspace cannot do.
"""

from __future__ import annotations

import re

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from databricks_alerts.local_workspace.warehouse.dialect.functions import aggregates, is_builtin
from databricks_alerts.local_workspace.warehouse.dialect.scopes import (
    Columns,
    Lookup,
    Names,
    path,
    resolved,
)
from databricks_alerts.local_workspace.warehouse.errors import SqlError, syntax_error, unsupported

_ROUTINE = re.compile(r"routine `?(\w+)`?|Could not resolve `(\w+)`")
_UNITS = frozenset(
    ["YEAR", "MONTH", "WEEK", "DAY", "HOUR", "MINUTE", "SECOND", "MILLISECOND", "MICROSECOND"]
)
# A template that was not rendered, and a name whose first part is missing.
_NEVER = re.compile(r"\{\{|\$\{|\b(?:FROM|JOIN)\s+\.", re.IGNORECASE)
_QUOTED = re.compile(r"name ((?:`[^`]*`\.?)+)")


def settled(error: SqlError, sql: str, lookup: Lookup) -> SqlError:
    """The engine's error where it is right; else what says that the statement is not to blame."""
    match error.condition.split(".")[0]:
        case "INTERNAL_ERROR":
            return _told_anew(error, sql)
        case "PARSE_SYNTAX_ERROR":
            confirmed = _is_broken(sql)
        case "UNRESOLVED_ROUTINE" | "UNRESOLVABLE_TABLE_VALUED_FUNCTION":
            named = _ROUTINE.search(error.message)
            confirmed = not (named and is_builtin(named[1] or named[2]))
        case "UNRESOLVED_COLUMN":
            confirmed = _is_missing(error, sql, lookup)
        case "DATATYPE_MISMATCH":
            confirmed = not _has_intervals(sql, lookup)
        case "MISSING_GROUP_BY" | "MISSING_AGGREGATION":
            tree = _tree(sql)
            confirmed = tree is not None and any(map(_is_ungrouped, tree.find_all(exp.Select)))
        case "WRONG_NUM_ARGS":
            confirmed = _tree(sql) is None  # sqlglot counts the arguments that it knows
        case _:
            confirmed = True
    return error if confirmed else unsupported(f"This statement ({_first_line(error)})")


def _told_anew(error: SqlError, sql: str) -> SqlError:
    """What the engine says in words of its own: the statement's mistake only if sqlglot agrees."""
    if "|>" not in sql and _tree(sql) is None:
        if "found end of input" in error.message:
            return syntax_error("", sql.count("\n") + 1, len(sql.rpartition("\n")[2]), sql)
        if re.search(r"values? expected|broke off", error.message):
            return SqlError(
                "WRONG_NUM_ARGS.WITHOUT_SUGGESTION",
                f"A function was called with another number of arguments than it takes "
                f"({_first_line(error)}).",
                "42605",
                analysis=True,
            )
    return unsupported(f"This statement ({_first_line(error)})")


def _first_line(error: SqlError) -> str:
    return " ".join(error.message.split())[:300].rstrip(".")


def _tree(sql: str) -> exp.Expr | None:
    try:
        return sqlglot.parse_one(sql, read="databricks")
    except (SqlglotError, RecursionError):
        return None


def _is_broken(sql: str) -> bool:
    """Whether a statement does not parse, also where sqlglot is too lax to say so."""
    tree = _tree(sql)
    if tree is None:
        return "|>" not in sql
    return isinstance(tree, exp.Command) or _is_loose(tree, sql)


def _is_loose(tree: exp.Expr, sql: str) -> bool:
    """Whether a tree holds what sqlglot lets pass and Databricks' grammar does not."""
    empty = any(
        not select.expressions and select.args.get("from_") for select in tree.find_all(exp.Select)
    )
    units = {
        str(node.args["unit"].name).upper() for node in tree.find_all(exp.Interval) if node.unit
    }
    nested = any(node.parent is not None for node in tree.find_all(exp.Describe, exp.Command))
    comma = re.search(r",\s*FROM\b", sql, re.IGNORECASE)
    broken = nested or bool(comma) or bool(_NEVER.search(sql))
    return empty or broken or not all(unit.rstrip("S") in _UNITS for unit in units)


def _is_missing(error: SqlError, sql: str, lookup: Lookup) -> bool:
    tree = _tree(sql)
    if tree is None:
        return False
    named = _QUOTED.search(error.message)
    told = [part.lower() for part in re.findall(r"`([^`]*)`", named[1])] if named else []
    if len(told) > 1 and (columns := _columns_of(told[0], tree, lookup)) is not None:
        return told[1] not in columns
    names = resolved(tree, lookup)
    if names.missing or (names.complete and isinstance(tree, exp.Query)):
        return bool(names.missing)
    return bool(told) and not set(told) & _made(names)


def _columns_of(alias: str, tree: exp.Expr, lookup: Lookup) -> Columns | None:
    """The columns of the one table that a statement, of whatever kind, calls `alias`."""
    tables = [table for table in tree.find_all(exp.Table) if table.alias_or_name.lower() == alias]
    if len(tables) != 1:
        return None
    return lookup([part.name for part in tables[0].parts])


def _has_intervals(sql: str, lookup: Lookup) -> bool:
    """Whether an expression is an interval: Sail takes the difference of two dates for a number."""
    tree = _tree(sql)
    if tree is None:
        return False
    resolved(tree, lookup)
    return any(
        node.is_type(exp.DType.INTERVAL) for node in tree.find_all(exp.Sub, exp.Mul, exp.Div)
    )


def _made(names: Names) -> set[str]:
    """Every name that a statement itself makes."""
    made = {node.alias.lower() for node in names.tree.find_all(exp.Alias)}
    for alias in names.tree.find_all(exp.TableAlias):
        made |= {alias.name.lower(), *(column.name.lower() for column in alias.columns)}
    return made


def _is_ungrouped(select: exp.Select) -> bool:
    """Whether a column stands beside aggregates, or groups, without being one of the keys."""
    group = select.args.get("group")
    if group is None and not any(map(aggregates, select.expressions)):
        return False
    keys = {_bare(key) for key in _keys(select, group)}
    if group is not None and not group.expressions:
        return False  # grouping sets and the like: not looked into
    return any(
        not _is_held(column, select, keys)
        for item in select.expressions
        for column in item.find_all(exp.Column, exp.Star)
        if not isinstance(column, exp.Star) or not isinstance(column.parent, exp.Func)
    )


def _keys(select: exp.Select, group: exp.Expr | None) -> list[exp.Expr]:
    named = {item.alias.lower(): item.unalias() for item in select.expressions if item.alias}
    keys: list[exp.Expr] = []
    for key in group.expressions if group is not None else ():
        if isinstance(key, exp.Literal) and not key.is_string:
            keys += [item.unalias() for item in select.expressions[int(key.name) - 1 :][:1]]
        else:
            keys += [key, named.get(key.name.lower(), key)]
    return keys


def _is_held(column: exp.Expr, select: exp.Select, keys: set[str]) -> bool:
    """Whether a column is, or stands in, a key, an aggregate, or a query of its own."""
    parts = path(column) if isinstance(column, exp.Column) else []
    if any(part.name.lower() in keys for part in parts):
        return True
    named = {item.alias.lower() for item in select.expressions if item.alias}
    if isinstance(column, exp.Column) and column.name.lower() in named:
        return True
    node: exp.Expr | None = column
    while node is not None and node is not select:
        if isinstance(node, exp.Query) or aggregates(node) or _bare(node) in keys:
            return True
        node = node.parent
    return False


def _bare(node: exp.Expr) -> str:
    """An expression's text without what qualifies its columns."""
    plain = node.unalias().copy()
    for column in [plain] if isinstance(plain, exp.Column) else list(plain.find_all(exp.Column)):
        column.set("table", None)
        column.set("db", None)
        column.set("catalog", None)
    return plain.sql("databricks").lower()
