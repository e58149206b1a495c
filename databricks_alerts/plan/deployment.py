"""From tables to a plan: everything that is read and decided before a resource is declared."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from pydantic import BaseModel, ConfigDict

from databricks_alerts.deployed import Deployed, Stray, Versions
from databricks_alerts.destinations.secrets import SecretResolver, workspace_secrets
from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.drift.alerts import Drift, drifts_of
from databricks_alerts.errors import ConfigurationError, ValidationError
from databricks_alerts.mutes.force import told as told_of_mutes
from databricks_alerts.plan.decisions import (
    Declared,
    decide_alerts,
    decide_destinations,
    held_though_muted,
    left_elsewhere,
    left_running,
    refer,
    replaced_in_folders,
    running_though_paused,
    still_needed,
)
from databricks_alerts.plan.guards import (
    guard_deletes,
    guard_quota,
    guard_state,
    guard_version,
    quota_is_near,
)
from databricks_alerts.plan.ownership import Candidate
from databricks_alerts.rules.environment import told
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import DESTINATIONS
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.sql.warehouse import open_warehouse
from databricks_alerts.validation import RuleResult, ValidationReport, validate
from databricks_alerts.workspace_view.inventory import (
    Inventory,
    destination_types,
    take_inventory,
    user_name,
)
from databricks_alerts.workspace_view.surroundings import WorkspaceSurroundings
from databricks_alerts.workspace_view.trash import trashed_lately
from databricks_alerts.workspace_view.unlisted import with_unlisted

if TYPE_CHECKING:
    from databricks.sdk.core import Config

PREPARED_VARIABLE = "ALERTS_PREPARED"


class Prepared(BaseModel):
    """What was read of the workspace at one moment: tables, validation, inventory."""

    model_config = ConfigDict(frozen=True)

    settings: Settings
    snapshot: Snapshot
    report: ValidationReport
    inventory: Inventory
    # Alerts that our own runs trashed in the last 30 days; 0 where it does not matter.
    trashed_lately: int = 0
    # What happened outside to what was deployed, by alert_id or destination_id.
    drifts: dict[str, Drift] = {}

    def deployable(self, key: str) -> tuple[Rule, str]:
        """A valid rule as it is deployed, and its rendered query."""
        rule, result = self._rules[key], self._results[key]
        return rule, result.query

    @property
    def environment(self) -> list[str]:
        """What the stack's settings and the mutes in force make of its rules, a line each."""
        snapshot = self.snapshot
        by_settings = told(self.settings, snapshot.environment, snapshot.rules)
        return [*by_settings, *told_of_mutes(snapshot.muted, snapshot.rules, snapshot.idle_mutes)]

    @cached_property
    def _rules(self) -> dict[str, Rule]:
        rules = self.snapshot.as_deployed(self.report.stand_ins)
        return {rule.alert_id: rule for rule in rules}

    @cached_property
    def _results(self) -> dict[str, RuleResult]:
        return {result.alert_id: result for result in self.report.rules}


@dataclass(frozen=True)
class Plan:
    """What becomes of every rule and destination.

    `deletes` are the alert_ids whose alerts will go; `warnings` are for people. `versions` are
    those in which today's rules and destinations came to be.
    """

    prepared: Prepared
    alerts: tuple[Declared, ...]
    destinations: tuple[Declared, ...]
    deletes: tuple[str, ...]
    warnings: tuple[str, ...]
    versions: Versions

    def alert_keys(self, decision: str) -> list[str]:
        """The alert_ids with this decision, in order."""
        return [item.key for item in self.alerts if item.decision == decision]

    @property
    def unseen_drifts(self) -> dict[str, Drift]:
        """What an engine sees only when it refreshes: all but lost alerts, which are replaced."""
        lost = {item.key for item in self.alerts if not item.existing}
        return {key: drift for key, drift in self.prepared.drifts.items() if key not in lost}

    def destination_reason(self, key: str) -> str:
        """Why a destination is held or skipped: its findings."""
        return self.prepared.report.destination_reasons.get(key, "")

    def reason(self, key: str) -> str:
        """Why a rule is held or skipped: its findings, or what stands in its way."""
        result = self.prepared.report.result(key)
        found = "; ".join(finding.what for finding in result.findings) if result else ""
        return found or self.blocked.get(key, "")

    @property
    def blocked(self) -> dict[str, str]:
        """Why valid rules are held or skipped, by alert_id."""
        return {item.key: item.blocked for item in self.alerts if item.blocked}


