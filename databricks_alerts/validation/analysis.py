"""What the warehouse says of a rule without running it: EXPLAIN, in the form that the alert runs.

A rule with an aggregation is explained as Databricks wraps it (evaluation.wrapped). If that fails,
the query by itself tells why: its own error, with its own place, or the columns that it has.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from databricks_alerts.errors import WarehouseError
from databricks_alerts.evaluation import (
    OPERATOR_WORDS,
    Condition,
    Operand,
    evaluation_statement,
    parameter_values,
    result_columns,
    wrapped,
)
from databricks_alerts.evaluation.statement import OPENING, THRESHOLD, VALUE
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation import explain
from databricks_alerts.validation.threshold import (
    check_columns,
    check_compared,
    check_threshold,
    check_value,
)


@dataclass(frozen=True)
class Explained:
    """The output columns of a statement, or the problem that it has; and how long it took.

    Neither is there where the engine plans the statement but cannot name its types.
    """

    columns: list[explain.Column] | None
    problem: explain.Problem | None
    duration_ms: float


@dataclass(frozen=True)
class Analysis:
    """What is wrong with a rule; `columns` of the result that its alert shows, None if unknown."""

    findings: list[Finding]
    columns: list[str] | None
    duration_ms: float


def analyze(rule: Rule, query: str, warehouse: SqlWarehouse) -> Analysis:
    """Explain a rule's rendered query and judge its threshold.

    Raises WarehouseError or WorkspaceError for trouble that is not the rule's fault.
    """
    if rule.threshold_operand is not None:
        return _analyze_columns(rule, query, warehouse)
    values = parameter_values(rule.alert_parameters)
    if rule.aggregation_type is None:
        found = explained(query, warehouse, values)
        if found.problem is not None:
            return Analysis([_query_finding(rule, found.problem)], None, found.duration_ms)
        if found.columns is None:
            return Analysis([], None, found.duration_ms)
        wrong = check_threshold(rule, found.columns)
        names = [column.name for column in found.columns]
        return Analysis([wrong] if wrong else [], names, found.duration_ms)
    operand = Operand(rule.threshold_column, rule.aggregation_type)
    found = explained(wrapped(query, operand), warehouse, values)
    if found.problem is None:
        wrong = check_value(rule, found.columns[0].type) if found.columns else None
        return Analysis([wrong] if wrong else [], [operand.label], found.duration_ms)
    alone = explained(query, warehouse, values)
    finding = _why_not_wrapped(rule, query, found.problem, alone)
    return Analysis([finding], [operand.label], found.duration_ms + alone.duration_ms)


def _analyze_columns(rule: Rule, query: str, warehouse: SqlWarehouse) -> Analysis:
    """A rule that compares two columns: the statement of its evaluation names both."""
    condition = Condition(
        Operand(rule.threshold_column, rule.aggregation_type),
        OPERATOR_WORDS[rule.threshold_operator],
        rule.threshold_operand,
    )
    values = parameter_values(rule.alert_parameters)
    found = explained(evaluation_statement(query, condition), warehouse, values)
    if found.problem is None:
        if found.columns is None:
            return Analysis([], None, found.duration_ms)
        types = {column.name: column.type for column in found.columns}
        wrong = check_compared(rule, types[VALUE], types[THRESHOLD])
        names = result_columns(condition, list(types))
        return Analysis([wrong] if wrong else [], names, found.duration_ms)
    alone = explained(query, warehouse, values)
    duration = found.duration_ms + alone.duration_ms
    if alone.problem is not None:
        return Analysis([_query_finding(rule, alone.problem)], None, duration)
    wrong_columns = check_columns(rule, alone.columns) if alone.columns is not None else []
    return Analysis(wrong_columns or [_not_comparable(rule, found.problem)], None, duration)


def _not_comparable(rule: Rule, problem: explain.Problem) -> Finding:
    placeless = replace(problem, line=None, position=None)
    what = (
        f"{rule.threshold_column} {rule.threshold_operator} {rule.threshold_value_column}: "
        f"{problem.message}"
    )
    return _query_finding(rule, placeless).model_copy(
        update={"where": "threshold_value_column", "what": what}
    )


def explained(
    statement: str, warehouse: SqlWarehouse, values: Mapping[str, Any] | None = None
) -> Explained:
    """The columns of one statement, or its problem; `values` are those of its `:name` markers."""
    started = time.perf_counter()
    try:
        rows = warehouse.query(explain.statement(statement), values)
        text = "\n".join(str(next(iter(row.values()))) for row in rows)
        answer = explain.read_plan(text)
        if answer is None:
            answer = _described(statement, warehouse, values)
    except WarehouseError as error:
        answer = explain.read_error(error)
    duration = (time.perf_counter() - started) * 1000
    if isinstance(answer, explain.Problem):
        return Explained(None, answer, duration)
    return Explained(answer, None, duration)


def _described(
    statement: str, warehouse: SqlWarehouse, values: Mapping[str, Any] | None
) -> list[explain.Column] | None:
    """The columns of a statement that the engine has planned; None if it fails to name them."""
    try:
        rows = warehouse.query(explain.describe_statement(statement), values)
        return explain.read_description(rows)
    except WarehouseError as error:
        if error.condition.startswith("INTERNAL_ERROR"):
            return None  # planned all the same: neither the rule nor the run is to suffer
        raise


def _why_not_wrapped(rule: Rule, query: str, problem: explain.Problem, alone: Explained) -> Finding:
    """The finding of a query whose wrapped form the warehouse refuses."""
    if alone.problem is not None:
        return _query_finding(rule, alone.problem)
    wrong = check_threshold(rule, alone.columns) if alone.columns is not None else None
    if wrong is not None:
        return wrong
    found = _query_finding(rule, _in_query(problem, query))
    if found.line is not None:
        return found
    what = f"{rule.aggregation_type} of {rule.threshold_column}: {problem.message}"
    return found.model_copy(update={"where": "aggregation_type", "what": what})


def _in_query(problem: explain.Problem, query: str) -> explain.Problem:
    """The problem with its place counted in the query, or without one that lies outside of it."""
    if problem.line is None or problem.position is None:
        return replace(problem, line=None, position=None)
    position = problem.position - (len(OPENING) if problem.line == 1 else 0)
    lines = query.split("\n")
    if problem.line > len(lines) or not 0 <= position < max(len(lines[problem.line - 1]), 1):
        return replace(problem, line=None, position=None)
    return replace(problem, position=position)


def _query_finding(rule: Rule, problem: explain.Problem) -> Finding:
    return Finding(
        key=rule.alert_id,
        check="explain",
        what=problem.message,
        where="alert_query_template",
        remedy=explain.remedy(problem),
        error_class=problem.condition,
        sqlstate=problem.sqlstate,
        line=problem.line,
        position=problem.position,
    )
