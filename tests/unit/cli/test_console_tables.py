"""Cells are text: what a rule's name, a prefix or a value holds is shown as it is."""

from __future__ import annotations

import io

import pytest
from rich.console import Console

from databricks_alerts.cli import console


@pytest.mark.parametrize(
    "text", ["[dev] [WARNING] Spike", "[/]", "[bold]x[/bold]", r"\[x]", "a:smile:b", "[link=x]y"]
)
def test_nothing_in_a_cell_is_markup(text: str) -> None:
    made = console.table("name", "n")
    made.add_row(text, "1")
    screen = Console(width=80, file=io.StringIO())
    screen.print(made)
    assert text in screen.file.getvalue()  # type: ignore[attr-defined]
