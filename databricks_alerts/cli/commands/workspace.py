"""`alerts workspace`: the local Databricks workspace, as a background process."""

from __future__ import annotations

from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import Annotated

import typer
from rich.progress import track
from rich.table import Table

from databricks_alerts.cli import console
from databricks_alerts.cli.connecting import connecting
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.local import workspace_dir
from databricks_alerts.cli.options import Json
from databricks_alerts.cli.project import find_project
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.local_workspace import client, process
from databricks_alerts.local_workspace.errors import WorkspaceProcessError
from databricks_alerts.local_workspace.faults.rules import KINDS
from databricks_alerts.snapshot import read_snapshot

_AT_A_TIME = 4

app = typer.Typer(
    no_args_is_help=True,
    help="Start, stop and look at the local workspace.\n\nExample: alerts workspace start",
)


@app.command()
def start(
    port: Annotated[
        int | None, typer.Option(help="Listen on this port; default: a free one, kept.")
    ] = None,
    sql_engine: Annotated[
        str | None,
        typer.Option(help="What runs SQL: sail, or spark, an Apache Spark that is set up here."),
    ] = None,
    spark_memory: Annotated[
        str | None, typer.Option(help="How much that Apache Spark may take; default: 2g.")
    ] = None,
    spark: Annotated[
        str | None, typer.Option(help="A Spark Connect server (sc://host:port) behind SQL.")
    ] = None,
    clock: Annotated[
        str | None, typer.Option(help="Begin at this time, such as 2026-11-01T00:00Z.")
    ] = None,
    speed: Annotated[
        float | None, typer.Option(min=0.01, help="How many seconds pass in one.")
    ] = None,
    allow_egress: Annotated[
        bool, typer.Option("--allow-egress", help="Let notifications leave this machine.")
    ] = False,
) -> None:
    """Start the local workspace, or say that it runs.

    Example: alerts workspace start
    """
    directory = workspace_dir(find_project())
    running = process.status(directory)
    if running is None:
        running = process.start(
            directory,
            port,
            sql_engine=sql_engine,
            spark_memory=spark_memory,
            spark=spark,
            clock=clock,
            speed=speed,
            allow_egress=allow_egress,
            tell=lambda text: console.out.print(text, highlight=False, markup=False),
        )
        console.out.print(f"The local workspace runs at {running.url} (pid {running.pid})")
        return
    wanted = spark or sql_engine
    if wanted is not None and wanted != running.sql_engine:
        raise WorkspaceProcessError(
            f"the local workspace runs already at {running.url}, with {running.sql_engine} behind "
            f"SQL; stop it first, its data stay: alerts workspace stop"
        )
    console.out.print(f"The local workspace runs already at {running.url} (pid {running.pid})")


@app.command()
def stop() -> None:
    """Stop the local workspace; its data stay.

    Example: alerts workspace stop
    """
    if process.stop(workspace_dir(find_project())):
        console.out.print("The local workspace is stopped")
    else:
        console.out.print("The local workspace does not run")


@app.command()
def status(json: Json = False) -> None:
    """Say whether the local workspace runs, and where; exit status 1 if it does not.

    Example: alerts workspace status
    """
    directory = workspace_dir(find_project())
    running = process.status(directory)
    if json:
        console.print_json({"running": running is not None, **_facts(running)})
    elif running is None:
        console.out.print("The local workspace does not run; start it: alerts workspace start")
    else:
        for name, value in _facts(running).items():
            console.out.print(f"{name:<13} {value}", highlight=False, soft_wrap=True)
        console.out.print(connecting(running), highlight=False, markup=False, soft_wrap=True)
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
        "sql_engine": running.sql_engine,
    }


