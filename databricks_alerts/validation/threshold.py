"""Whether the threshold column is there, and of a type that operator and aggregation can take."""

from __future__ import annotations

import difflib

from databricks_alerts.evaluation import OPERATOR_WORDS, Fit, fit, parse_kind
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule
from databricks_alerts.validation.explain import Column


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


def _finding(rule: Rule, what: str, instead: str) -> Finding:
    return Finding(
        key=rule.alert_id,
        check="threshold",
        what=what,
        where="threshold_column",
        remedy=f"set threshold_column or its companions to {instead}",
    )