def prepare(
    config: Config,
    settings: Settings,
    *,
    configuration: Mapping[str, str],
    full: bool = False,
) -> Prepared:
    """Read the tables at one version, validate every rule, list what the workspace has.

    `configuration` has all keys of the stack, for references to it. `full` sends every query to
    the warehouse, also those that it need not see again. Raises AlertsError for whatever keeps
    that from being known.
    """
    with (
        ThreadPoolExecutor(1, thread_name_prefix="inventory") as beside,
        open_warehouse(config, settings.warehouse_id, settings.parallel_workers) as warehouse,
    ):
        # First the tables: where no workspace answers, that is known at once, while databricks-sdk
        # would go on asking for minutes.
        snapshot = read_snapshot(warehouse, settings)
        listed = beside.submit(take_inventory, config)
        report = validate(
            snapshot,
            settings,
            warehouse,
            full=full,
            existing=lambda: destination_types(listed.result()),
            look_up=SecretResolver(configuration, workspace_secrets(lambda: config)).look_up,
            deployer=lambda: user_name(config),
            around=WorkspaceSurroundings(config),
        )
        inventory = with_unlisted(config, snapshot, listed.result())
        trashed = 0
        if quota_is_near(inventory, snapshot.rows) and not settings.purge_on_delete:
            trashed = trashed_lately(warehouse, settings)
    return Prepared(
        settings=settings,
        snapshot=snapshot,
        report=report,
        inventory=inventory,
        trashed_lately=trashed,
        drifts=drifts_of(snapshot, inventory, settings, report.stand_ins),
    )


def prepared_or_prepare(
    config: Callable[[], Config], settings: Settings, configuration: Mapping[str, str]
) -> Prepared:
    """What the `alerts` command prepared for this run, else prepare it here.

    Preview and update of one `alerts up` so see the same tables. The file is used only for the
    same settings; under plain `pulumi up` there is none. `config` is asked only where it is needed:
    databricks-sdk takes more than a second to import.
    """
    path = os.environ.get(PREPARED_VARIABLE)
    if path:
        try:
            found = Prepared.model_validate_json(Path(path).read_bytes())
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"{PREPARED_VARIABLE} names {path}, which cannot be read: {error}. Unset it"
            ) from error
        if found.settings == settings:
            return found
    return prepare(config(), settings, configuration=configuration)


def plan(prepared: Prepared, deployed: Deployed) -> Plan:
    """Decide for every rule and destination; guards are checked first.

    Raises ValidationError (onInvalid: fail) or GuardError, before anything changes.
    """
    settings, snapshot = prepared.settings, prepared.snapshot
    if settings.on_invalid == "fail" and prepared.report.findings:
        raise ValidationError(describe(prepared.report.findings))
    guard_state(deployed)
    guard_version(snapshot.config_version, deployed, pinned=settings.config_version is not None)
    candidates = _alert_candidates(prepared)
    alerts = decide_alerts(
        candidates,
        prepared.inventory,
        deployed,
        parent_path=settings.parent_path,
        adopt_existing=settings.adopt_existing,
        disabled=_disabled(snapshot),
    )
    destinations = _decide_destinations(prepared, deployed)
    destinations += still_needed(destinations, deployed.destinations, alerts, prepared.inventory)
    deletes = guard_deletes(
        _kept(alerts),
        deployed.alerts | _by_urn(deployed.stray_alerts),
        rows=snapshot.rows,
        max_deletes=settings.max_deletes,
    )
    guard_deletes(
        _kept(destinations),
        deployed.destinations | _by_urn(deployed.stray_destinations),
        rows=len(snapshot.destinations) + len(snapshot.invalid_destinations),
        max_deletes=settings.max_deletes,
        table=DESTINATIONS,
    )
    warnings = [
        guard_quota(alerts, prepared.inventory, prepared.trashed_lately),
        left_elsewhere(candidates, alerts, prepared.inventory) if settings.adopt_existing else None,
        left_running(_disabled(snapshot), prepared.inventory, deployed),
        running_though_paused(alerts, prepared.inventory) if settings.paused else None,
        *(f"{item.where}: {item.what}" for item in prepared.report.setting_findings),
        held_though_muted(alerts, snapshot.muted),
        *replaced_in_folders(alerts, prepared.inventory),
    ]
    return Plan(
        prepared,
        tuple(alerts),
        tuple(destinations),
        tuple(key for key in deletes if key in deployed.alerts),
        tuple(warning for warning in warnings if warning),
        _versions(snapshot, deployed.versions),
    )


