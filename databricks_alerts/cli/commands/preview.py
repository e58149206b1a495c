"""`alerts preview`: show what `up` would do."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts.cli import options
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.deploy import Request, run_preview
from databricks_alerts.cli.targets import deployment_options


def preview(
    stack: options.Stack = "local",
    refresh: options.Refresh = False,
    target: options.Target = None,
    target_dependents: options.TargetDependents = False,
    exclude: options.Exclude = None,
    exclude_dependents: options.ExcludeDependents = False,
    replace: options.Replace = None,
    diff: options.Diff = False,
    full: options.Full = False,
    parallel: options.Parallel = 16,
    json: options.Json = False,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write a plan file for `up --plan`.")
    ] = None,
    engine: options.Engine = options.EngineChoice.AUTO,
    event_log: options.EventLog = None,
) -> None:
    """Show what `up` would change; writes nothing at all.

    Example: alerts preview -s dev --refresh
    """
    context = open_stack(stack)
    wanted = deployment_options(
        context,
        target or [],
        exclude or [],
        replace or [],
        refresh=refresh,
        target_dependents=target_dependents,
        exclude_dependents=exclude_dependents,
        parallel=parallel,
    )
    request = Request(
        context,
        engine,
        wanted,
        json=json,
        diff=diff,
        full=full,
        plan_out=out,
        event_log=event_log,
    )
    if not run_preview(request).succeeded:
        raise typer.Exit(1)
