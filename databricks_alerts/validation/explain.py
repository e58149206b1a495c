"""What EXPLAIN EXTENDED says of a query: its output columns, or why it has none.

A query that does not analyse does not make EXPLAIN raise (measured on Apache Spark 4.1): EXTENDED
prints the exception, its class first, where the analyzed plan would stand; later phases answer rows
whose text begins with `Error occurred during query planning:`. Only what does not parse raises. All
three are read here. Positions count from the start of the statement that was sent, so the length of
the prefix is taken off on line 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from databricks_alerts.errors import WarehouseError
from databricks_alerts.sql.warehouse import Row

PREFIX = "EXPLAIN EXTENDED "
DESCRIBE = "DESCRIBE QUERY "
_PLANNING_ERROR = re.compile(r"^\s*Error occurred during query planning:\s*", re.IGNORECASE)
_CONDITION = re.compile(r"\[([A-Z_][A-Z0-9_]*(?:\.[A-Z0-9_]+)*)\]")
_SQLSTATE = re.compile(r"SQLSTATE: ([0-9A-Z]{5})")
_POSITION = re.compile(r"line (\d+),? pos(?:ition)? (\d+)")
# An exception in place of a plan, in the analyzed one or a later one.
_FAILED_PLAN = re.compile(
    r"^== (?:Analyzed Logical|Optimized Logical|Physical) Plan ==\s*"
    r"(?:[a-z_]\w*\.)+\w*(?:Exception|Error): (?P<message>.*?)(?=\n== |\Z)",
    re.MULTILINE | re.DOTALL,
)
_ANALYZED = re.compile(r"^== Analyzed Logical Plan ==\n([^\n]*)", re.MULTILINE)

# SQLSTATE classes and conditions that are never the fault of a rule's text: permissions, the
# warehouse's own state, limits, and failures of the engine.
_NOT_THE_RULE = ("08", "53", "57", "58", "XX", "KD", "HV", "28")
_NOT_THE_RULE_CONDITIONS = (
    "INSUFFICIENT_PERMISSIONS",
    "PERMISSION_DENIED",
    "INTERNAL_ERROR",
    "TEMPORARILY_UNAVAILABLE",
    "REQUEST_LIMIT_EXCEEDED",
)
_LOCAL_GAP = "UNSUPPORTED_FEATURE.LOCAL_WORKSPACE"


@dataclass(frozen=True)
class Problem:
    """Why a query cannot run: message, condition, SQLSTATE, and where in the query itself."""

    message: str
    condition: str
    sqlstate: str
    line: int | None
    position: int | None


@dataclass(frozen=True)
class Column:
    """One output column and its type in Spark's words (`decimal(28,4)`)."""

    name: str
    type: str


def statement(query: str) -> str:
    """What is sent for a query."""
    return PREFIX + query


def describe_statement(query: str) -> str:
    """What is sent where EXPLAIN EXTENDED shows no analyzed plan; answers a row a column."""
    return DESCRIBE + query


def read_description(rows: list[Row]) -> list[Column]:
    """The output columns by DESCRIBE QUERY."""
    return [Column(str(row["col_name"]), str(row["data_type"])) for row in rows]


def read_plan(text: str) -> list[Column] | Problem | None:
    """The answer's rows, joined: the output columns, the problem, or None for a plan without them.

    Raises WarehouseError when the planning error is no fault of the query, or for no plan at all.
    """
    message = _failure(text)
    if message:
        problem = read_problem(message)
        if not is_rules_fault(problem.condition, problem.sqlstate):
            raise WarehouseError(message, condition=problem.condition, sqlstate=problem.sqlstate)
        return problem
    analyzed = _ANALYZED.search(text)
    # No query has no columns: where none are shown, the engine could not name their types.
    if analyzed is None or not analyzed[1].strip():
        if "Plan ==" in text:
            return None
        raise WarehouseError("EXPLAIN EXTENDED answered no plan; the answer began: " + text[:200])
    return [Column(*pair) for pair in split_schema(analyzed[1])]


def _failure(text: str) -> str:
    """What went wrong by EXPLAIN's answer; empty if nothing did."""
    failed = _PLANNING_ERROR.match(text)
    if failed:
        return text[failed.end() :].strip()
    plan = _FAILED_PLAN.search(text)
    return plan["message"].strip() if plan else ""


def read_error(error: WarehouseError) -> Problem:
    """The problem that an exception tells of; raises it again if the rule is not to blame."""
    if not is_rules_fault(error.condition, error.sqlstate):
        raise error
    return read_problem(str(error))


def read_problem(message: str) -> Problem:
    """Condition, SQLSTATE and place out of a message, which is cut before any plan or echo."""
    condition, sqlstate = _CONDITION.search(message), _SQLSTATE.search(message)
    place = _POSITION.search(message)
    line = int(place[1]) if place else None
    position = int(place[2]) if place else None
    if line == 1 and position is not None:
        position = max(position - len(PREFIX), 0)
    return Problem(
        message=_shortened(message),
        condition=condition[1] if condition else "",
        sqlstate=sqlstate[1] if sqlstate else "",
        line=line,
        position=position,
    )


def remedy(problem: Problem) -> str:
    """What to do: a query that the local workspace cannot run may well be a good one."""
    if problem.condition == _LOCAL_GAP:
        return "run it on Databricks, or on Apache Spark by `alerts workspace start --spark`"
    return "correct the query; the warehouse refuses it"


def is_rules_fault(condition: str, sqlstate: str) -> bool:
    """Whether a failure tells of the query itself, not of the warehouse or of our rights.

    A failure that names neither condition nor SQLSTATE but came as a planning error is the
    query's: Spark's older analysis errors carry none.
    """
    if condition.startswith(_NOT_THE_RULE_CONDITIONS) or sqlstate == "42501":
        return False
    return not sqlstate.startswith(_NOT_THE_RULE)


def split_schema(line: str) -> list[tuple[str, str]]:
    """`c: decimal(28,4), s: struct<a:int,b:int>` → its names and types.

    A comma or colon inside brackets belongs to a type; a column's name may hold either, so a part
    without `: ` is put back to the name that goes before it.
    """
    parts: list[str] = []
    depth = start = 0
    for index, character in enumerate(line):
        if character in "<(":
            depth += 1
        elif character in ">)" and depth:
            depth -= 1
        elif character == "," and depth == 0 and line[index + 1 : index + 2] == " ":
            parts.append(line[start:index])
            start = index + 2
    parts.append(line[start:])
    found: list[tuple[str, str]] = []
    pending = ""
    for part in parts:
        name, colon, kind = (pending + part).rpartition(": ")
        if not colon:
            pending += part + ", "
            continue
        found.append((name, kind.strip()))
        pending = ""
    return found


def _shortened(message: str) -> str:
    """The message without the plan, the echo of the statement, and its own place."""
    text = re.split(r"\n== SQL|;\n'|\n\+-|;?\s*\(?line \d+,? pos", message, maxsplit=1)[0]
    return " ".join(text.split())
