"""Where the command writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

import typer
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

from databricks_alerts.errors import ConfigurationError

# Where nobody looks at a screen, lines are as long as logs and searches want them.
_LOG_WIDTH = 180


def _console(*, stderr: bool = False) -> Console:
    """A console as wide as its terminal; a log's is wide whatever COLUMNS says of the shell's."""
    stream = sys.stderr if stderr else sys.stdout
    if stream.isatty():
        return Console(stderr=stderr)
    columns = os.environ.get("COLUMNS", "")
    width = max(_LOG_WIDTH, int(columns) if columns.isdecimal() else 0)
    # Rich takes a width at its word only where it has a height too (TERM=dumb, FORCE_COLOR).
    return Console(stderr=stderr, width=width, height=50)


out = _console()
errors = _console(stderr=True)


def note(message: str) -> None:
    """A line of progress for people; standard output stays clean for machines."""
    errors.print(message, highlight=False, markup=False, soft_wrap=True)


def confirm(question: str, otherwise: str) -> None:
    """Go on after a yes only. Raises ConfigurationError where nobody can answer: do `otherwise`."""
    if not os.isatty(0):
        raise ConfigurationError(f"nobody is there to ask: {otherwise}")
    typer.confirm(question, abort=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, indent=2, default=str))


class _TextTable(Table):
    """A table whose cells are text: rich would take `[dev]` in a string for a style and drop it."""

    def add_row(self, *cells: RenderableType | None, **more: Any) -> None:
        """A row of texts, or of what rich draws otherwise."""
        shown = (Text(cell) if isinstance(cell, str) else cell for cell in cells)
        super().add_row(*shown, **more)


def chart_width() -> int:
    """How many columns a chart may have, its labels and legend left room."""
    return max(10, min(100, out.width - 30))


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table in the house style; cells are text, never markup."""
    made = _TextTable(
        title=title, title_justify="left", box=None, pad_edge=False, header_style="bold"
    )
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
