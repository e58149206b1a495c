"""What a check looks at, what it is, and what it says."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

from sqlglot import exp

from databricks_alerts.sql.literals import Value
from databricks_alerts.validation.statement import Statement, read_statement


@dataclass(frozen=True)
class Subject:
    """A rule as checks see it; `place` is where it is written, `template` its query as written.

    `query` is rendered; `operator` and `value` are those of the threshold, None for IS NULL.
    """

    key: str
    place: str
    template: str
    query: str
    column: str
    aggregation: str | None
    operator: str
    value: Value | None
    schedule: str
    time_zone: str

    @cached_property
    def statement(self) -> Statement:
        """The query, read once."""
        return read_statement(self.query)

    @property
    def tree(self) -> exp.Expression | None:
        """The query's syntax tree, None where sqlglot cannot parse it."""
        return self.statement.tree


# What a check finds in a subject among all of them: a sentence each.
Find = Callable[[Subject, Sequence[Subject]], Iterator[str]]


@dataclass(frozen=True)
class Check:
    """One thing that may be wrong: why it matters, and what to do."""

    code: str
    name: str
    reason: str
    remedy: str
    find: Find


@dataclass(frozen=True)
class Complaint:
    """What a check says of one rule."""

    code: str
    name: str
    key: str
    place: str
    what: str
    reason: str
    remedy: str
