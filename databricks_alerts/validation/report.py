"""What validation found, complete and ready to be shown, stored and recorded."""

from __future__ import annotations

import datetime as dt
import hashlib

from pydantic import BaseModel, ConfigDict

from databricks_alerts.destinations.stand_ins import Waiting
from databricks_alerts.rules.findings import Finding


class RuleResult(BaseModel):
    """One rule's result; `duration_ms` is what EXPLAIN took, None where none was sent.

    `fingerprint` tells a later run what this valid result hangs on (validation.fingerprint).
    """

    model_config = ConfigDict(frozen=True)

    alert_id: str
    query: str = ""
    findings: tuple[Finding, ...] = ()
    duration_ms: float | None = None
    fingerprint: str = ""

    @property
    def is_valid(self) -> bool:
        """Whether nothing speaks against the rule."""
        return not self.findings

    @property
    def query_hash(self) -> str:
        """SHA-256 of the rendered query, empty where there is none."""
        return hashlib.sha256(self.query.encode()).hexdigest() if self.query else ""


class ValidationReport(BaseModel):
    """Results of every enabled rule, and findings of destinations and mutes.

    `waiting` are destinations without their secrets for which others stand in: no findings.
    `setting_findings` speak against the stack's settings and keep no rule from being deployed.
    """

    model_config = ConfigDict(frozen=True)

    run_id: str
    validated_at: dt.datetime
    config_version: int
    rules: tuple[RuleResult, ...]
    destination_findings: tuple[Finding, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    setting_findings: tuple[Finding, ...] = ()
    mute_findings: tuple[Finding, ...] = ()

    @property
    def stand_ins(self) -> dict[str, tuple[str, ...]]:
        """Who is notified in place of a destination that is not there, by destination_id."""
        return {item.key: item.channels for item in self.waiting if item.channels}

    @property
    def destination_reasons(self) -> dict[str, str]:
        """Why destinations are held or skipped, by destination_id."""
        reasons: dict[str, list[str]] = {}
        for finding in self.destination_findings:
            reasons.setdefault(finding.key, []).append(finding.what)
        joined = {key: "; ".join(found) for key, found in reasons.items()}
        return joined | {item.key: item.reason for item in self.waiting}

    @property
    def findings(self) -> list[Finding]:
        """Everything that was found, rules first, in order of their keys."""
        of_rules = [finding for result in self.rules for finding in result.findings]
        return [*of_rules, *self.destination_findings, *self.mute_findings]

    @property
    def has_fresh_results(self) -> bool:
        """Whether a query was explained whose result spares the next run to explain it."""
        return any(item.fingerprint and item.duration_ms is not None for item in self.rules)

    def result(self, alert_id: str) -> RuleResult | None:
        """The result of one rule."""
        return next((item for item in self.rules if item.alert_id == alert_id), None)
