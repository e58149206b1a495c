"""`alerts stack`: look at the state, take it elsewhere, free it."""

from __future__ import annotations

import datetime as dt
import json as jsons
import sys
from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.cli.project import find_project
from databricks_alerts.cli.state import open_backend_of, open_store
from databricks_alerts.errors import ConfigurationError

app = typer.Typer(
    no_args_is_help=True,
    help="The state of a stack, in Pulumi's own format.\n\nExample: alerts stack ls",
)


@app.command("ls")
def ls(json: Json = False) -> None:
    """List the stacks that the backend holds.

    Example: alerts stack ls
    """
    backend, project = open_backend_of(find_project())
    names = [name for _, name in backend.stacks(project)]
    if json:
        console.print_json([{"name": name} for name in names])
        return
    for name in names:
        console.out.print(name, highlight=False)


@app.command("export")
def export(
    stack: Stack = "local",
    file: Annotated[Path | None, typer.Option(help="Write here, not to standard output.")] = None,
    show_secrets: Annotated[bool, typer.Option(help="Write secrets in the clear.")] = False,
) -> None:
    """Write the state as `pulumi stack export` does.

    Example: alerts stack export -s dev --file state.json
    """
    document = open_store(open_stack(stack)).export(show_secrets=show_secrets)
    text = jsons.dumps(document, indent=4)
    if file is None:
        print(text)
    else:
        file.write_text(text + "\n", encoding="utf-8")


@app.command("import")
def import_(
    stack: Stack = "local",
    file: Annotated[Path | None, typer.Option(help="Read this, not standard input.")] = None,
    force: Annotated[bool, typer.Option(help="Take a state of another stack, too.")] = False,
) -> None:
    """Replace the state by one that `stack export` or `pulumi stack export` wrote.

    Example: alerts stack import -s dev --file state.json
    """
    text = sys.stdin.read() if file is None else file.read_text(encoding="utf-8")
    try:
        document = jsons.loads(text)
    except ValueError as error:
        raise ConfigurationError(f"{file or 'standard input'} is not JSON: {error}") from error
    store = open_store(open_stack(stack))
    with store.lock():
        store.import_(document, force=force)
    console.out.print(f"The state of {stack} is replaced", highlight=False)


@app.command()
def history(stack: Stack = "local", json: Json = False) -> None:
    """List the updates of the stack, newest first.

    Example: alerts stack history -s dev
    """
    records = open_store(open_stack(stack)).history(50)
    if json:
        console.print_json([vars(record) for record in records])
        return
    made = console.table("started (UTC)", "took", "kind", "result", "changes", "message")
    for record in records:
        changes = ", ".join(f"{op} {count}" for op, count in record.resource_changes.items())
        started = dt.datetime.fromtimestamp(record.start_time, dt.UTC)
        seconds = f"{record.end_time - record.start_time} s"
        made.add_row(
            f"{started:%Y-%m-%d %H:%M:%S}",
            seconds,
            record.kind,
            record.result,
            changes,
            record.message,
        )
    console.out.print(made)


@app.command()
def unlock(stack: Stack = "local") -> None:
    """Remove the locks of an update that died, as `pulumi cancel` does, and save what it did.

    What a killed run of the embedded engine did stands in its journal until the state takes it in:
    the next `alerts up` does that too, the pulumi CLI does not.

    Example: alerts stack unlock -s dev
    """
    store = open_store(open_stack(stack))
    removed = store.unlock_all()
    with store.lock():
        folded = store.fold()
    console.out.print(
        f"{len(removed)} locks removed"
        + ("; the state has now what the interrupted update did" if folded else ""),
        highlight=False,
    )
