"""A pack's rule as the condition of an alert."""

from __future__ import annotations

from databricks_alerts.evaluation import AGGREGATIONS, OPERATOR_WORDS, Condition, Operand
from databricks_alerts.packs.model import CompleteRule


def condition_of(rule: CompleteRule) -> Condition:
    """What Databricks evaluates once the rule is deployed; numbers are DOUBLE as in its row."""
    threshold, aggregation = rule.threshold, rule.aggregation
    value = threshold.value
    is_number = isinstance(value, int) and not isinstance(value, bool)
    return Condition(
        source=Operand(threshold.column, aggregation if aggregation in AGGREGATIONS else None),
        operator=OPERATOR_WORDS[threshold.operator],
        threshold=float(value) if is_number else value,  # type: ignore[arg-type]
        empty_result_state=rule.empty_result_state,
    )
