"""An alert's condition as data, in the words of the Alerts v2 API."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

# API word: SQL operator. The last two take no threshold.
OPERATORS = {
    "EQUAL": "=",
    "NOT_EQUAL": "!=",
    "GREATER_THAN": ">",
    "GREATER_THAN_OR_EQUAL": ">=",
    "LESS_THAN": "<",
    "LESS_THAN_OR_EQUAL": "<=",
    "IS_NULL": "IS NULL",
    "IS_NOT_NULL": "IS NOT NULL",
}
# Every spelling of an operator in rules and packs: its API word.
OPERATOR_WORDS = {sign: word for word, sign in OPERATORS.items()} | {
    "==": "EQUAL",
    "<>": "NOT_EQUAL",
}
# API word: the SQL call, with a place for the column. Each is the warehouse's own function, so
# that NULLs, no rows and decimals are treated as SQL treats them.
AGGREGATIONS = {
    "SUM": "sum({})",
    "COUNT": "count({})",
    "COUNT_DISTINCT": "count(DISTINCT {})",
    "AVG": "avg({})",
    "MEDIAN": "median({})",
    "MIN": "min({})",
    "MAX": "max({})",
    "STDDEV": "stddev({})",
}


@dataclass(frozen=True)
class Operand:
    """A column of the query's result: its first row's value, or an aggregation over all rows."""

    name: str
    aggregation: str | None = None

    @property
    def label(self) -> str:
        """What the warehouse calls the value: the column's name, or `sum(column)`."""
        return AGGREGATIONS[self.aggregation].format(self.name) if self.aggregation else self.name


@dataclass(frozen=True)
class Condition:
    """`source operator threshold`, and the state of a result without rows.

    `operator` is a key of OPERATORS; `threshold` a column or a constant, None where the operator
    takes none.
    """

    source: Operand
    operator: str
    threshold: Operand | float | str | bool | None = None
    empty_result_state: str = "UNKNOWN"

    @property
    def is_aggregated(self) -> bool:
        """Whether the alert runs the wrapped query: then the result always has one row."""
        return self.source.aggregation is not None


def from_api(document: Mapping[str, Any]) -> Condition:
    """The condition in an alert's `evaluation`, as the API holds it."""
    threshold = document.get("threshold") or {}
    constant = next(iter((threshold.get("value") or {}).values()), None)
    column = threshold.get("column")
    return Condition(
        source=_operand(document["source"]),
        operator=document["comparison_operator"],
        threshold=_operand(column) if column else constant,
        empty_result_state=document.get("empty_result_state") or "UNKNOWN",
    )


def _operand(column: Mapping[str, Any]) -> Operand:
    aggregation = column.get("aggregation")
    known = aggregation if aggregation in AGGREGATIONS else None  # or AGGREGATION_UNSPECIFIED
    return Operand(column["name"], known)