def _disabled(snapshot: Snapshot) -> dict[str, str]:
    """The alerts that disabled rules name."""
    return {
        rule.alert_id: rule.databricks_alert_id
        for rule in snapshot.rules
        if not rule.is_enabled and rule.databricks_alert_id
    }


def _kept(declared: Sequence[Declared]) -> list[str]:
    """What stays of the state: keys, and the names under which it holds what was renamed."""
    staying = [item for item in declared if item.is_ours]
    return [name for item in staying for name in (item.key, item.former_key, item.former_urn)]


def _by_urn(strays: Sequence[Stray]) -> dict[str, str]:
    return {item.urn: item.id for item in strays}


def _versions(snapshot: Snapshot, before: Versions | None) -> Versions:
    """The versions in which the contents came to be: what a deployment records is no change."""
    now = snapshot.versions
    if before is None:
        return now
    return Versions(
        before.config if before.config_digest == now.config_digest else now.config,
        before.destinations
        if before.destinations_digest == now.destinations_digest
        else now.destinations,
        now.config_digest,
        now.destinations_digest,
    )


def describe(findings: list[Finding]) -> str:
    """All findings as lines: key, column, what, remedy."""
    rules = len({finding.key for finding in findings})
    lines = [
        f"  {finding.key} {finding.where}: {finding.what} → {finding.remedy}"
        for finding in findings
    ]
    return f"{len(findings)} findings in {rules} rows:\n" + "\n".join(lines)


def _alert_candidates(prepared: Prepared) -> list[Candidate]:
    snapshot = prepared.snapshot
    good = {result.alert_id for result in prepared.report.rules if result.is_valid}
    rules = [
        Candidate(
            rule.alert_id,
            rule.display_name,
            rule.databricks_alert_id or "",
            rule.alert_id in good,
            rule.databricks_display_name or "",
            rule.folder or "",
        )
        for rule in snapshot.rules
        if rule.is_enabled
    ]
    broken = [
        Candidate(item.key, item.name, item.databricks_id, valid=False, folder=item.folder or "")
        for item in snapshot.invalid_rules
        if item.is_enabled
    ]
    return sorted([*rules, *broken], key=lambda item: item.key)


def _decide_destinations(prepared: Prepared, deployed: Deployed) -> list[Declared]:
    snapshot = prepared.snapshot
    wrong = prepared.report.destination_reasons
    rows = [item for item in snapshot.destinations if item.is_enabled]
    enabled = [item for item in rows if not item.refers]
    referring = {
        item.destination_id: item.databricks_destination_id or "" for item in rows if item.refers
    }
    candidates = [
        Candidate(
            item.destination_id,
            item.destination_name,
            item.databricks_destination_id or "",
            item.destination_id not in wrong,
        )
        for item in enabled
    ]
    candidates += [
        Candidate(item.key, item.name, item.databricks_id, valid=False)
        for item in snapshot.invalid_destinations
        if item.is_enabled
    ]
    types = {item.destination_id: KINDS[item.destination_type].api_type for item in enabled}
    declared = decide_destinations(
        candidates,
        types,
        prepared.inventory,
        deployed,
        adopt_existing=prepared.settings.adopt_existing,
    )
    return [*declared, *refer(referring, wrong, deployed.destinations)]
