"""`alerts init`: make the tables and the alerts' folder, or migrate tables of an older version."""

from __future__ import annotations

from alerting.tables import create_or_migrate
from cli import console
from cli.context import open_stack
from cli.folders import ensure_folder
from cli.options import Stack


def init(stack: Stack = "local") -> None:
    """Make what is missing of the Delta tables, their columns, and the folder; drops nothing."""
    context = open_stack(stack)
    with context.warehouse() as warehouse:
        done = create_or_migrate(warehouse, context.settings)
    where = f"{context.settings.catalog}.{context.settings.gold_schema}"
    done += ensure_folder(context)
    for line in done:
        console.out.print(line, highlight=False)
    if not done:
        console.out.print(f"The tables in {where} are up to date", highlight=False)
