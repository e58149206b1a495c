"""`alerts gate`: whether a change may be deployed."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts.cli import console, options
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.deploy import Request
from databricks_alerts.cli.gate import run_gate
from databricks_alerts.cli.labels import labels_of
from databricks_alerts.cli.targets import deployment_options
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.gate.model import GateReport
from databricks_alerts.reports import RENDERERS
from databricks_alerts.reports.text import short

_COLOURS = {"pass": "green", "blocked": "red", "unknown": "yellow"}
_WORDS = {"pass": "pass", "blocked": "blocked", "unknown": "could not tell"}


def gate(
    stack: options.Stack = "local",
    format_: Annotated[
        list[str] | None,
        typer.Option(
            "--format",
            metavar="FORMAT[=FILE]",
            help="json, markdown, junit, sarif or html; to a file, or instead of the table.",
        ),
    ] = None,
    label: Annotated[
        list[str] | None, typer.Option("--label", help="A label of the change, beside CI's own.")
    ] = None,
    policy: Annotated[
        list[str] | None,
        typer.Option(
            "--policy",
            metavar="NAME=LEVEL",
            help="Make a policy advisory, mandatory or off for this run.",
        ),
    ] = None,
    full: options.Full = False,
    parallel: options.Parallel = 16,
    engine: options.Engine = options.EngineChoice.AUTO,
) -> None:
    """Validate, preview with drift, check policies. Exit status: 0 pass, 1 blocked, 2 unknown.

    Example: alerts gate -s prod --format markdown=gate.md
    """
    targets = [_target(item) for item in format_ or []]
    levels = dict(_level(item) for item in policy or [])
    context = open_stack(stack)
    wanted = deployment_options(context, [], [], [], refresh=True, parallel=parallel)
    request = Request(context, engine, wanted, full=full)
    report = run_gate(request, labels_of(label or [], os.environ), levels)
    write_reports([report], targets)
    raise typer.Exit(report.exit_status)


def write_reports(
    reports: Sequence[GateReport], targets: Sequence[tuple[str, Path | None]]
) -> None:
    """Write each report asked for; the table for people unless standard output is taken.

    Raises ConfigurationError for a file that cannot be written.
    """
    for name, path in targets:
        text = RENDERERS[name](reports)
        if path is None:
            sys.stdout.write(text)
            continue
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise ConfigurationError(f"--format {name}={path}: {error.strerror}") from error
    if all(path is not None for _, path in targets):
        for report in reports:
            _print(report)


def _target(text: str) -> tuple[str, Path | None]:
    name, equals, path = text.partition("=")
    if name not in RENDERERS or (equals and not path):
        raise ConfigurationError(
            f"--format {text}: use one of {', '.join(RENDERERS)}, with =FILE to write a file"
        )
    return name, Path(path) if path else None


def _level(text: str) -> tuple[str, str]:
    name, equals, level = text.partition("=")
    if not equals:
        raise ConfigurationError(f"--policy {text}: use NAME=LEVEL")
    return name, level


def _print(report: GateReport) -> None:
    if report.findings:
        made = console.table("rule", "where", "what", "remedy", title="Invalid rules")
        for finding in report.findings:
            made.add_row(
                *(short(t) for t in (finding.key, finding.where, finding.what)), finding.remedy
            )
        console.out.print(made)
    if report.violations:
        made = console.table("policy", "level", "rule", "what", "remedy", title="Policies")
        for item in report.violations:
            made.add_row(item.policy, item.level, short(item.key), short(item.what), item.remedy)
        console.out.print(made)
    for drift in report.drift:
        _line(f"{drift.kind} {short(drift.key)} was {drift.what} outside")
    for step in report.steps:
        shown = [item.path for item in step.changes] if step.op != "create" else []
        _line(f"{step.op:<8} {step.kind} {short(step.key)} {short(', '.join(shown))}")
    for warning in report.warnings:
        _line(f"warning: {short(warning, 1000)}")
    if report.verdict != "unknown":
        _line(
            f"{len(report.steps)} changes, {report.unchanged} unchanged, "
            f"{report.cost.evaluations_per_day:.0f} evaluations a day"
        )
    for reason in report.reasons:
        _line(f"- {short(reason, 2000)}")
    style = _COLOURS[report.verdict]
    console.out.print(f"{short(report.stack)}: {_WORDS[report.verdict]}", style=style, markup=False)


def _line(text: str) -> None:
    console.out.print(text, markup=False, highlight=False, soft_wrap=True)
