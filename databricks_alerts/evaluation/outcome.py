"""From the statement's first row to a state. Python only reads the verdict."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, cast

from databricks_alerts.evaluation.condition import Condition, Operand
from databricks_alerts.evaluation.statement import MET, THRESHOLD, VALUE

State = Literal["OK", "TRIGGERED", "ERROR", "UNKNOWN"]


@dataclass(frozen=True)
class Outcome:
    """The state, and the two values that were compared, as the warehouse gave them."""

    state: State
    value: Any = None
    threshold: Any = None


def read_outcome(condition: Condition, first: Mapping[str, Any] | None) -> Outcome:
    """What the first row of an `evaluation_statement` says; None where it gave no row.

    A comparison with NULL is NULL in SQL: the condition is not met, so the state is OK. Databricks
    does not document that; IS NULL is the way to ask for it.
    """
    if first is None:
        return Outcome(cast(State, condition.empty_result_state))
    state: State = "TRIGGERED" if first[MET] else "OK"
    return Outcome(state, first[VALUE], first[THRESHOLD])


def result_columns(condition: Condition, columns: list[str]) -> list[str]:
    """The columns that a notification can show, of those that the statement gave.

    Under an aggregation these are the aggregated ones alone, named `sum(cost)` and the like.
    """
    if not condition.is_aggregated:
        return [name for name in columns if name not in (VALUE, THRESHOLD, MET)]
    threshold = condition.threshold
    second = [threshold.label] if isinstance(threshold, Operand) else []
    return [condition.source.label, *second]
