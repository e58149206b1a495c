"""From a query's result to a state. Pure.

Databricks documents: without an aggregation the first row counts; an empty result leads to
empty_result_state; an error to ERROR (docs.databricks.com, Databricks SQL alerts). Not documented,
so chosen here: aggregations leave NULLs out as SQL does, STDDEV is the sample's (of one value
NULL), MEDIAN of an even number is the mean of the two in the middle; a NULL meets no condition but
IS_NULL; a text is compared with a number if it is one, else that is an error.
"""

from __future__ import annotations

import math
import statistics
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from workspace.evaluation.models import State, Value

Rows = Sequence[Mapping[str, Any]]


class ConditionError(ValueError):
    """The condition cannot be looked at: a column is missing, types do not fit."""


@dataclass(frozen=True)
class Verdict:
    """The state and the two values that were compared."""

    state: State
    value: Value = None
    threshold: Value = None


def judge(evaluation: Mapping[str, Any], columns: Sequence[str], rows: Rows) -> Verdict:
    """What an alert's `evaluation` says of a result. Raises ConditionError."""
    source = evaluation["source"]
    _require(source["name"], columns)
    threshold = evaluation.get("threshold") or {}
    if "column" in threshold:
        _require(threshold["column"]["name"], columns)
    if not rows:
        return Verdict(evaluation.get("empty_result_state", "UNKNOWN"))
    value = operand(source, columns, rows)
    wanted = (
        operand(threshold["column"], columns, rows)
        if "column" in threshold
        else next(iter((threshold.get("value") or {}).values()), None)
    )
    met = compare(evaluation["comparison_operator"], value, wanted)
    return Verdict("TRIGGERED" if met else "OK", _shown(value), _shown(wanted))


def operand(column: Mapping[str, Any], columns: Sequence[str], rows: Rows) -> Any:
    """The value of a column: of its first row, or of the aggregation over all."""
    name = _require(column["name"], columns)
    values = [row[name] for row in rows]
    aggregation = column.get("aggregation")
    if not aggregation:
        return values[0]
    present = [value for value in values if value is not None]
    return _AGGREGATIONS[aggregation](present)


def compare(operator: str, value: Any, threshold: Any) -> bool:
    """Whether the condition is met. Raises ConditionError for what cannot be compared."""
    if operator == "IS_NULL":
        return value is None
    if operator == "IS_NOT_NULL":
        return value is not None
    if value is None or threshold is None:
        return False
    left, right = _alike(value, threshold)
    match operator:
        case "EQUAL":
            return bool(left == right)
        case "NOT_EQUAL":
            return bool(left != right)
        case "GREATER_THAN":
            return bool(left > right)
        case "GREATER_THAN_OR_EQUAL":
            return bool(left >= right)
        case "LESS_THAN":
            return bool(left < right)
        case "LESS_THAN_OR_EQUAL":
            return bool(left <= right)
    raise ConditionError(f"{operator} is no comparison operator")


def _require(name: str, columns: Sequence[str]) -> str:
    """The column's own spelling; names are the same in any case, as in Spark."""
    for column in columns:
        if column.lower() == name.lower():
            return column
    raise ConditionError(f"the result has no column {name!r}; it has {', '.join(columns)}")


def _alike(value: Any, threshold: Any) -> tuple[Any, Any]:
    """Both as numbers, as truth values or as texts, as the threshold says."""
    if isinstance(threshold, bool):
        return _truth(value), threshold
    if isinstance(threshold, int | float | Decimal):
        return _number(value), float(threshold)
    if isinstance(value, bool):
        return value, _truth(threshold)
    if isinstance(value, int | float | Decimal) and isinstance(threshold, str):
        return float(value), _number(threshold)
    return str(value), str(threshold)


def _number(value: Any) -> float:
    if isinstance(value, bool):
        return float(value)
    try:
        return float(value)
    except (TypeError, ValueError) as error:
        raise ConditionError(f"{str(value)[:100]!r} cannot be compared with a number") from error


def _truth(value: Any) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).lower()
    if text in ("true", "1", "1.0"):
        return True
    if text in ("false", "0", "0.0"):
        return False
    raise ConditionError(f"{str(value)[:100]!r} cannot be compared with true or false")


def _over_numbers(
    function: Callable[[list[float]], float | None],
) -> Callable[[list[Any]], float | None]:
    return lambda values: function([_number(value) for value in values]) if values else None


def _deviation(values: list[float]) -> float | None:
    return statistics.stdev(values) if len(values) > 1 else None  # Spark's stddev_samp too


def _extreme(function: Callable[[list[Any]], Any]) -> Callable[[list[Any]], Any]:
    def found(values: list[Any]) -> Any:
        try:
            return function(values) if values else None
        except TypeError as error:
            raise ConditionError("the column's values have no order") from error

    return found


_AGGREGATIONS: dict[str, Callable[[list[Any]], Any]] = {
    "SUM": _over_numbers(math.fsum),
    "AVG": _over_numbers(statistics.fmean),
    "MEDIAN": _over_numbers(statistics.median),
    "STDDEV": _over_numbers(_deviation),
    "COUNT": len,
    "COUNT_DISTINCT": lambda values: len(set(map(str, values))),
    "MIN": _extreme(min),
    "MAX": _extreme(max),
}


def _shown(value: Any) -> Value:
    if value is None or isinstance(value, bool | str):
        return value
    if isinstance(value, int | float | Decimal):
        number = float(value)
        return number if math.isfinite(number) else str(number)  # JSON has no NaN
    return str(value)
