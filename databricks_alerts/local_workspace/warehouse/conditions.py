"""Databricks' error conditions about names, types and clauses, with position and suggestions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from databricks_alerts.local_workspace.warehouse.errors import SqlError, TailedSqlError
from databricks_alerts.local_workspace.warehouse.reach import Columns, Near, in_reach, no_columns


@dataclass(frozen=True)
class Statement:
    """The text that failed, where it ran, and how to learn which columns a table has."""

    text: str
    columns: Columns = no_columns
    catalog: str = "main"
    schema: str = "default"


def tick(name: str) -> str:
    """A dotted name, every part in backticks."""
    return ".".join(f"`{part}`" for part in name.split("."))


def at(statement: Statement, word: str) -> str:
    """`; line 1 pos 7` for the first place where `word` stands as a name, as Spark writes it."""
    found = re.search(rf"(?<![\w`]){re.escape(word)}(?![\w])", statement.text, re.IGNORECASE)
    return "" if found is None else at_offset(statement, found.start())


def at_offset(statement: Statement, offset: int) -> str:
    """The same for a known offset."""
    before = statement.text[:offset]
    return f"; line {before.count(chr(10)) + 1} pos {len(before) - (before.rfind(chr(10)) + 1)}"


def analysis(condition: str, message: str, sqlstate: str, where: str = "") -> SqlError:
    """An error of analysis, which EXPLAIN answers as rows; `where` is its position's text."""
    return TailedSqlError(condition, message, sqlstate, where, analysis=True)


def unresolved_column(name: str, statement: Statement) -> SqlError:
    """A name that no table in reach has, with the nearest that they have."""
    text = f"A column, variable, or function parameter with name {tick(name)} cannot be resolved."
    near = _nearest(name, in_reach(statement.text, name, statement.columns))
    where = at(statement, name) or at(statement, name.rsplit(".", 1)[-1])
    if not near:
        return analysis("UNRESOLVED_COLUMN.WITHOUT_SUGGESTION", text + " ", "42703", where)
    return analysis(
        "UNRESOLVED_COLUMN.WITH_SUGGESTION",
        f"{text} Did you mean one of the following? [{', '.join(near)}].",
        "42703",
        where,
    )


def table_not_found(
    parts: Sequence[str], statement: Statement, offset: int | None = None
) -> SqlError:
    """A table or view that is not there; `parts` as the statement spells them, at `offset`."""
    name = ".".join(f"`{part}`" for part in parts)
    return analysis(
        "TABLE_OR_VIEW_NOT_FOUND",
        f"The table or view {name} cannot be found. Verify the spelling and correctness of "
        "the schema and catalog.\nIf you did not qualify the name with a schema, verify the "
        "current_schema() output, or qualify the name with the correct schema and catalog.\n"
        "To tolerate the error on drop use DROP VIEW IF EXISTS or DROP TABLE IF EXISTS.",
        "42P01",
        at(statement, ".".join(parts)) if offset is None else at_offset(statement, offset),
    )


def ambiguous(name: str, statement: Statement) -> SqlError:
    """A name that several tables in reach have."""
    last = name.rsplit(".", 1)[-1].lower()
    found = [
        f"`{near.source}`.`{near.column}`"
        for near in in_reach(statement.text, name, statement.columns)
        if near.column.lower() == last
    ]
    return analysis(
        "AMBIGUOUS_REFERENCE",
        f"Reference {tick(name)} is ambiguous, could be: [{', '.join(found)}].",
        "42704",
        at(statement, name),
    )


def missing_group_by(statement: Statement) -> SqlError:
    """Plain columns beside aggregates without GROUP BY."""
    return analysis(
        "MISSING_GROUP_BY",
        "The query does not include a GROUP BY clause. Add GROUP BY or turn it into the window "
        "functions using OVER clauses.",
        "42803",
        at(statement, "select"),
    )


def missing_aggregation(statement: Statement) -> SqlError:
    """A column that is neither grouped by nor aggregated."""
    return analysis(
        "MISSING_AGGREGATION",
        "A column of the query is neither in GROUP BY nor in an aggregate function. Add it to "
        "GROUP BY, or use `any_value` if you do not care which value within a group is returned.",
        "42803",
        at(statement, "select"),
    )


def _nearest(name: str, near: Sequence[Near]) -> list[str]:
    """Up to five columns, most alike first: Spark measures from the bare name to quoted ones."""
    qualified = len({item.source for item in near}) > 1
    names = {
        f"`{item.source}`.`{item.column}`" if qualified else f"`{item.column}`" for item in near
    }
    return sorted(names, key=lambda item: (_distance(name.lower(), item.lower()), item))[:5]


def _distance(left: str, right: str) -> int:
    """Levenshtein's distance, by which Spark orders suggestions."""
    row = list(range(len(right) + 1))
    for number, character in enumerate(left, 1):
        previous, row[0] = row[0], number
        for index, other in enumerate(right, 1):
            above = row[index]
            row[index] = min(above + 1, row[index - 1] + 1, previous + (character != other))
            previous = above
    return row[-1]
