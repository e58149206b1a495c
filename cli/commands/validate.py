"""`alerts validate`: check every rule without deploying anything."""

from __future__ import annotations

import typer

from alerting.snapshot import read_snapshot
from alerting.validation import validate as validate_snapshot
from cli import console
from cli.context import open_stack
from cli.findings import print_findings
from cli.options import Json, Stack


def validate(stack: Stack = "local", json: Json = False) -> None:
    """Check every enabled rule, EXPLAIN included; exit status 1 if anything is found."""
    context = open_stack(stack)
    with context.warehouse() as warehouse:
        snapshot = read_snapshot(warehouse, context.settings)
        report = validate_snapshot(snapshot, context.settings, warehouse)
    findings = report.findings
    if json:
        console.print_json(
            {
                "valid": not findings,
                "rules": len(report.rules),
                "config_version": report.config_version,
                "findings": [finding.model_dump() for finding in findings],
            }
        )
    else:
        print_findings(findings)
        if not findings:
            console.out.print(f"{len(report.rules)} rules are valid", highlight=False)
    if findings:
        raise typer.Exit(1)
