"""The one meaning of an alert's evaluation: what is sent to the warehouse, and how it is read.

The local workspace evaluates alerts by it, `alerts test` runs a pack's cases by it, and validation
judges rules by it. It imports nothing of ours. Sources: docs.databricks.com, "Alert query
patterns", "Create alert notification templates" and the reference of the Alerts v2 API.
"""

from __future__ import annotations

from databricks_alerts.evaluation.condition import (
    AGGREGATIONS,
    OPERATOR_WORDS,
    OPERATORS,
    Condition,
    Operand,
    from_api,
)
from databricks_alerts.evaluation.kinds import Fit, Kind, compare_kinds, fit, parse_kind
from databricks_alerts.evaluation.lexical import closed
from databricks_alerts.evaluation.outcome import Outcome, State, read_outcome, result_columns
from databricks_alerts.evaluation.parameters import parameter_values
from databricks_alerts.evaluation.statement import (
    MET,
    THRESHOLD,
    VALUE,
    evaluation_statement,
    verdict,
    wrapped,
)
from databricks_alerts.evaluation.values import plain, text_of

__all__ = [
    "AGGREGATIONS",
    "MET",
    "OPERATORS",
    "OPERATOR_WORDS",
    "THRESHOLD",
    "VALUE",
    "Condition",
    "Fit",
    "Kind",
    "Operand",
    "Outcome",
    "State",
    "closed",
    "compare_kinds",
    "evaluation_statement",
    "fit",
    "from_api",
    "parameter_values",
    "parse_kind",
    "plain",
    "read_outcome",
    "result_columns",
    "text_of",
    "verdict",
    "wrapped",
]
