"""A statement's failure in Databricks' form: `[CONDITION] message SQLSTATE: xxxxx`."""

from __future__ import annotations


class SqlError(Exception):
    """A statement that failed.

    `condition` is Databricks' error condition, `sqlstate` its five characters. `analysis` says
    that the query parsed but did not analyse: EXPLAIN then answers rows instead of raising
    (Spark's ExplainCommand catches planning errors, not parse errors).
    """

    def __init__(
        self, condition: str, message: str, sqlstate: str, *, analysis: bool = False
    ) -> None:
        self.condition = condition
        self.message = message
        self.sqlstate = sqlstate
        self.analysis = analysis
        super().__init__(str(self))

    def __str__(self) -> str:
        return f"[{self.condition}] {self.message} SQLSTATE: {self.sqlstate}"


def unsupported(what: str) -> SqlError:
    """What Databricks has and the local workspace has not."""
    return SqlError(
        "UNSUPPORTED_FEATURE.LOCAL_WORKSPACE",
        f"{what} is not supported by the local workspace.",
        "0A000",
    )


def syntax_error(near: str, line: int, position: int, statement: str) -> SqlError:
    """A statement that does not parse; `line` counts from 1, `position` from 0."""
    where = "end of input" if not near else f"'{near}'"
    marked = statement.splitlines() or [""]
    index = min(line, len(marked)) - 1
    marked.insert(index + 1, "-" * position + "^^^")
    text = "\n".join(marked)
    return TailedSqlError(
        "PARSE_SYNTAX_ERROR",
        f"Syntax error at or near {where}.",
        "42601",
        f" (line {line}, pos {position})\n\n== SQL ==\n{text}\n",
    )


class TailedSqlError(SqlError):
    """An error whose text goes on after the SQLSTATE: a position, the statement, a plan."""

    def __init__(
        self, condition: str, message: str, sqlstate: str, tail: str, *, analysis: bool = False
    ) -> None:
        self.tail = tail
        super().__init__(condition, message, sqlstate, analysis=analysis)

    def __str__(self) -> str:
        return f"[{self.condition}] {self.message} SQLSTATE: {self.sqlstate}{self.tail}"
