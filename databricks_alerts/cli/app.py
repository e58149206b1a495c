"""The `alerts` command: parses, hands over to one module a subcommand, turns errors into words.

Exit status: 0 done or nothing to do, 1 the run failed or the gate says no, 2 wrong usage or
configuration.
"""

from __future__ import annotations

import os
import sys

import typer

from databricks_alerts.cli import commands
from databricks_alerts.cli.console import errors
from databricks_alerts.cli.many import many
from databricks_alerts.cli.stacks import run_for_each
from databricks_alerts.engine.errors import EngineError, ProjectError
from databricks_alerts.errors import AlertsError
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

app = typer.Typer(
    name="alerts",
    help="Databricks SQL alerts as code: rows in Delta tables, deployed by a Pulumi program.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)
commands.register(app)


def main() -> None:
    """Run the command line and exit with its status."""
    try:
        several = many(sys.argv[1:])
        if several is not None:
            sys.exit(run_for_each(*several))
        app()
    except AlertsError as error:
        _fail(str(error), error.exit_status)
    except ProjectError as error:
        _fail(str(error), 2)
    except (EngineError, WorkspaceProcessError) as error:
        _fail(str(error), 1)
    except KeyboardInterrupt:
        _fail("interrupted", 130)
    except BrokenPipeError:
        # Whoever read our output has seen enough, as `head` does; Python would complain at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)


def _fail(message: str, status: int) -> None:
    errors.print(f"[bold red]error:[/] {_literal(message)}", highlight=False, soft_wrap=True)
    sys.exit(status)


def _literal(message: str) -> str:
    """A message with nothing in it that rich would take for markup."""
    return message.replace("[", r"\[")


if __name__ == "__main__":
    main()
