"""What Databricks has and the engine behind the local warehouse lacks: told as that.

Sail says of such a statement that it does not parse, or that a name is unknown, which would speak
against a good query.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError

from databricks_alerts.local_workspace.warehouse.dialect.functions import is_builtin
from databricks_alerts.local_workspace.warehouse.errors import SqlError, unsupported

_FUNCTION = re.compile(r"Cannot resolve routine `(\w+)`")
_JSON_PATH = "A path into JSON (column:field)"
# Sail's planner about types that it does not take and Databricks may.
_UNPLANNED = re.compile(r"coerc|No function matches|Unsupported Data Type")
_NAME = re.compile(r"(?:with name|view) `(\w+)` cannot")
_CONSTRUCTS: dict[str, Callable[[exp.Expr], bool]] = {
    "SELECT * EXCEPT": lambda node: isinstance(node, exp.Star) and bool(node.args.get("except_")),
    "PIVOT": lambda node: isinstance(node, exp.Pivot) and not node.args.get("unpivot"),
    _JSON_PATH: lambda node: (
        isinstance(node, exp.JSONExtract) and bool(node.args.get("variant_extract"))
    ),
    "COLLATE": lambda node: isinstance(node, exp.Collate),
}


def of_any_spark(message: str) -> SqlError | None:
    """The error for what only Databricks has, by an engine's words; None for any other."""
    called = _FUNCTION.search(message)
    if called and is_builtin(called[1]):
        return unsupported(f"The function {called[1]}")
    if "COLUMN_IS_NOT_VARIANT_TYPE" in message:
        return unsupported(_JSON_PATH)
    return None


def of_sail(error: SqlError, sql: str) -> SqlError | None:
    """The same for what Databricks and Apache Spark have."""
    what = ""
    named = _NAME.search(error.message)
    match error.condition.split(".")[0]:
        case "PARSE_SYNTAX_ERROR":
            what = _construct(sql)
        case "UNRESOLVED_COLUMN" if named:
            what = _alias(sql, named[1])
        case "TABLE_OR_VIEW_NOT_FOUND" if named and _is_recursive(sql, named[1]):
            what = "WITH RECURSIVE"
        case "INTERNAL_ERROR" if _UNPLANNED.search(error.message):
            what = f"This statement ({' '.join(error.message.split())})"
    return unsupported(what) if what else None


def _parsed(sql: str) -> exp.Expr:
    """The tree; an empty one of what does not parse."""
    body = re.sub(r"\A\s*EXPLAIN(?:\s+EXTENDED)?\s", "", sql, flags=re.IGNORECASE)
    try:
        return sqlglot.parse_one(body, read="databricks") or exp.Tuple()
    except SqlglotError:
        return exp.Tuple()


def _construct(sql: str) -> str:
    """The construct that Sail does not parse; empty where the statement holds none."""
    nodes = list(_parsed(sql).walk())
    if len(nodes) > 1 and "|>" in sql:
        return "Pipe syntax (|>)"
    return next((name for name, is_it in _CONSTRUCTS.items() if any(map(is_it, nodes))), "")


def _alias(sql: str, name: str) -> str:
    """ORDER BY ALL, or an alias read where it is made; empty for a name that nobody made."""
    tree = _parsed(sql)
    if name.upper() == "ALL" and tree.find(exp.Order):
        return "ORDER BY ALL"
    for select in tree.find_all(exp.Select):
        made: set[str] = set()
        for item in select.expressions:
            if name.lower() in made and _reads(item, name.lower()):
                return f"The alias {name}, read in the SELECT that makes it,"
            made.add(item.alias.lower())
    return ""


def _reads(item: exp.Expr, name: str) -> bool:
    columns = item.find_all(exp.Column)
    return any(not column.table and column.name.lower() == name for column in columns)


def _is_recursive(sql: str, name: str) -> bool:
    return any(
        scope.recursive and any(cte.alias.lower() == name.lower() for cte in scope.expressions)
        for scope in _parsed(sql).find_all(exp.With)
    )
