"""Whether the threshold column is there, and of a type that operator and aggregation can take."""

from __future__ import annotations

import difflib

from databricks_alerts.evaluation import OPERATOR_WORDS, Fit, compare_kinds, fit, parse_kind
from databricks_alerts.evaluation.kinds import aggregated
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.thresholds import COLUMN as _COLUMN
from databricks_alerts.validation.explain import Column


def check_threshold(rule: Rule, columns: list[Column]) -> Finding | None:
    """What is wrong with the rule's threshold against the query's output; None if nothing."""
    found = _find(rule, rule.threshold_column, columns, "threshold_column")
    return found if isinstance(found, Finding) else _check_type(rule, found)


def check_columns(rule: Rule, columns: list[Column]) -> list[Finding]:
    """What is wrong with the two columns that a rule compares, against the query's output."""
    left = _find(rule, rule.threshold_column, columns, "threshold_column")
    operand = rule.threshold_operand
    right = left if operand is None else _find(rule, operand.name, columns, _COLUMN)
    found = [item for item in (left, right) if isinstance(item, Finding)]
    if found or operand is None or isinstance(left, Finding) or isinstance(right, Finding):
        return found
    compared = check_compared(
        rule, _compared(left, rule.aggregation_type), _compared(right, operand.aggregation)
    )
    return [compared] if compared else []


def _compared(column: Column, aggregation: str | None) -> str:
    """The type of what is compared of a column."""
    kind = parse_kind(column.type)
    return aggregated(kind, aggregation).name if kind else column.type


def check_compared(rule: Rule, left: str, right: str) -> Finding | None:
    """Whether the values of two columns, by the names of their types, can be compared."""
    kinds = parse_kind(left), parse_kind(right)
    if kinds[0] is None or kinds[1] is None:
        return None
    found = compare_kinds(kinds[0], kinds[1])
    if found.good is not False:
        return None
    what = f"{rule.threshold_column} and {rule.threshold_value_column}: {found.problem}"
    return _finding(rule, what, found.instead, _COLUMN)


def _find(rule: Rule, wanted: str, columns: list[Column], where: str) -> Column | Finding:
    # Spark resolves names without regard to case; two that differ by case alone are ambiguous.
    matching = [column for column in columns if column.name.lower() == wanted.lower()]
    if not matching:
        return _finding(rule, _missing(wanted, columns), f"one of {_names(columns)}", where)
    if len(matching) > 1:
        what = f"{wanted} stands {len(matching)} times in the output"
        return _finding(rule, what, "an alias", where)
    return matching[0]


def check_value(rule: Rule, kind: str) -> Finding | None:
    """What is wrong with the threshold against the aggregated value's type; None if nothing."""
    return _judged(
        rule, fit(parse_kind(kind), None, OPERATOR_WORDS[rule.threshold_operator], rule.threshold)
    )


def _check_type(rule: Rule, column: Column) -> Finding | None:
    operator = OPERATOR_WORDS[rule.threshold_operator]
    kind = parse_kind(column.type)
    return _judged(rule, fit(kind, rule.aggregation_type, operator, rule.threshold))


def _judged(rule: Rule, found: Fit) -> Finding | None:
    """A type that is not known here is no fault of the rule: the warehouse judges it."""
    if found.good is not False:
        return None
    what = f"{rule.threshold_column}: {found.problem}"
    return _finding(rule, what, found.instead)


def _missing(wanted: str, columns: list[Column]) -> str:
    names = {column.name.lower(): column.name for column in columns}
    near = difflib.get_close_matches(wanted.lower(), names, 1)
    hint = f"; did you mean {names[near[0]]}?" if near else ""
    return f"{wanted} is no output column of the query{hint}"


def _names(columns: list[Column]) -> str:
    shown = ", ".join(column.name for column in columns[:12])
    return shown if len(columns) <= 12 else f"{shown}, …"


def _finding(rule: Rule, what: str, instead: str, where: str = "threshold_column") -> Finding:
    return Finding(
        key=rule.alert_id,
        check="threshold",
        what=what,
        where=where,
        remedy=f"set {where} or its companions to {instead}",
    )
