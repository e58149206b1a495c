"""A pack's rule as the condition of an alert."""

from __future__ import annotations

from databricks_alerts.evaluation import AGGREGATIONS, OPERATOR_WORDS, Condition, Operand
from databricks_alerts.packs.authored import Threshold
from databricks_alerts.packs.model import CompleteRule


def condition_of(rule: CompleteRule) -> Condition:
    """What Databricks evaluates once the rule is deployed; numbers are DOUBLE as in its row."""
    threshold = rule.threshold
    return Condition(
        source=_operand(threshold.column, rule.aggregation),
        operator=OPERATOR_WORDS[threshold.operator],
        threshold=compared_with(threshold),
        empty_result_state=rule.empty_result_state,
    )


def compared_with(threshold: Threshold) -> Operand | float | str | bool | None:
    """A column, or a value; None for IS NULL."""
    if threshold.value_column:
        return _operand(threshold.value_column, threshold.value_aggregation)
    value = threshold.value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if is_number else value  # type: ignore[arg-type]


def _operand(name: str, aggregation: str | None) -> Operand:
    return Operand(name, aggregation if aggregation in AGGREGATIONS else None)
