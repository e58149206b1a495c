"""The `alerts` command: parses, hands over to one module a subcommand, turns errors into words.

Exit status: 0 done or nothing to do, 1 the run failed or the gate says no, 2 wrong usage or
configuration.
"""

from __future__ import annotations

import os
import sys
from typing import Annotated

import typer

from databricks_alerts.cli import commands, completing, debug
from databricks_alerts.cli.console import errors
from databricks_alerts.cli.many import many
from databricks_alerts.cli.stacks import run_for_each
from databricks_alerts.engine.errors import EngineError, ProjectError
from databricks_alerts.errors import AlertsError
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

app = typer.Typer(
    name="alerts",
    help=(
        "Databricks SQL alerts as code: rows in Delta tables, deployed by a Pulumi program.\n\n"
        "Example: alerts init -s dev; alerts seed -s dev; alerts up -s dev"
    ),
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
commands.register(app)
completing.prepare()


@app.callback()
def _options(
    debugging: Annotated[
        bool, typer.Option("--debug", help="Show where an error came from, with its traceback.")
    ] = False,
) -> None:
    """The option stands here to be told of; `main` takes it wherever it is written."""
    if debugging:
        debug.switch_on()


def main() -> None:
    """Run the command line and exit with its status."""
    _take_debug()
    try:
        several = many(sys.argv[1:])
        if several is not None:
            sys.exit(run_for_each(*several))
        app()
    except AlertsError as error:
        _fail(error, str(error), error.exit_status)
    except ProjectError as error:
        _fail(error, str(error), 2)
    except (EngineError, WorkspaceProcessError) as error:
        _fail(error, str(error), 1)
    except KeyboardInterrupt as error:
        _fail(error, "interrupted", 130)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except Exception as error:  # noqa: BLE001 - a fault of ours is told like any other
        what = f"{type(error).__name__}: {error}"
        _fail(error, f"alerts itself failed, {what}; `alerts --debug …` shows where", 1)


def _take_debug() -> None:
    """Take `--debug` out of the command line: people write it behind the command, too."""
    words = sys.argv[1 : sys.argv.index("--")] if "--" in sys.argv else sys.argv[1:]
    if "--debug" in words:
        debug.switch_on()
        sys.argv = [word for word in sys.argv if word != "--debug"]


def _fail(error: BaseException, message: str, status: int) -> None:
    debug.show(error)
    errors.print(f"[bold red]error:[/] {_literal(message)}", highlight=False, soft_wrap=True)
    sys.exit(status)


def _literal(message: str) -> str:
    """A message with nothing in it that rich would take for markup."""
    return message.replace("[", r"\[")


if __name__ == "__main__":
    main()
