"""A statement in Databricks SQL, told to an engine that knows less of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot.errors import SqlglotError

from databricks_alerts.evaluation.lexical import beginning
from databricks_alerts.local_workspace.warehouse.dialect import (
    clause_rules,
    collations,
    decimal_texts,
    divisions,
    filters_after_windows,
    function_calls,
    group_by_all,
    inserted_columns,
    json_paths,
    lateral_aliases,
    lazy_conditions,
    like_any,
    map_fields,
    order_by_all,
    pipes,
    pivots,
    star_except,
    text_conditions,
    tumbling_windows,
    type_rules,
    values_nulls,
    verbatim,
    written_nulls,
)
from databricks_alerts.local_workspace.warehouse.dialect.rewriting import Pass, Rewriting
from databricks_alerts.local_workspace.warehouse.dialect.scopes import Lookup, Names, resolved

# What Apache Spark does not know either.
FOR_SPARK: tuple[Pass, ...] = (
    star_except.rewrite_with_qualify,
    json_paths.rewrite,
    function_calls.rewrite_for_spark,
    filters_after_windows.rewrite,
)
# What Sail does not know; aliases are put in before that which stands in them is read.
FOR_SAIL: tuple[Pass, ...] = (
    pipes.rewrite,
    pivots.rewrite,
    lateral_aliases.rewrite,
    star_except.rewrite,
    star_except.rewrite_with_qualify,
    map_fields.rewrite,
    json_paths.rewrite,
    like_any.rewrite,
    collations.rewrite,
    function_calls.rewrite,
    tumbling_windows.rewrite,
    decimal_texts.rewrite,
    text_conditions.rewrite,
    divisions.rewrite,
    lazy_conditions.rewrite,
    group_by_all.rewrite,
    order_by_all.rewrite,
    filters_after_windows.rewrite,
    values_nulls.rewrite,
    written_nulls.rewrite,
    inserted_columns.rewrite,
)
_FIRST = ("SELECT", "WITH", "FROM", "VALUES", "(", "INSERT", "UPDATE", "DELETE", "MERGE", "CREATE")


@dataclass(frozen=True)
class Translation:
    """A statement as the engine gets it, and what its names mean, where that is known."""

    sql: str
    names: Names | None = None


def translated(
    sql: str, lookup: Lookup, passes: Sequence[Pass], *, refuses: bool = True, before: str = ""
) -> Translation:
    """The statement rewritten; as it was where no pass matches, or where sqlglot cannot parse it.

    Raises SqlError for what Databricks refuses and the engine does not (`refuses`); places in it
    count from the start of `before`, which stands in front of the statement.
    """
    if not sql[beginning(sql) :].upper().startswith(_FIRST):
        return Translation(sql)
    try:
        tree = sqlglot.parse_one(sql, read="databricks")
        rewritten = verbatim.parse(sql)
    except (SqlglotError, RecursionError):
        return Translation(sql)
    if tree is None or rewritten is None:
        return Translation(sql)
    names = resolved(tree, lookup)
    if refuses:
        clause_rules.require(tree)
        type_rules.require(tree, sql, before)
    query = Rewriting(rewritten, sql, names)
    matched = [one(query) for one in passes]
    return Translation(verbatim.written(query.tree) if any(matched) else sql, names)
