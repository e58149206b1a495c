"""Validation: complete, before anything is deployed, all findings of all rules at once."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from databricks_alerts.destinations.stand_ins import stand_in_findings
from databricks_alerts.rules.environment import blamed, missing_variable
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Reading, Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS
from databricks_alerts.rules.templates import render_query
from databricks_alerts.snapshot import InvalidRow, Snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation.analysis import analyze
from databricks_alerts.validation.channels import check_channels
from databricks_alerts.validation.destinations import destination_findings
from databricks_alerts.validation.fingerprint import fingerprint
from databricks_alerts.validation.messages import check_messages
from databricks_alerts.validation.references import TableName, tables_of
from databricks_alerts.validation.remembered import remember
from databricks_alerts.validation.report import RuleResult, ValidationReport
from databricks_alerts.validation.schedule import check_schedule
from databricks_alerts.validation.secrets import LookUp, missing_secrets
from databricks_alerts.validation.statement import check_statement, read_statement
from databricks_alerts.validation.surroundings import (
    Surroundings,
    ask_surroundings,
    check_surroundings,
)
from databricks_alerts.validation.waiting import wait_for_secrets

_Place = tuple[str | None, str]  # a rule's folder and display name

__all__ = ["RuleResult", "ValidationReport", "validate"]


def validate(
    snapshot: Snapshot,
    settings: Settings,
    warehouse: SqlWarehouse,
    *,
    full: bool = False,
    existing: Callable[[], Mapping[str, str]] = dict,
    look_up: LookUp | None = None,
    deployer: Callable[[], str] = str,
    around: Surroundings | None = None,
) -> ValidationReport:
    """Validate every enabled rule and destination.

    One EXPLAIN a rule, in parallel; none for a rule whose query and tables are as they were when it
    was last found valid, unless `full`. `existing` as for `destination_findings`, `look_up` as for
    `missing_secrets` (None: references are not looked up), `deployer` tells who deploys, `around`
    what else the workspace has (None: it is not asked). Of a row that is no rule, whatever can be
    read is checked too. Raises WarehouseError or WorkspaceError
    for trouble that is no rule's fault.
    """
    there = cache(existing)
    broken = [*destination_findings(snapshot, there), *stand_in_findings(snapshot.destinations)]
    missing = missing_secrets(snapshot.destinations, look_up) if look_up is not None else {}
    waiting, lacking = wait_for_secrets(snapshot, broken, missing, there, cache(deployer))
    broken += lacking
    destinations = _destinations(snapshot, broken)
    names = _name_counts(snapshot)
    enabled = [rule for rule in snapshot.rules if rule.is_enabled]
    environment = snapshot.environment
    invalid = [item for item in snapshot.invalid_rules if item.is_enabled]
    answers = ask_surroundings([*enabled, *_read(invalid)], settings, around, warehouse.map)

    def draft(rule: Rule) -> _Draft:
        named = [*check_channels(rule, destinations, there), *environment.of(rule.alert_id)]
        named += check_surroundings(rule, answers)
        return _draft(rule, settings, names, named)

    drafts = [draft(rule) for rule in enabled]
    # Rules that were never deployed were hardly ever explained: their turn comes right behind.
    new = sum(1 for rule in enabled if full or not rule.databricks_alert_id)
    with warehouse.opening(new + len(invalid)):
        prints = _fingerprints(drafts, settings, warehouse)
    known = {} if full else prints.remembered

    def result(draft: _Draft) -> RuleResult:
        key = draft.rule.alert_id
        mark = prints.current.get(key, "")
        return _finish(draft, warehouse, mark, unchanged=bool(mark) and known.get(key) == mark)

    def result_of_row(row: InvalidRow) -> RuleResult:
        read = [_still_checked(reading, draft, warehouse) for reading in row.readings]
        return _invalid_row(row, snapshot, read)

    jobs = [partial(result, item) for item in drafts]
    jobs += [partial(result_of_row, item) for item in invalid]
    results = [_blamed(item, settings) for item in warehouse.map(lambda job: job(), jobs)]
    return ValidationReport(
        run_id=str(uuid.uuid4()),
        validated_at=dt.datetime.now(dt.UTC),
        config_version=snapshot.config_version,
        rules=tuple(sorted(results, key=lambda item: item.alert_id)),
        destination_findings=tuple(broken),
        waiting=tuple(waiting),
        setting_findings=environment.unused,
        mute_findings=snapshot.mute_findings,
    )


def _blamed(result: RuleResult, settings: Settings) -> RuleResult:
    """The result, whose findings name the stack's settings where these are to blame."""
    found = tuple(blamed(finding, settings) for finding in result.findings)
    return result.model_copy(update={"findings": found})


