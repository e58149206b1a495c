"""Whether the threshold column is there, and of a type that operator and aggregation can take."""

from __future__ import annotations

import difflib

from alerting.findings import Finding
from alerting.rows import Rule
from alerting.validation.explain import Column

_NUMBERS = ("tinyint", "smallint", "int", "bigint", "float", "double", "decimal", "void")
_NUMERIC_AGGREGATIONS = {"SUM", "AVG", "MEDIAN", "STDDEV"}
_ORDERED = {">", "<", ">=", "<="}
_COMPLEX = ("array", "map", "struct", "binary", "variant", "object", "geometry", "geography")


def check_threshold(rule: Rule, columns: list[Column]) -> Finding | None:
    """What is wrong with the rule's threshold against the query's output; None if nothing."""
    wanted = rule.threshold_column
    # Spark resolves names without regard to case; two that differ by case alone are ambiguous.
    matching = [column for column in columns if column.name.lower() == wanted.lower()]
    if not matching:
        return _finding(rule, _missing(wanted, columns), f"one of {_names(columns)}")
    if len(matching) > 1:
        return _finding(rule, f"{wanted} stands {len(matching)} times in the output", "an alias")
    return _check_type(rule, matching[0])


def value_kind(rule: Rule, kind: str) -> str:
    """The type that is compared: the column's, or what the aggregation makes of it."""
    if rule.aggregation_type in ("COUNT", "COUNT_DISTINCT"):
        return "bigint"
    if rule.aggregation_type in ("AVG", "STDDEV", "MEDIAN"):
        return "double"
    return kind


def _check_type(rule: Rule, column: Column) -> Finding | None:
    base = column.type.lower()
    if rule.aggregation_type in _NUMERIC_AGGREGATIONS and not _is_number(base):
        what = f"{rule.aggregation_type} needs a number, {column.name} is {column.type}"
        return _finding(rule, what, "a numeric column, or another aggregation_type")
    compared = value_kind(rule, base)
    if rule.threshold_operator.startswith("IS"):
        return None
    if compared.startswith(_COMPLEX):
        what = f"{column.name} is {column.type}, which cannot be compared"
        return _finding(rule, what, "a column with plain values")
    if not _fits(rule.threshold_value_type, compared):
        what = f"{column.name} is {compared}, threshold_value_type is {rule.threshold_value_type}"
        return _finding(rule, what, "a type that fits the column")
    if rule.threshold_value_type == "BOOLEAN" and rule.threshold_operator in _ORDERED:
        what = f"{rule.threshold_operator} does not order booleans"
        return _finding(rule, what, "= or != for booleans")
    return None


def _fits(value_type: str, kind: str) -> bool:
    if kind == "void":
        return True
    if value_type == "DOUBLE":
        return _is_number(kind)
    if value_type == "BOOLEAN":
        return kind == "boolean"
    return kind.startswith(("string", "varchar", "char", "date", "timestamp"))


def _is_number(kind: str) -> bool:
    return kind.startswith(_NUMBERS)


def _missing(wanted: str, columns: list[Column]) -> str:
    names = {column.name.lower(): column.name for column in columns}
    near = difflib.get_close_matches(wanted.lower(), names, 1)
    hint = f"; did you mean {names[near[0]]}?" if near else ""
    return f"{wanted} is no output column of the query{hint}"


def _names(columns: list[Column]) -> str:
    shown = ", ".join(column.name for column in columns[:12])
    return shown if len(columns) <= 12 else f"{shown}, …"


def _finding(rule: Rule, what: str, instead: str) -> Finding:
    return Finding(
        key=rule.alert_id,
        check="threshold",
        what=what,
        where="threshold_column",
        remedy=f"set threshold_column or its companions to {instead}",
    )
