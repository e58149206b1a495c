"""`alerts init`: make the tables, or migrate those of an older version."""

from __future__ import annotations

from alerting.tables import create_or_migrate
from cli import console
from cli.context import open_stack
from cli.options import Stack


def init(stack: Stack = "local") -> None:
    """Make the Delta tables that are missing and the columns that they lack; drops nothing."""
    context = open_stack(stack)
    with context.warehouse() as warehouse:
        done = create_or_migrate(warehouse, context.settings)
    where = f"{context.settings.catalog}.{context.settings.gold_schema}"
    for line in done:
        console.out.print(line, highlight=False)
    if not done:
        console.out.print(f"The tables in {where} are up to date", highlight=False)
