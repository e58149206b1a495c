"""`alerts refresh`: make the state what the workspace holds."""

from __future__ import annotations

import typer

from databricks_alerts.cli import options
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.operations import run_operation


def refresh(
    stack: options.Stack = "local",
    yes: options.Yes = False,
    target: options.Target = None,
    exclude: options.Exclude = None,
    diff: options.Diff = False,
    parallel: options.Parallel = 16,
    json: options.Json = False,
    engine: options.Engine = options.EngineChoice.AUTO,
    event_log: options.EventLog = None,
) -> None:
    """Read every resource and take over what changed outside; changes nothing in Databricks.

    Example: alerts refresh -s dev
    """
    raise typer.Exit(
        run_operation(
            open_stack(stack),
            "refresh",
            engine,
            target or [],
            exclude or [],
            parallel=parallel,
            yes=yes,
            json=json,
            diff=diff,
            event_log=event_log,
        )
    )
