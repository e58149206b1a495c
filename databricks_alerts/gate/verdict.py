"""Yes or no, from what was found: a pure decision."""

from __future__ import annotations

from collections.abc import Sequence

from databricks_alerts.gate.model import Verdict, Violation
from databricks_alerts.rules.findings import Finding


def decide(
    findings: Sequence[Finding], violations: Sequence[Violation], refusals: Sequence[str]
) -> tuple[Verdict, tuple[str, ...]]:
    """The verdict and its reasons.

    Invalid rows block even where onInvalid is `hold`: what is merged should be what runs.
    `refusals` are the guards that stopped the preview. Advisory violations never block.
    """
    reasons = list(refusals)
    if findings:
        keys = sorted({finding.key for finding in findings})
        reasons.append(f"{len(findings)} findings make {_named(keys)} invalid")
    broken: dict[str, list[str]] = {}
    for violation in violations:
        if violation.level == "mandatory":
            broken.setdefault(violation.policy, []).append(violation.key)
    for policy, keys in sorted(broken.items()):
        about = _named(sorted(key for key in keys if key))
        reasons.append(f"policy {policy} is broken{f' by {about}' if about else ''}")
    return ("blocked" if reasons else "pass"), tuple(reasons)


def _named(keys: list[str], most: int = 5) -> str:
    shown = ", ".join(keys[:most])
    return shown if len(keys) <= most else f"{shown} and {len(keys) - most} more"
