"""What an alert makes of its query's rows: one value, then OK or TRIGGERED.

Databricks does not document how it treats NULL, STDDEV and MEDIAN. Here NULLs are left out of
aggregations as SQL does, a NULL value meets no comparison but IS NULL, STDDEV is the sample's, and
an aggregation over rows that are all NULL is NULL.
"""

from __future__ import annotations

import operator
import statistics
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from typing import Any

from alerting.packs.model import Aggregation, EmptyResultState, Threshold

_COMPARISONS: dict[str, Callable[[Any, Any], bool]] = {
    ">": operator.gt,
    "<": operator.lt,
    ">=": operator.ge,
    "<=": operator.le,
    "=": operator.eq,
    "==": operator.eq,
    "!=": operator.ne,
    "<>": operator.ne,
}
_AGGREGATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "SUM": sum,
    "AVG": statistics.fmean,
    "MEDIAN": statistics.median,
    "MIN": min,
    "MAX": max,
    "STDDEV": lambda values: statistics.stdev(values) if len(values) > 1 else None,
}


def value_of(rows: Sequence[Mapping[str, Any]], column: str, aggregation: Aggregation) -> Any:
    """The value that is compared. Raises KeyError if the rows have no such column."""
    values = [_number(row[column]) for row in rows]
    if aggregation in {"FIRST", "NONE"}:
        return values[0] if values else None
    present = [value for value in values if value is not None]
    if aggregation == "COUNT":
        return len(present)
    if aggregation == "COUNT_DISTINCT":
        return len(set(present))
    return _AGGREGATIONS[aggregation](present) if present else None


def state_of(
    rows: Sequence[Mapping[str, Any]],
    threshold: Threshold,
    aggregation: Aggregation,
    empty: EmptyResultState,
) -> tuple[EmptyResultState, Any]:
    """State and value. Raises KeyError for a missing column, TypeError for unlike types."""
    if not rows:
        return empty, None
    value = value_of(rows, threshold.column, aggregation)
    return ("TRIGGERED" if _met(value, threshold) else "OK"), value


def _met(value: Any, threshold: Threshold) -> bool:
    if threshold.operator == "IS NULL":
        return value is None
    if threshold.operator == "IS NOT NULL":
        return value is not None
    return value is not None and _COMPARISONS[threshold.operator](value, threshold.value)


def _number(value: Any) -> Any:
    return float(value) if isinstance(value, Decimal) else value
