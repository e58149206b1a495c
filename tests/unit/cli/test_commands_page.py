"""docs/commands.md is what the commands say of themselves.

`python tests/unit/cli/test_commands_page.py` writes it anew.
"""

from __future__ import annotations

from pathlib import Path

import typer
from typer.cli import get_docs_for_click

from databricks_alerts.cli.app import app

PAGE = Path(__file__).parents[3] / "docs" / "commands.md"


def page() -> str:
    """The page, by typer's own generator."""
    command = typer.main.get_command(app)
    text = get_docs_for_click(obj=command, ctx=typer.Context(command), name="alerts")
    lines = (line.rstrip() for line in text.strip().splitlines())
    return "\n".join(lines) + "\n"


def test_the_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == page(), f"run: python {__file__}"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
