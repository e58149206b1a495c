"""A rule at many past moments, in few statements: each asks for a batch of moments.

What is asked for a moment is the alert's own evaluation (`databricks_alerts.evaluation`) of the
query with its clock set; the batch is their UNION ALL. Other thresholds are verdicts on the same
value, so that they cost the warehouse next to nothing.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from databricks_alerts.backtest.clock import Clock
from databricks_alerts.backtest.tables import TableName, Versions, as_of
from databricks_alerts.errors import WarehouseError
from databricks_alerts.evaluation import (
    MET,
    THRESHOLD,
    VALUE,
    Condition,
    State,
    evaluation_statement,
    plain,
    read_outcome,
    verdict,
)
from databricks_alerts.sql.warehouse import SqlWarehouse

# A batch is as large as planners still like it: many branches cost them more than the data does.
_MOMENTS = 50
_CHARACTERS = 200_000
_AT = "__alert_moment"
# SQLSTATE classes of what the data is to blame for; all else fails at every moment.
_BY_DATA = ("21", "22", "P0")
_MOST_FAILURES = 100  # statements that fail before the backtest gives up


@dataclass(frozen=True)
class Subject:
    """What is evaluated: a query with its clock, its condition, and other thresholds for it.

    `kept` are the tables to be read as they were, with what versions they have.
    """

    key: str
    clock: Clock
    condition: Condition
    others: tuple[Condition, ...] = ()
    parameters: Mapping[str, Any] = field(default_factory=dict)
    kept: Mapping[TableName, Versions] = field(default_factory=dict)

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """The condition, then the others."""
        return (self.condition, *self.others)


@dataclass(frozen=True)
class Point:
    """What came of one moment: the value, and the state under each condition."""

    at: dt.datetime
    value: Any
    states: tuple[State, ...]
    error: str = ""


@dataclass
class _Failures:
    """How many statements have failed, counted over all threads (about right is enough)."""

    count: int = 0


def evaluate(
    warehouse: SqlWarehouse, subject: Subject, moments: Sequence[dt.datetime]
) -> list[Point]:
    """The subject at each moment, in order.

    A moment whose data makes the query fail is an ERROR, as it would have been. Raises
    WarehouseError for what fails whatever the data is.
    """
    failures = _Failures()

    def ask(batch: Sequence[dt.datetime]) -> list[Point]:
        return _batch(warehouse, subject, batch, failures)

    batches = list(_batches(subject, moments))
    return [point for points in warehouse.map(ask, batches) for point in points]


def statement_of(subject: Subject, number: int, moment: dt.datetime) -> str:
    """The evaluation at one moment as a row: number, value, threshold and verdicts."""
    query = as_of(subject.clock.at(moment), moment, subject.kept)
    others = "".join(
        f", {verdict(condition)} AS `{MET}_{index}`"
        for index, condition in enumerate(subject.others)
    )
    evaluation = evaluation_statement(query, subject.condition)
    return (
        f"SELECT {number} AS `{_AT}`, `{VALUE}`, `{THRESHOLD}`, `{MET}`{others} "
        f"FROM ({evaluation} LIMIT 1) AS at_moment"
    )


def _batches(subject: Subject, moments: Sequence[dt.datetime]) -> Iterator[Sequence[dt.datetime]]:
    if not moments:
        return
    length = len(statement_of(subject, len(moments), moments[0]))
    size = max(1, min(_MOMENTS, _CHARACTERS // length))
    for start in range(0, len(moments), size):
        yield moments[start : start + size]


def _batch(
    warehouse: SqlWarehouse, subject: Subject, moments: Sequence[dt.datetime], failures: _Failures
) -> list[Point]:
    """The points of a batch; one that fails is halved until the moment to blame is found."""
    statement = " UNION ALL ".join(
        statement_of(subject, number, moment) for number, moment in enumerate(moments)
    )
    try:
        rows = warehouse.query(statement, subject.parameters)
    except WarehouseError as error:
        failures.count += 1
        if not error.sqlstate.startswith(_BY_DATA):
            raise WarehouseError(
                f"{subject.key} at {moments[0]:%Y-%m-%d %H:%M} UTC and after: {error}",
                condition=error.condition,
                sqlstate=error.sqlstate,
            ) from error
        if failures.count > _MOST_FAILURES:
            raise WarehouseError(
                f"{subject.key} fails at too many moments to look at each; at "
                f"{moments[0]:%Y-%m-%d %H:%M} UTC: {error}. Mend the query (alerts validate), or "
                "look at a time in which it works (--from, --to)",
                condition=error.condition,
                sqlstate=error.sqlstate,
            ) from error
        if len(moments) == 1:
            failed: list[State] = ["ERROR" for _ in subject.conditions]
            return [Point(moments[0], None, tuple(failed), str(error))]
        middle = len(moments) // 2
        return [
            *_batch(warehouse, subject, moments[:middle], failures),
            *_batch(warehouse, subject, moments[middle:], failures),
        ]
    by_number = {row[_AT]: row for row in rows}
    return [_point(subject, moment, by_number.get(n)) for n, moment in enumerate(moments)]


def _point(subject: Subject, moment: dt.datetime, row: Mapping[str, Any] | None) -> Point:
    outcome = read_outcome(subject.condition, row)
    others = [
        read_outcome(condition, None if row is None else {**row, MET: row[f"{MET}_{index}"]}).state
        for index, condition in enumerate(subject.others)
    ]
    return Point(moment, plain(outcome.value), (outcome.state, *others))
