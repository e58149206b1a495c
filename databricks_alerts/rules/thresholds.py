"""What a rule compares with: one value, or an output column of its query. What contradicts that."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

VALUE_COLUMNS = {
    "DOUBLE": "threshold_value_double",
    "STRING": "threshold_value_string",
    "BOOLEAN": "threshold_value_bool",
}
COLUMN, COLUMN_AGGREGATION = "threshold_value_column", "threshold_value_aggregation"
# Where one of these cannot be read, the threshold as a whole cannot be.
THRESHOLD_COLUMNS = frozenset(
    {
        "threshold_operator",
        "threshold_value_type",
        "aggregation_type",
        COLUMN,
        COLUMN_AGGREGATION,
        *VALUE_COLUMNS.values(),
    }
)


def threshold_problems(operator: str, value_type: str, values: Mapping[str, Any]) -> dict[str, str]:
    """By column, what is wrong: exactly the value that the type names, or a column, is needed."""
    named, found = values.get(COLUMN), of_nothing(values)
    if operator.startswith("IS"):
        if named:
            found[COLUMN] = f"{operator} takes no threshold: set {COLUMN} to NULL"
        return found
    return found | (_beside_a_column(values) if named else _one_value(value_type, values))


def of_nothing(values: Mapping[str, Any]) -> dict[str, str]:
    """An aggregation of a column that is not named: wrong whatever the operator is."""
    if not values.get(COLUMN_AGGREGATION) or values.get(COLUMN):
        return {}
    return {
        COLUMN_AGGREGATION: f"{COLUMN_AGGREGATION} has a value, but {COLUMN} is NULL: name the "
        "column, or set both to NULL"
    }


def _beside_a_column(values: Mapping[str, Any]) -> dict[str, str]:
    return {
        column: f"{column} has a value, but {COLUMN} names a column: set one of them to NULL"
        for column in VALUE_COLUMNS.values()
        if values.get(column) is not None
    }


def _one_value(value_type: str, values: Mapping[str, Any]) -> dict[str, str]:
    wanted = VALUE_COLUMNS[value_type]
    found = {
        column: f"{column} has a value, but threshold_value_type is {value_type}: set it to NULL"
        for column in VALUE_COLUMNS.values()
        if column != wanted and values.get(column) is not None
    }
    if values.get(wanted) is None:
        found[wanted] = f"{wanted} is NULL: threshold_value_type {value_type} needs it"
    return found
