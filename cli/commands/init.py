"""`alerts init`: make the tables and the alerts' folder, or migrate tables of an older version."""

from __future__ import annotations

from alerting.errors import AuthenticationError, WorkspaceError
from alerting.folders import make_folder
from alerting.tables import create_or_migrate
from cli import console
from cli.context import open_stack
from cli.options import Stack


def init(stack: Stack = "local") -> None:
    """Make what is missing of the Delta tables, their columns, and the folder; drops nothing."""
    context = open_stack(stack)
    with context.warehouse() as warehouse:
        done = create_or_migrate(warehouse, context.settings)
    where = f"{context.settings.catalog}.{context.settings.gold_schema}"
    try:
        done += make_folder(context.workspace, context.settings.parent_path)
    except (AuthenticationError, WorkspaceError) as error:
        # The tables are made; a folder that only others may make is no reason to stop.
        console.errors.print(f"warning: {error}", highlight=False, markup=False)
    for line in done:
        console.out.print(line, highlight=False)
    if not done:
        console.out.print(f"The tables in {where} are up to date", highlight=False)
