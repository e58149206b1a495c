"""Where the command writes: results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import os
import sys
from typing import Any

from rich.console import Console
from rich.table import Table

# Where nobody looks at a screen, lines are as long as they need to be.
_WIDTH = None if sys.stdout.isatty() or "COLUMNS" in os.environ else 180

out = Console(width=_WIDTH)
errors = Console(stderr=True, width=_WIDTH)


def note(message: str) -> None:
    """A line of progress for people; standard output stays clean for machines."""
    errors.print(message, highlight=False, markup=False, soft_wrap=True)


def print_json(document: Any) -> None:
    """One JSON document on standard output."""
    print(json.dumps(document, indent=2, default=str))


def table(*columns: str, title: str | None = None) -> Table:
    """A plain table in the house style; cells are text, never markup."""
    made = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for column in columns:
        made.add_column(column, overflow="fold")
    return made
