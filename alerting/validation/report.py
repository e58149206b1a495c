"""What validation found, complete and ready to be shown, stored and recorded."""

from __future__ import annotations

import datetime as dt
import hashlib

from pydantic import BaseModel, ConfigDict

from alerting.findings import Finding


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
    """Results of every enabled rule, and findings of destinations."""

    model_config = ConfigDict(frozen=True)

    run_id: str
    validated_at: dt.datetime
    config_version: int
    rules: tuple[RuleResult, ...]
    destination_findings: tuple[Finding, ...] = ()

    @property
    def findings(self) -> list[Finding]:
        """Everything that was found, rules first, in order of their keys."""
        of_rules = [finding for result in self.rules for finding in result.findings]
        return [*of_rules, *self.destination_findings]

    @property
    def has_fresh_results(self) -> bool:
        """Whether a query was explained whose result spares the next run to explain it."""
        return any(item.fingerprint and item.duration_ms is not None for item in self.rules)

    def result(self, alert_id: str) -> RuleResult | None:
        """The result of one rule."""
        return next((item for item in self.rules if item.alert_id == alert_id), None)