def _read(rows: Iterable[InvalidRow]) -> Iterator[Rule]:
    """What can be read of rows that are no rules."""
    for row in rows:
        for reading in row.readings:
            if isinstance(reading.record, Rule):
                yield reading.record


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
    names: Mapping[_Place, list[str]],
    named: list[Finding],
) -> _Draft:
    """`named` are the findings about what the rule names of the workspace."""
    found = [*check_schedule(rule), *named, *_same_name(rule, names)]
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
    findings = []
    for item in unknown:
        what, remedy = missing_variable(item, settings)
        findings.append(
            Finding(
                key=rule.alert_id,
                check="template",
                what=what,
                where="alert_query_template",
                remedy=remedy,
                line=item.line,
                position=item.position,
            )
        )
    return query, findings


def _destinations(snapshot: Snapshot, broken: list[Finding]) -> dict[str, str]:
    """Every destination_id and why it will not be there, empty if it will."""
    wrong = {finding.key for finding in broken}
    reasons = {item.key: "is invalid" for item in snapshot.invalid_destinations}
    for item in snapshot.destinations:
        reason = "is disabled" if not item.is_enabled else ""
        reasons[item.destination_id] = "is invalid" if item.destination_id in wrong else reason
    return reasons


def _name_counts(snapshot: Snapshot) -> dict[_Place, list[str]]:
    names: dict[_Place, list[str]] = {}
    for rule in snapshot.rules:
        if rule.is_enabled:
            names.setdefault((rule.folder, rule.display_name), []).append(rule.alert_id)
    return names


def _same_name(rule: Rule, names: Mapping[_Place, list[str]]) -> list[Finding]:
    """Two alerts of one name in one folder collide (RESOURCE_ALREADY_EXISTS)."""
    others = [
        key for key in names.get((rule.folder, rule.display_name), ()) if key != rule.alert_id
    ]
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


def _still_checked(
    reading: Reading, draft: Callable[[Rule], _Draft], warehouse: SqlWarehouse
) -> RuleResult:
    """What every check finds that needs none of the row's broken columns."""
    rule = reading.record
    assert isinstance(rule, Rule)
    made = draft(rule)
    if "alert_query_template" in reading.broken:
        made = replace(made, explainable=False)
    result = _finish(made, warehouse, "", unchanged=False)
    if "threshold_column" not in reading.broken:
        return result
    kept = tuple(item for item in result.findings if item.check != "threshold")
    return result.model_copy(update={"findings": kept})


def _invalid_row(row: InvalidRow, snapshot: Snapshot, read: Sequence[RuleResult]) -> RuleResult:
    """All that is wrong with a row that is no rule."""
    found = [
        item for item in snapshot.findings if item.key == row.key and item.where.startswith(ALERTS)
    ]
    found += [item.model_copy(update={"key": row.key}) for one in read for item in one.findings]
    durations = [one.duration_ms for one in read if one.duration_ms is not None]
    return RuleResult(
        alert_id=row.key,
        findings=tuple(dict.fromkeys(found)),
        duration_ms=sum(durations) if durations else None,
    )
