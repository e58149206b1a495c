"""Options that several subcommands share."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts.cli import completing


class EngineChoice(StrEnum):
    """Which engine deploys: `auto` takes `pulumi` when it is on PATH."""

    AUTO = "auto"
    PULUMI = "pulumi"
    EMBEDDED = "embedded"


Stack = Annotated[
    str,
    typer.Option(
        "--stack",
        "-s",
        envvar="ALERTS_STACK",
        help="The stack: one a workspace.",
        autocompletion=completing.stacks,
    ),
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask before changing anything.")]
Engine = Annotated[EngineChoice, typer.Option("--engine", help="Which engine deploys.")]
Diff = Annotated[
    bool, typer.Option("--diff", help="Show every property of what is created or deleted, too.")
]
Full = Annotated[
    bool,
    typer.Option("--full", help="EXPLAIN every query, also those unchanged since they were valid."),
]
Parallel = Annotated[
    int, typer.Option("--parallel", "-p", min=1, help="How many steps run at once.")
]
Refresh = Annotated[
    bool, typer.Option("--refresh", "-r", help="Read the workspace first, to see drift.")
]
Target = Annotated[
    list[str] | None,
    typer.Option("--target", "-t", help="Only this URN or alert_id; may be repeated."),
]
Exclude = Annotated[
    list[str] | None,
    typer.Option("--exclude", help="All but this URN or alert_id; may be repeated."),
]
Replace = Annotated[
    list[str] | None,
    typer.Option("--replace", help="Replace this URN or alert_id; may be repeated."),
]
TargetDependents = Annotated[
    bool, typer.Option("--target-dependents", help="Also what depends on the targets.")
]
ExcludeDependents = Annotated[
    bool, typer.Option("--exclude-dependents", help="Also leave out what depends on the excluded.")
]
EventLog = Annotated[
    Path | None,
    typer.Option("--event-log", help="Write every engine event to this file, one JSON a line."),
]
