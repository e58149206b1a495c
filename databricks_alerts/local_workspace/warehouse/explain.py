"""EXPLAIN and DESCRIBE QUERY, answered as Spark answers them (measured on Apache Spark 4.1).

A query that parses but does not analyse gives rows: `Error occurred during query planning: ` and
the message; EXTENDED prints an exception in place of the analyzed plan, and such rows only for what
fails later. Only what does not parse raises. Lines and positions count from the start of the
statement that was sent, `EXPLAIN ` included.
"""

from __future__ import annotations

import re

from databricks_alerts.local_workspace.warehouse import gaps
from databricks_alerts.local_workspace.warehouse.dialect.places import placed
from databricks_alerts.local_workspace.warehouse.errors import SqlError, syntax_error
from databricks_alerts.local_workspace.warehouse.prechecks import require_query
from databricks_alerts.local_workspace.warehouse.result import Result, texts
from databricks_alerts.local_workspace.warehouse.sessions import SparkSession
from databricks_alerts.local_workspace.warehouse.subject import MODES, query_of
from databricks_alerts.local_workspace.warehouse.text import Text, read

_AT = re.compile(r"line (\d+),? pos (\d+)")
# What stands before the query when it is sent to the engine; Spark counts it in positions.
_EXPLAIN = "EXPLAIN "
# Sail puts what keeps it from planning into the plan itself.
_BROKEN_PLAN = re.compile(r"[Pp]lan error: error in DataFusion: (.*)", re.DOTALL)
_EXCEPTION = "org.apache.spark.sql.AnalysisException"
_PLANNING_ERROR = "Error occurred during query planning: \n"


def explain(text: Text, session: SparkSession, asked: str = "") -> Result:
    """The plan of a query, or the rows that say why there is none.

    `asked` is the statement as the client has it, where `text` is written anew.
    """

    def told(message: str) -> str:
        return placed(message, text.sql, asked) if asked else message

    mode = text.words[1] if len(text.words) > 1 and text.words[1] in MODES else ""
    query = query_of(text)
    prefix = text.sql[: len(text.sql) - len(query)]
    if not query:
        raise syntax_error("", 1, max(len(text.sql), len(_EXPLAIN)), text.sql)
    try:
        plan = _plan(query, mode, session)
        if mode != "EXTENDED" and plan.startswith(_PLANNING_ERROR.strip()):
            plan = shifted(plan, prefix)
        plan = told(plan)
    except SqlError as error:
        shown = told(shifted(str(error), prefix))
        if not error.analysis:
            raise PositionedSqlError(error, shown) from error
        plan = _failed(shown, mode, error)
    return texts(["plan"], [[plan]])


def refused(text: Text, error: SqlError) -> Result:
    """EXPLAIN's rows for a query that failed before the engine saw it; `error` counts in the query.

    Raises the error itself where it is not one of analysis.
    """
    if not error.analysis:
        raise error
    mode = text.words[1] if len(text.words) > 1 else ""
    prefix = text.sql[: len(text.sql) - len(query_of(text))]
    return texts(["plan"], [[_failed(shifted(str(error), prefix, 0), mode, error)]])


def describe_query(query: str, session: SparkSession) -> Result:
    """The output columns of a query: name, type and comment. Raises SqlError.

    Also for what is no query, whose columns a server may know too.
    """
    require_query(read(query))
    schema = session.analyze(query)
    return texts(
        ["col_name", "data_type", "comment"],
        [[field.name, field.dataType.simpleString(), None] for field in schema.fields],
    )


class PositionedSqlError(SqlError):
    """An error whose positions were moved to the statement as it was sent."""

    def __init__(self, error: SqlError, shown: str) -> None:
        self._shown = shown
        super().__init__(error.condition, error.message, error.sqlstate, analysis=error.analysis)

    def __str__(self) -> str:
        return self._shown


def shifted(message: str, prefix: str, counted: int = len(_EXPLAIN)) -> str:
    """A message about a query behind `counted` characters, told of the query behind `prefix`."""
    lines = prefix.count("\n")
    indent = len(prefix) - (prefix.rfind("\n") + 1) - counted

    def move(found: re.Match[str]) -> str:
        line, position = int(found[1]), int(found[2])
        moved = position + indent if line == 1 else position
        return (
            found[0]
            .replace(found[1], str(line + lines), 1)
            .replace(f"pos {position}", f"pos {moved}")
        )

    return _AT.sub(move, message)


def _failed(message: str, mode: str, error: SqlError) -> str:
    """What stands for the plan of a query that has none."""
    # Class 22, data exceptions: met when constants are folded, after the analysis.
    if mode != "EXTENDED" or error.sqlstate.startswith("22"):
        return _PLANNING_ERROR + message
    return (
        "== Parsed Logical Plan ==\n'UnresolvedQuery\n\n"
        f"== Analyzed Logical Plan ==\n{_EXCEPTION}: {message}\n"
    )


def _plan(query: str, mode: str, session: SparkSession) -> str:
    if mode == "EXTENDED":
        return _extended(query, session)
    plan = session.plan(f"{_EXPLAIN}{query}")
    broken = _BROKEN_PLAN.search(plan)
    if broken:
        raise session.translated(broken[1], _EXPLAIN + query)
    return _without_gap(plan) if plan.startswith(_PLANNING_ERROR.strip()) else plan


def _without_gap(failed: str) -> str:
    """A plan that says why there is none. Raises SqlError if only Databricks knows better."""
    gap = gaps.of_any_spark(failed)
    if gap:
        raise gap
    return failed


def _extended(query: str, session: SparkSession) -> str:
    """The four plans, the output columns before the analyzed one, as Spark prints them."""
    try:
        plans = session.plan(f"EXPLAIN EXTENDED {query}")
    except SqlError:
        plans = ""
    if f"== Analyzed Logical Plan ==\n{_EXCEPTION}" in plans or plans.startswith(
        _PLANNING_ERROR.strip()
    ):
        return _without_gap(plans)
    physical = _section(plans, "Physical Plan")
    if not physical or _BROKEN_PLAN.search(plans):
        # Plain EXPLAIN tells the error, with the positions that `shifted` reckons with.
        physical = _plan(query, "", session).removeprefix("== Physical Plan ==\n")
    parsed = _section(plans, "Parsed Logical Plan")
    analyzed = _section(plans, "Analyzed Logical Plan") or parsed
    columns = _columns(query, session)
    if not analyzed.startswith(f"{columns}\n"):
        analyzed = f"{columns}\n{analyzed}"
    return (
        f"== Parsed Logical Plan ==\n{parsed}\n\n"
        f"== Analyzed Logical Plan ==\n{analyzed}\n\n"
        f"== Optimized Logical Plan ==\n{_section(plans, 'Optimized Logical Plan')}\n\n"
        f"== Physical Plan ==\n{physical}\n"
    )


def _columns(query: str, session: SparkSession) -> str:
    """`c: decimal(28,4), d: string`; empty for what was planned and is no query."""
    try:
        fields = session.analyze(query).fields
    except SqlError:
        return ""
    return ", ".join(f"{field.name}: {field.dataType.simpleString()}" for field in fields)


def _section(plan: str, title: str) -> str:
    """One `== Title ==` section of an engine's extended plan."""
    found = re.search(rf"== {title} ==\n(.*?)(?=\n== |\Z)", plan, re.DOTALL)
    return found[1].strip() if found else ""
