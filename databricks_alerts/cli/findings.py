"""Findings: every rule, every reason, at once; and what waits for secrets."""

from __future__ import annotations

from collections.abc import Sequence

from databricks_alerts.cli import console
from databricks_alerts.destinations.stand_ins import Waiting, told
from databricks_alerts.plan.deployment import Prepared
from databricks_alerts.rules.findings import Finding


def print_findings(findings: Sequence[Finding]) -> None:
    """Print what is wrong, where and what to do; nothing where nothing is.

    A table on a terminal; elsewhere a line a finding, as compilers print them, for logs and grep.
    """
    if not findings:
        return
    if console.errors.file.isatty():
        made = console.table("rule", "where", "what", "remedy", title="Findings")
        for finding in findings:
            made.add_row(finding.key, _place(finding), finding.what, finding.remedy)
        console.errors.print(made)
    else:
        for finding in findings:
            what = " ".join(finding.what.split())
            console.note(f"{finding.key} {_place(finding)}: {what} → {finding.remedy}")
    keys = len({finding.key for finding in findings})
    console.note(f"{len(findings)} findings in {keys} rows")


def print_waiting(waiting: Sequence[Waiting]) -> None:
    """Print which destinations wait for secrets and what makes these; nothing where none does."""
    text = told(waiting)
    if text:
        console.note(text)


def print_environment(prepared: Prepared) -> None:
    """Print what the stack's settings make of its rules; nothing where they make nothing."""
    for line in prepared.environment:
        console.note(line)


def _place(finding: Finding) -> str:
    if finding.line is None:
        return finding.where
    position = "" if finding.position is None else f":{finding.position}"
    return f"{finding.where}:{finding.line}{position}"