@app.command()
def run(
    alert: Annotated[
        str | None, typer.Argument(help="An alert's id, its name, or its rule's alert_id.")
    ] = None,
    every: Annotated[bool, typer.Option("--all", help="Every alert of the workspace.")] = False,
    json: Json = False,
) -> None:
    """Evaluate an alert now, or all of them; exit status 1 if one fails.

    Example: alerts workspace run COST-001; alerts workspace run --all
    """
    if every == (alert is not None):
        raise ConfigurationError("name one alert to evaluate, or give --all")
    running = _running()
    if alert is None:
        _run_all(running, json)
        return
    evaluation = client.run_alert(running, _find(running, alert))
    if json:
        console.print_json(evaluation)
    else:
        found = evaluation["error"] or f"{evaluation['column']} = {evaluation['value']}"
        console.out.print(
            f"{evaluation['display_name']}: {evaluation['state']} ({found})", markup=False
        )
    if evaluation["state"] == "ERROR":
        raise typer.Exit(1)


def _run_all(running: process.Running, json: bool) -> None:
    alerts = client.alerts(running)
    keys = [item["id"] for item in alerts if item.get("lifecycle_state") == "ACTIVE"]
    with ThreadPoolExecutor(_AT_A_TIME) as workers:
        running_now = workers.map(partial(client.run_alert, running), keys)
        done = list(
            track(running_now, "Evaluating", len(keys), console=console.errors, transient=True)
        )
    states = Counter(str(item["state"]) for item in done)
    if json:
        console.print_json(done)
    else:
        console.out.print(
            f"Evaluated {len(done)} alerts: "
            + ", ".join(f"{count} {state}" for state, count in sorted(states.items())),
            highlight=False,
        )
        for item in done:
            if item["state"] == "ERROR":
                console.out.print(f"  {item['display_name']}: {item['error']}", markup=False)
    if states["ERROR"]:
        raise typer.Exit(1)


@app.command("open")
def open_page() -> None:
    """Print a link that opens the workspace's page, signed in; it works once.

    Example: alerts workspace open
    """
    console.out.print(client.sign_in_link(_running()), markup=False, highlight=False)


@app.command()
def fault(
    kind: Annotated[
        str | None, typer.Argument(help=f"One of {', '.join(KINDS)}; without it they are listed.")
    ] = None,
    method: Annotated[str, typer.Option(help="The requests' method.")] = "*",
    path: Annotated[str, typer.Option(help="A glob over the requests' path.")] = "*",
    share: Annotated[float, typer.Option(help="The part of them, 0 to 1.")] = 1.0,
    count: Annotated[int | None, typer.Option(help="At most so many.")] = None,
    seconds: Annotated[float, typer.Option(help="Latency, Retry-After, or time to start.")] = 1.0,
    status_code: Annotated[int, typer.Option("--status", help="Of a server_error.")] = 500,
    clear: Annotated[bool, typer.Option("--clear", help="Lift all faults.")] = False,
) -> None:
    """Break something on demand, list what is broken, or lift it.

    Example: alerts workspace fault rate_limit --share 0.3
    """
    running = _running()
    if clear:
        client.clear_faults(running)
    elif kind is not None:
        client.add_fault(
            running,
            kind,
            method=method,
            path=path,
            share=share,
            count=count,
            seconds=seconds,
            status=status_code,
        )
    made = console.table("kind", "method", "path", "share", "count", "matched", "struck")
    for item in client.faults(running):
        made.add_row(*(str(item[name]) for name in _columns(made)))
    console.out.print(made)


def _columns(made: Table) -> list[str]:
    """The names of a table's columns."""
    return [str(column.header) for column in made.columns]


def _running() -> process.Running:
    running = process.status(workspace_dir(find_project()))
    if running is None:
        raise WorkspaceProcessError("the local workspace does not run: alerts workspace start")
    return running


def _find(running: process.Running, wanted: str) -> str:
    """The id of the alert of that id, name, or rule (by the local stack's table)."""
    alerts = client.alerts(running)
    found = [item["id"] for item in alerts if wanted in (item["id"], item["display_name"])]
    if not found:
        context = open_stack("local")
        with context.warehouse() as warehouse:
            rules = read_snapshot(warehouse, context.settings).rules
        known = {rule.alert_id: rule.databricks_alert_id for rule in rules}
        found = [item["id"] for item in alerts if item["id"] == known.get(wanted)]
    if len(found) != 1:
        what = "no alert" if not found else f"{len(found)} alerts"
        raise ConfigurationError(
            f"{wanted!r} names {what}; give the id of one alert, as `alerts status` shows it"
        )
    return str(found[0])
