"""`alerts destroy`: delete everything that the stack deployed."""

from __future__ import annotations

import typer

from databricks_alerts.cli import options
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.operations import run_operation


def destroy(
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
    """Trash every alert and delete every destination of the stack; the tables stay.

    Example: alerts destroy -s dev
    """
    raise typer.Exit(
        run_operation(
            open_stack(stack),
            "destroy",
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
