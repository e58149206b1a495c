"""The one statement of an evaluation: value, threshold and verdict come from the warehouse.

Documented ("Alert query patterns"): with an aggregation the alert runs
`WITH q AS (<query_text>) SELECT SUM(column) FROM q`. Not documented, so chosen here: without an
aggregation the query's first row counts; the comparison follows SQL's rules; a threshold column
without an aggregation of its own counts by its first row.
"""

from __future__ import annotations

import math

from databricks_alerts.evaluation.condition import AGGREGATIONS, OPERATORS, Condition, Operand
from databricks_alerts.evaluation.lexical import closed

VALUE, THRESHOLD, MET = "__alert_value", "__alert_threshold", "__alert_met"
OPENING = "WITH q AS ("


def wrapped(query: str, operand: Operand) -> str:
    """What Databricks runs for an aggregation, as documented; the query stays as it is written."""
    return f"{OPENING}{query}) SELECT {_expression(operand)} FROM q"


def evaluation_statement(query: str, condition: Condition) -> str:
    """The statement whose first row `read_outcome` reads.

    Its rows are the query's own with three columns behind them (VALUE, THRESHOLD, MET), or with an
    aggregation one row of these three. An aggregated query is wrapped as it is written, as
    Databricks does it; otherwise it is closed first, since Databricks runs it by itself.
    """
    text = query if condition.is_aggregated else closed(query)
    own = "" if condition.is_aggregated else "q.*, "
    met = _met(condition)
    return (
        f"{OPENING}{text}) SELECT *, {met} AS `{MET}` FROM (SELECT {own}"
        f"{_expression(condition.source)} AS `{VALUE}`, "
        f"{_threshold(condition)} AS `{THRESHOLD}` FROM q) AS evaluated"
    )


def literal(value: float | str | bool | None) -> str:
    """A threshold as a typed SQL literal: DOUBLE, STRING, BOOLEAN or NULL."""
    match value:
        case None:
            return "NULL"
        case bool():
            return "TRUE" if value else "FALSE"
        case int() | float():
            return f"CAST('{_digits(float(value))}' AS DOUBLE)"
    # `${` would be taken for a variable by Spark before it reads the literal.
    text = value.replace("\\", "\\\\").replace("'", "\\'").replace("${", "\\u0024{")
    return f"'{text}'"


def verdict(condition: Condition) -> str:
    """Whether a condition with a constant threshold is met by the VALUE of a row already there.

    For asking of one evaluation what other thresholds would have made of its value.
    """
    return _met(condition, _threshold(condition))


def _met(condition: Condition, threshold: str = f"`{THRESHOLD}`") -> str:
    operator = OPERATORS[condition.operator]
    if operator.startswith("IS "):
        return f"`{VALUE}` {operator}"
    # A comparison with a DOUBLE is one of doubles (SQL data type rules). Said by arithmetic, which
    # refuses what is no number: Sail would rather turn the threshold into the value's decimal.
    double = " * 1D" if _is_number(condition.threshold) else ""
    return f"`{VALUE}`{double} {operator} {threshold}"


def _is_number(threshold: object) -> bool:
    return isinstance(threshold, int | float) and not isinstance(threshold, bool)


def _threshold(condition: Condition) -> str:
    threshold = condition.threshold
    if not isinstance(threshold, Operand):
        return literal(threshold)
    if bool(threshold.aggregation) == condition.is_aggregated:
        return _expression(threshold)
    limit = "" if threshold.aggregation else " LIMIT 1"
    return f"(SELECT {_expression(threshold)} FROM q{limit})"


def _expression(operand: Operand) -> str:
    name = "`" + operand.name.replace("`", "``") + "`"
    return AGGREGATIONS[operand.aggregation].format(name) if operand.aggregation else f"q.{name}"


def _digits(number: float) -> str:
    if math.isnan(number):
        return "NaN"
    if math.isinf(number):
        return "Infinity" if number > 0 else "-Infinity"
    return repr(number)
