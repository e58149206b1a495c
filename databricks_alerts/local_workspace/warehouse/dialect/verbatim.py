"""Databricks SQL parsed and written so that functions stay the ones that the statement calls.

sqlglot's own dialect exchanges functions for others of the same meaning, which an engine may lack.
Source: https://docs.databricks.com/aws/en/sql/language-manual/sql-ref-syntax
"""

from __future__ import annotations

from typing import Any, ClassVar

import sqlglot
from sqlglot import exp
from sqlglot.dialects.databricks import Databricks
from sqlglot.generators.databricks import DatabricksGenerator
from sqlglot.parsers.databricks import DatabricksParser


class _Verbatim(Databricks):
    class Parser(DatabricksParser):
        FUNCTIONS: ClassVar = {}
        FUNCTION_PARSERS: ClassVar = {
            name: parser
            for name, parser in DatabricksParser.FUNCTION_PARSERS.items()
            if name in ("CAST", "TRY_CAST", "EXTRACT", "TRIM", "SUBSTRING", "POSITION", "OVERLAY")
        }


class _Named(_Verbatim):
    """Expressions as Spark names columns after them (Catalyst's toPrettySQL)."""

    class Generator(DatabricksGenerator):
        def binary(self, expression: exp.Binary, op: str) -> str:
            return f"({self.sql(expression.left)} {op.lower()} {self.sql(expression.right)})"

        def paren_sql(self, expression: exp.Paren) -> str:
            return self.sql(expression, "this")

        def and_sql(self, expression: exp.And, stack: list[Any] | None = None) -> str:
            return f"({self.sql(expression.left)} AND {self.sql(expression.right)})"

        def or_sql(self, expression: exp.Or, stack: list[Any] | None = None) -> str:
            return f"({self.sql(expression.left)} OR {self.sql(expression.right)})"

        def not_sql(self, expression: exp.Not) -> str:
            held = expression.this.unnest()
            if isinstance(held, exp.Is):
                return f"({self.sql(held, 'this')} IS NOT {self.sql(held, 'expression')})"
            return f"(NOT {self.sql(expression, 'this')})"

        def is_sql(self, expression: exp.Is) -> str:
            return f"({self.sql(expression, 'this')} IS {self.sql(expression, 'expression')})"

        def neq_sql(self, expression: exp.NEQ) -> str:
            return f"(NOT ({self.sql(expression.left)} = {self.sql(expression.right)}))"

        def div_sql(self, expression: exp.Div) -> str:
            return self.binary(expression, "/")

        def mod_sql(self, expression: exp.Mod) -> str:
            return self.binary(expression, "%")

        def dpipe_sql(self, expression: exp.DPipe) -> str:
            return f"concat({self.sql(expression.left)}, {self.sql(expression.right)})"

        def neg_sql(self, expression: exp.Neg) -> str:
            return f"(- {self.sql(expression, 'this')})"

        def column_sql(self, expression: exp.Column) -> str:
            return str(expression.name)

        def literal_sql(self, expression: exp.Literal) -> str:
            return str(expression.name)

        def anonymous_sql(self, expression: exp.Anonymous) -> str:
            items = [
                "1" if isinstance(item, exp.Star) else self.sql(item)
                for item in expression.expressions
            ]
            return f"{str(expression.name).lower()}({', '.join(items)})"


def parse(sql: str) -> exp.Expr | None:
    """The tree of one statement. Raises SqlglotError."""
    return sqlglot.parse_one(sql, read=_Verbatim)


def written(tree: exp.Expr) -> str:
    """A tree as Databricks SQL, with functions named as they were."""
    return tree.sql(dialect=_Verbatim, normalize_functions=False)


def name_of(expression: exp.Expr) -> str:
    """The name of a column that is this expression and has no alias."""
    return expression.sql(dialect=_Named, normalize_functions=False)


def call(name: str, *arguments: exp.Expr) -> exp.Expr:
    """`name(arguments)`."""
    return exp.Anonymous(this=name, expressions=list(arguments))


def called(node: exp.Expr) -> str:
    """The name of the function that a node calls, in lower case; empty for anything else."""
    return str(node.name).lower() if isinstance(node, exp.Anonymous) else ""
