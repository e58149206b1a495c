"""Validation: complete, before anything is deployed, all findings of all rules at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import cache

from alerting.findings import Finding
from alerting.rows import Rule
from alerting.settings import Settings
from alerting.snapshot import Snapshot
from alerting.targets import destination_findings
from alerting.templates import render_query
from alerting.validation.analysis import analyze
from alerting.validation.channels import check_channels
from alerting.validation.fingerprint import fingerprint
from alerting.validation.messages import check_messages
from alerting.validation.references import TableName, tables_of
from alerting.validation.remembered import remember
from alerting.validation.report import RuleResult, ValidationReport
from alerting.validation.schedule import check_schedule
from alerting.validation.statement import check_statement, read_statement
from alerting.warehouse import SqlWarehouse

__all__ = ["RuleResult", "ValidationReport", "validate"]


def validate(
    snapshot: Snapshot,
    settings: Settings,
    warehouse: SqlWarehouse,
    *,
    full: bool = False,
    existing: Callable[[], Set[str]] = frozenset,
) -> ValidationReport:
    """Validate every enabled rule and destination.

    One EXPLAIN a rule, in parallel; none for a rule whose query and tables are as they were when
    it was last found valid, unless `full`. `existing` as for `check_channels`. Raises
    WarehouseError or WorkspaceError for trouble that is no rule's fault.
    """
    broken = destination_findings(snapshot)
    destinations = _destinations(snapshot, broken)
    names = _name_counts(snapshot)
    enabled = [rule for rule in snapshot.rules if rule.is_enabled]
    there = cache(existing)
    drafts = [
        _draft(rule, settings, names, check_channels(rule, destinations, there)) for rule in enabled
    ]
    # Rules that were never deployed were hardly ever explained: their turn comes right behind.
    new = sum(1 for rule in enabled if full or not rule.databricks_alert_id)
    with warehouse.opening(new):
        prints = _fingerprints(drafts, settings, warehouse)
    known = {} if full else prints.remembered

    def result(draft: _Draft) -> RuleResult:
        key = draft.rule.alert_id
        mark = prints.current.get(key, "")
        return _finish(draft, warehouse, mark, unchanged=bool(mark) and known.get(key) == mark)

    results = [*warehouse.map(result, drafts), *_invalid_rows(snapshot)]
    return ValidationReport(
        run_id=str(uuid.uuid4()),
        validated_at=dt.datetime.now(dt.UTC),
        config_version=snapshot.config_version,
        rules=tuple(sorted(results, key=lambda item: item.alert_id)),
        destination_findings=tuple(broken),
    )


@dataclass(frozen=True)
class _Draft:
    """A rule and what is found without the warehouse; `explainable` if EXPLAIN is to be asked.

    `tables` are those that its query reads, None where that cannot be told.
    """

    rule: Rule
    query: str
    findings: tuple[Finding, ...]
    explainable: bool
    tables: frozenset[TableName] | None


@dataclass(frozen=True)
class _Fingerprints:
    """By alert_id: now, and of the last valid result."""

    current: Mapping[str, str]
    remembered: Mapping[str, str]


def _draft(
    rule: Rule,
    settings: Settings,
    names: Mapping[str, list[str]],
    channels: list[Finding],
) -> _Draft:
    found = [*check_schedule(rule), *channels, *_same_name(rule, names)]
    query, template_findings = _render(rule, settings)
    found += template_findings
    if template_findings:
        return _Draft(rule, query, tuple(found), explainable=False, tables=None)
    statement = read_statement(query)
    wrong = check_statement(rule.alert_id, statement)
    found += [wrong] if wrong else []
    tables = tables_of(statement.tree) if statement.tree is not None and not wrong else None
    return _Draft(rule, query, tuple(found), explainable=wrong is None, tables=tables)


def _fingerprints(
    drafts: list[_Draft], settings: Settings, warehouse: SqlWarehouse
) -> _Fingerprints:
    explainable = [draft for draft in drafts if draft.explainable]
    memory = remember(
        warehouse, settings, {name for draft in explainable for name in draft.tables or ()}
    )
    current = {
        draft.rule.alert_id: fingerprint(draft.rule, draft.query, draft.tables, memory.schemas)
        for draft in explainable
    }
    return _Fingerprints(current, memory.valid)


def _finish(draft: _Draft, warehouse: SqlWarehouse, mark: str, *, unchanged: bool) -> RuleResult:
    rule, found = draft.rule, list(draft.findings)
    columns: list[str] | None = None
    duration = None
    if draft.explainable and not unchanged:
        analysis = analyze(rule, draft.query, warehouse)
        found += analysis.findings
        columns, duration = analysis.columns, analysis.duration_ms
    found += check_messages(rule, columns)
    return RuleResult(
        alert_id=rule.alert_id,
        query=draft.query,
        findings=tuple(found),
        duration_ms=duration,
        fingerprint="" if found else mark,
    )


def _render(rule: Rule, settings: Settings) -> tuple[str, list[Finding]]:
    query, unknown = render_query(rule.alert_query_template, settings)
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
    return query, findings


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
