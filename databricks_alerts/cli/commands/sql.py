"""`alerts sql`: run statements on the stack's warehouse."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.cli.sql import printing
from databricks_alerts.cli.sql.parameters import read_parameters
from databricks_alerts.cli.sql.prompt import read_statements
from databricks_alerts.cli.sql.statements import Statement, UnfinishedError, split
from databricks_alerts.errors import ConfigurationError, WarehouseError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.warehouse import SqlWarehouse

_MOST_ROWS = 1000
_HISTORY = Path(".alerts") / "sql_history"


def sql(
    statement: Annotated[
        str | None, typer.Argument(help="What to run; several statements end with `;`.")
    ] = None,
    file: Annotated[
        Path | None, typer.Option("--file", "-f", help="Run this file; - is standard input.")
    ] = None,
    parameter: Annotated[
        list[str] | None,
        typer.Option(
            "--param", "-p", help="name=value or name:TYPE=value for :name; may be repeated."
        ),
    ] = None,
    stack: Stack = "local",
    json: Json = False,
    csv: Annotated[bool, typer.Option("--csv", help="Print CSV with a header.")] = False,
    limit: Annotated[
        int, typer.Option(min=0, help="How many rows a table shows; 0 for all.")
    ] = _MOST_ROWS,
) -> None:
    """Run SQL on the stack's warehouse, in its catalog and schema; without any, prompt for it.

    Example: alerts sql "SELECT * FROM alert_configurations" -s dev
    """
    if statement is not None and file is not None:
        raise ConfigurationError("give a statement or --file, not both")
    if json and csv:
        raise ConfigurationError("give --json or --csv, not both")
    context = open_stack(stack)
    values = read_parameters(parameter or ())
    printer = printing.print_csv if csv else printing.print_table(limit)
    printer = printing.print_json if json else printer
    with context.warehouse(connections=1) as warehouse:
        runner = _Runner(warehouse, printer, values)
        runner.stand_in(context.settings)
        if statement is None and file is None and sys.stdin.isatty():
            _converse(runner, context)
            return
        text, name = _text(statement, file)
        for item in _split(text, name):
            runner.run(item, name)


class _Runner:
    """Runs statements one by one in one session, and prints what each answers."""

    def __init__(
        self, warehouse: SqlWarehouse, printer: printing.Printer, values: Mapping[str, Any]
    ) -> None:
        self._warehouse, self._printer, self._values = warehouse, printer, values

    def stand_in(self, settings: Settings) -> None:
        """Make the stack's catalog and schema the current ones, where they are there yet."""
        for word, name in (("CATALOG", settings.catalog), ("SCHEMA", settings.gold_schema)):
            try:
                self._warehouse.execute(f"USE {word} {quote(name)}")
            except WarehouseError as error:
                if not error.sqlstate.startswith("42"):
                    raise
                console.note(f"{word.lower()} {name} is not there yet")
                return

    def run(self, item: Statement, name: str) -> None:
        """Run one statement. Raises WarehouseError with the file and line where it stands."""
        try:
            with self._warehouse.results(item.sql, self._values) as results:
                self._printer(results)
        except WarehouseError as error:
            place = f"{name}:{item.line}: " if name else ""
            raise WarehouseError(
                place + str(error), condition=error.condition, sqlstate=error.sqlstate
            ) from error


def _converse(runner: _Runner, context: StackContext) -> None:
    """The prompt: an error is told, and the next statement awaited."""
    for text in read_statements(context.project_dir / _HISTORY, context.stack):
        try:
            for item in _split(text, ""):
                runner.run(item, "")
        except (WarehouseError, ConfigurationError) as error:
            console.errors.print(str(error), style="red", markup=False, highlight=False)


def _text(statement: str | None, file: Path | None) -> tuple[str, str]:
    """What to run, and the name by which errors call it. Raises ConfigurationError."""
    if statement is not None:
        return statement, ""
    if file is None or str(file) == "-":
        return sys.stdin.read(), "standard input"
    try:
        return file.read_text(encoding="utf-8"), str(file)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}") from error


def _split(text: str, name: str) -> Iterator[Statement]:
    try:
        found = split(text)
    except UnfinishedError as error:
        raise ConfigurationError(f"{name + ': ' if name else ''}{error}") from error
    if not found:
        raise ConfigurationError("there is no statement to run")
    yield from found
