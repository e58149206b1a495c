"""`alerts workspace`: the local Databricks workspace, as a background process."""

from __future__ import annotations

from typing import Annotated

import typer

from cli import console
from cli.local import workspace_dir
from cli.options import Json
from cli.project import find_project
from workspace import process

app = typer.Typer(no_args_is_help=True, help="Start, stop and look at the local workspace.")


@app.command()
def start(
    port: Annotated[
        int | None, typer.Option(help="Listen on this port; default: a free one, kept.")
    ] = None,
    spark: Annotated[
        str | None, typer.Option(help="A Spark Connect server (sc://host:port) behind SQL.")
    ] = None,
) -> None:
    """Start the local workspace, or say that it runs."""
    directory = workspace_dir(find_project())
    running = process.status(directory)
    if running is None:
        running = process.start(directory, port, spark=spark)
        console.out.print(f"The local workspace runs at {running.url} (pid {running.pid})")
    else:
        console.out.print(f"The local workspace runs already at {running.url} (pid {running.pid})")


@app.command()
def stop() -> None:
    """Stop the local workspace; its data stay."""
    if process.stop(workspace_dir(find_project())):
        console.out.print("The local workspace is stopped")
    else:
        console.out.print("The local workspace does not run")


@app.command()
def status(json: Json = False) -> None:
    """Say whether the local workspace runs, and where; exit status 1 if it does not."""
    directory = workspace_dir(find_project())
    running = process.status(directory)
    if json:
        console.print_json({"running": running is not None, **_facts(running)})
    elif running is None:
        console.out.print("The local workspace does not run; start it: alerts workspace start")
    else:
        for name, value in _facts(running).items():
            console.out.print(f"{name:<13} {value}", highlight=False, soft_wrap=True)
    if running is None:
        raise typer.Exit(1)


def _facts(running: process.Running | None) -> dict[str, object]:
    """What people and machines may know of a running workspace; the token is in the profile."""
    if running is None:
        return {}
    return {
        "url": running.url,
        "pid": running.pid,
        "warehouse_id": running.warehouse_id,
        "config_file": str(running.config_file),
    }
