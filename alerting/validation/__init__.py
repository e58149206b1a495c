"""Validation: complete, before anything is deployed, all findings of all rules at once."""

from __future__ import annotations

import datetime as dt
import time
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from alerting.errors import WarehouseError
from alerting.findings import Finding
from alerting.rows import Rule
from alerting.settings import Settings
from alerting.snapshot import Snapshot
from alerting.targets import destination_findings
from alerting.templates import render
from alerting.validation import explain
from alerting.validation.channels import check_channels
from alerting.validation.report import RuleResult, ValidationReport
from alerting.validation.schedule import check_schedule
from alerting.validation.statement import check_statement
from alerting.validation.threshold import check_threshold
from alerting.warehouse import SqlWarehouse

__all__ = ["RuleResult", "ValidationReport", "validate"]


def validate(snapshot: Snapshot, settings: Settings, warehouse: SqlWarehouse) -> ValidationReport:
    """Validate every enabled rule and destination; one EXPLAIN a rule, in parallel.

    Raises WarehouseError or WorkspaceError for trouble that is no rule's fault.
    """
    broken = destination_findings(snapshot)
    destinations = _destinations(snapshot, broken)
    names = _name_counts(snapshot)

    def result(rule: Rule) -> RuleResult:
        return _validate_rule(rule, settings, warehouse, destinations, names)

    enabled = [rule for rule in snapshot.rules if rule.is_enabled]
    results = [*warehouse.map(result, enabled), *_invalid_rows(snapshot)]
    return ValidationReport(
        run_id=str(uuid.uuid4()),
        validated_at=dt.datetime.now(dt.UTC),
        config_version=snapshot.config_version,
        rules=tuple(sorted(results, key=lambda item: item.alert_id)),
        destination_findings=tuple(broken),
    )


@dataclass(frozen=True)
class _Explained:
    columns: list[explain.Column]
    problem: explain.Problem | None
    duration_ms: float


def _validate_rule(
    rule: Rule,
    settings: Settings,
    warehouse: SqlWarehouse,
    destinations: Mapping[str, str],
    names: Mapping[str, list[str]],
) -> RuleResult:
    found = [*check_schedule(rule), *check_channels(rule, destinations), *_same_name(rule, names)]
    query, template_findings = _render(rule, settings)
    found += template_findings
    if not template_findings:
        wrong = check_statement(rule.alert_id, query)
        if wrong:
            found.append(wrong)
        else:
            explained = _explain(query, warehouse)
            found += _explain_findings(rule, explained)
            return RuleResult(
                alert_id=rule.alert_id,
                query=query,
                findings=tuple(found),
                duration_ms=explained.duration_ms,
            )
    return RuleResult(alert_id=rule.alert_id, query=query, findings=tuple(found))


def _render(rule: Rule, settings: Settings) -> tuple[str, list[Finding]]:
    values = {"catalog": settings.catalog, "gold_schema": settings.gold_schema}
    query, unknown = render(rule.alert_query_template, values)
    findings = [
        Finding(
            key=rule.alert_id,
            check="template",
            what=f"the placeholder {item.text} is not known",
            where="alert_query_template",
            remedy="use ${catalog} and ${gold_schema} only",
            line=item.line,
            position=item.position,
        )
        for item in unknown
    ]
    return query.strip().rstrip(";").rstrip(), findings


def _explain(query: str, warehouse: SqlWarehouse) -> _Explained:
    started = time.perf_counter()
    try:
        rows = warehouse.query(explain.statement(query))
        text = "\n".join(str(next(iter(row.values()))) for row in rows)
        answer: list[explain.Column] | explain.Problem = explain.read_plan(text)
    except WarehouseError as error:
        answer = explain.read_error(error)
    duration = (time.perf_counter() - started) * 1000
    if isinstance(answer, explain.Problem):
        return _Explained([], answer, duration)
    return _Explained(answer, None, duration)


def _explain_findings(rule: Rule, explained: _Explained) -> list[Finding]:
    problem = explained.problem
    if problem is None:
        wrong = check_threshold(rule, explained.columns)
        return [wrong] if wrong else []
    return [
        Finding(
            key=rule.alert_id,
            check="explain",
            what=problem.message,
            where="alert_query_template",
            remedy="correct the query; the warehouse refuses it",
            error_class=problem.condition,
            sqlstate=problem.sqlstate,
            line=problem.line,
            position=problem.position,
        )
    ]


def _destinations(snapshot: Snapshot, broken: list[Finding]) -> dict[str, str]:
    """Every destination_id and why it will not be there, empty if it will."""
    wrong = {finding.key for finding in broken}
    reasons = {item.key: "is invalid" for item in snapshot.invalid_destinations}
    for item in snapshot.destinations:
        reason = "is disabled" if not item.is_enabled else ""
        reasons[item.destination_id] = "is invalid" if item.destination_id in wrong else reason
    return reasons


def _name_counts(snapshot: Snapshot) -> dict[str, list[str]]:
    names: dict[str, list[str]] = {}
    for rule in snapshot.rules:
        if rule.is_enabled:
            names.setdefault(rule.display_name, []).append(rule.alert_id)
    return names


def _same_name(rule: Rule, names: Mapping[str, list[str]]) -> list[Finding]:
    """Two alerts of one name in one folder collide (RESOURCE_ALREADY_EXISTS)."""
    others = [key for key in names[rule.display_name] if key != rule.alert_id]
    if not others:
        return []
    return [
        Finding(
            key=rule.alert_id,
            check="row",
            what=f"{rule.display_name!r} is also the name of {', '.join(others)}",
            where="alert_name",
            remedy="give each rule a name of its own",
        )
    ]


def _invalid_rows(snapshot: Snapshot) -> list[RuleResult]:
    keys = [item.key for item in snapshot.invalid_rules if item.is_enabled]
    by_key: dict[str, list[Finding]] = {key: [] for key in keys}
    for finding in snapshot.findings:
        if finding.key in by_key and finding.where.startswith("alert_configurations"):
            by_key[finding.key].append(finding)
    return [RuleResult(alert_id=key, findings=tuple(findings)) for key, findings in by_key.items()]
