"""`alerts up`: deploy."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts.cli import console, options
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.deploy import Request, run_up
from databricks_alerts.cli.targets import deployment_options
from databricks_alerts.drift.mutes import touched_by_mutes
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.snapshot import read_snapshot
from databricks_alerts.workspace_view.inventory import take_inventory


def up(
    stack: options.Stack = "local",
    yes: options.Yes = False,
    skip_preview: Annotated[
        bool, typer.Option("--skip-preview", "-f", help="Do not preview first.")
    ] = False,
    refresh: options.Refresh = False,
    target: options.Target = None,
    target_dependents: options.TargetDependents = False,
    exclude: options.Exclude = None,
    exclude_dependents: options.ExcludeDependents = False,
    replace: options.Replace = None,
    diff: options.Diff = False,
    full: options.Full = False,
    mutes: Annotated[
        bool,
        typer.Option("--mutes", help="Only the rules that a mute's beginning or end changes."),
    ] = False,
    parallel: options.Parallel = 16,
    message: Annotated[str, typer.Option("--message", "-m", help="A note for the history.")] = "",
    plan: Annotated[
        Path | None, typer.Option("--plan", help="Apply what this plan file says, or nothing.")
    ] = None,
    json: options.Json = False,
    engine: options.Engine = options.EngineChoice.AUTO,
    event_log: options.EventLog = None,
) -> None:
    """Preview, ask, make the workspace what the tables say, and record the outcome.

    Example: alerts up -s dev --yes
    """
    context = open_stack(stack)
    if mutes:
        if target:
            raise ConfigurationError("--mutes chooses the rules itself: leave --target out")
        target = _touched(context)
        if not target:
            console.note("no mute begins or ends: nothing to do")
            return
    wanted = deployment_options(
        context,
        target or [],
        exclude or [],
        replace or [],
        refresh=refresh,
        target_dependents=target_dependents,
        exclude_dependents=exclude_dependents,
        parallel=parallel,
        # One alert's failure does not stop the others (the program's rule 8).
        continue_on_error=True,
        message=message,
    )
    request = Request(
        context,
        engine,
        wanted,
        json=json,
        diff=diff,
        full=full,
        plan_in=plan,
        yes=yes,
        skip_preview=skip_preview or json,
        event_log=event_log,
    )
    raise typer.Exit(run_up(request))


def _touched(context: StackContext) -> list[str]:
    with context.warehouse(3) as warehouse:
        snapshot = read_snapshot(warehouse, context.settings)
    return touched_by_mutes(snapshot, take_inventory(context.workspace))
