"""`alerts pulumi`: the real pulumi CLI for machines that cannot download it."""

from __future__ import annotations

import os
import shlex
from typing import Annotated

import typer

from databricks_alerts.cli import console, pulumi_build
from databricks_alerts.cli.project import find_project
from databricks_alerts.cli.pulumi_tools import find_go, shell_environment, tools_of
from databricks_alerts.errors import ConfigurationError

app = typer.Typer(
    no_args_is_help=True,
    help=(
        "Build the real pulumi CLI from its Go modules, and use it.\n\nExample: alerts pulumi build"
    ),
)

_NO_GO = (
    "there is no Go on PATH, which builds pulumi: install Go 1.25 or newer (https://go.dev/dl, or "
    "your distribution's package), or use the embedded engine, which needs nothing"
)


@app.command()
def env() -> None:
    """Print what puts the built CLI on PATH: eval "$(alerts pulumi env)".

    Example: eval "$(alerts pulumi env)"
    """
    settings = shell_environment(tools_of(find_project()), os.environ)
    for name, value in settings.items():
        print(f"export {name}={shlex.quote(value)}")


@app.command()
def build(
    optional: Annotated[
        bool, typer.Option("--if-go", help="Where there is no Go, say so and be done.")
    ] = False,
) -> None:
    """Build it into the project's folder (`make pulumi`).

    Example: alerts pulumi build
    """
    go = find_go(os.environ)
    if go is None and optional:
        console.note("There is no Go here: the tests of the real engine will not run")
        return
    if go is None:
        raise ConfigurationError(_NO_GO)
    tools = tools_of(find_project())
    pulumi_build.build(tools, go, os.environ, console.note)
    if not optional:
        console.note(f'{tools.cli}\nTo use it here: eval "$(alerts pulumi env)"')


@app.command()
def update() -> None:
    """Pin the CLI to the version of the Python SDK in requirements.txt.

    Example: alerts pulumi update
    """
    go = find_go(os.environ)
    if go is None:
        raise ConfigurationError(_NO_GO)
    project = find_project()
    tools = tools_of(project)
    wanted = pulumi_build.pinned_sdk(project / "requirements.txt")
    pulumi_build.update(tools, go, os.environ, wanted)
    console.note(f"{tools.module / 'go.mod'} pins pulumi {tools.version()}")
