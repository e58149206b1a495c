"""QUALIFY, which Databricks has and the engines behind the local warehouse lack."""

from __future__ import annotations

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.transforms import eliminate_qualify


def qualified(sql: str) -> str:
    """The query with QUALIFY turned into a filter around it; as it was where there is none.

    What sqlglot cannot parse is left for the engine to judge.
    """
    try:
        tree = sqlglot.parse_one(sql, read="databricks")
    except SqlglotError:
        return sql
    if tree is None or not tree.find(exp.Qualify):
        return sql
    rewritten = tree.transform(
        lambda node: eliminate_qualify(node) if isinstance(node, exp.Select) else node
    )
    return rewritten.sql("databricks")
