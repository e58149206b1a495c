"""`alerts validate`: check every rule without deploying anything."""

from __future__ import annotations

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.findings import print_findings, print_waiting
from databricks_alerts.cli.options import Full, Json, Stack
from databricks_alerts.destinations.secrets import SecretResolver, workspace_secrets
from databricks_alerts.snapshot import read_snapshot
from databricks_alerts.validation import validate as validate_snapshot
from databricks_alerts.workspace_view.inventory import (
    destination_types,
    take_inventory,
    user_name,
)
from databricks_alerts.workspace_view.surroundings import WorkspaceSurroundings


def validate(stack: Stack = "local", full: Full = False, json: Json = False) -> None:
    """Check every enabled rule, by EXPLAIN too; exit status 1 if anything is found.

    Example: alerts validate -s dev --full
    """
    context = open_stack(stack)
    secrets = SecretResolver(context.configuration, workspace_secrets(lambda: context.workspace))
    with context.warehouse() as warehouse:
        snapshot = read_snapshot(warehouse, context.settings)
        report = validate_snapshot(
            snapshot,
            context.settings,
            warehouse,
            full=full,
            existing=lambda: destination_types(take_inventory(context.workspace)),
            look_up=secrets.look_up,
            deployer=lambda: user_name(context.workspace),
            around=WorkspaceSurroundings(context.workspace),
        )
    findings = [*report.findings, *report.setting_findings]
    explained = sum(1 for result in report.rules if result.duration_ms is not None)
    if json:
        console.print_json(
            {
                "valid": not findings,
                "rules": len(report.rules),
                "explained": explained,
                "config_version": report.config_version,
                "findings": [finding.model_dump() for finding in findings],
                "waiting": [item.model_dump() for item in report.waiting],
            }
        )
    else:
        print_findings(findings)
        print_waiting(report.waiting)
        if not findings:
            unchanged = len(report.rules) - explained
            note = f", {unchanged} of them unchanged since they were" if unchanged else ""
            console.out.print(f"{len(report.rules)} rules are valid{note}", highlight=False)
    if findings:
        raise typer.Exit(1)
