"""`alerts completion`: what makes a shell complete commands, options, stacks and packs."""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated

import typer
from typer.completion import get_completion_script  # type: ignore[attr-defined]

from databricks_alerts.cli.completing import VARIABLE


class Shell(StrEnum):
    """The shells that can."""

    BASH = "bash"
    ZSH = "zsh"
    FISH = "fish"


def completion(shell: Annotated[Shell, typer.Argument(help="The shell.")]) -> None:
    """Print the script that completes `alerts` in a shell; to be sourced in its startup file.

    Example: eval "$(alerts completion bash)"; alerts completion fish | source
    """
    typer.echo(get_completion_script(prog_name="alerts", complete_var=VARIABLE, shell=shell.value))
