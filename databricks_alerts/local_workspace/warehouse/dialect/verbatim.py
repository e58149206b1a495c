"""Databricks SQL parsed and written so that functions stay the ones that the statement calls.

sqlglot's own dialect exchanges functions for others of the same meaning, which an engine may lack.
Source: https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax
"""

from __future__ import annotations

from typing import ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.parsers.databricks import DatabricksParser


class _Verbatim(Databricks):
    class Parser(DatabricksParser):
        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {
            name: parser
            for name, parser in DatabricksParser.FUNCTION_PARSERS.items()
            if name in ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION", "OVERLAY")
        }


def parse(sql: str) -> exp.Expr | None:
    """The tree of one statement. Raises SqlglotError."""
    return sqlglot.parse_one(sql, read=_Verbatim)


def written(tree: exp.Expr) -> str:
    """A tree as Databricks SQL, with functions named as they were."""
    return tree.sql(dialect=_Verbatim, normalize_functions=False)


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """`name(arguments)`."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def called(node: exp.Expr) -> str:
    """The name of the function that a node calls, in lower case; empty for anything else."""
    return str(node.name).lower() if isinstance(node, exp.Anonymous) else ""
