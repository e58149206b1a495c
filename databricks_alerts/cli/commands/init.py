"""`alerts init`: make the tables and the alerts' folder, or migrate tables of an older version."""

from __future__ import annotations

from typing import Annotated

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.folders import ensure_folder
from databricks_alerts.cli.options import Stack
from databricks_alerts.cli.setup import Given, Interview, is_terminal, next_steps, set_up
from databricks_alerts.doctor import granting
from databricks_alerts.packs.views import MadeViews, make_missing_views, read_views
from databricks_alerts.rules.tables import create_or_migrate
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.workspace_view.inventory import user_name


def init(
    stack: Stack = "local",
    views: Annotated[
        bool,
        typer.Option(help="Make the tables that packs read as views over the system tables."),
    ] = True,
    host: Annotated[str, typer.Option(help="A new stack's workspace: https://….")] = "",
    profile: Annotated[str, typer.Option(help="Or its profile in ~/.databrickscfg.")] = "",
    warehouse: Annotated[str, typer.Option(help="Its SQL warehouse: id or name.")] = "",
    catalog: Annotated[str, typer.Option(help="The catalog of its tables.")] = "",
    schema: Annotated[str, typer.Option(help="The schema of its tables, made if missing.")] = "",
    folder: Annotated[
        str, typer.Option(help="Its alerts' folder; default /Workspace/Shared/alerts-STACK.")
    ] = "",
    channel: Annotated[
        list[str] | None,
        typer.Option(
            help="Notify this destination (id or name) or address, whatever rules say; repeatable."
        ),
    ] = None,
) -> None:
    """Make what is missing of the Delta tables, the packs' views and the folder; drops nothing.

    A stack that has no settings yet is set up first: what no option says is asked for, and
    stacks/Pulumi.STACK.yaml written. Options on a stack that is there change its settings.

    Example: alerts init -s dev; alerts init -s new --profile work --warehouse main
    --catalog dev --schema gold
    """
    given = Given(host, profile, warehouse, catalog, schema, folder, tuple(channel or ()))
    is_new = set_up(open_stack(stack), given, Interview(terminal=is_terminal()))
    context = open_stack(stack)
    _make(context, views=views)
    if is_new:
        console.out.print("Next:")
        for step in next_steps(context):
            console.out.print(f"  {step}", highlight=False, markup=False, soft_wrap=True)


def _make(context: StackContext, *, views: bool) -> None:
    with context.warehouse() as warehouse:
        done = create_or_migrate(warehouse, context.settings)
        made = _views(context, warehouse) if views else MadeViews((), {})
    where = f"{context.settings.catalog}.{context.settings.gold_schema}"
    done += [f"created view {name}" for name in made.made]
    done += ensure_folder(context)
    for line in done:
        console.out.print(line, highlight=False)
    for name, problem in made.failed.items():
        console.note(f"warning: the view {name} was not made: {problem}")
    for grant in _grants(context, made):
        console.note(f"  {grant}")
    if made.failed:
        console.note(
            "Rules that read these stay out until they are there: have the system schemas enabled "
            "and SELECT on them granted, then run `alerts init` again, or make the tables yourself"
        )
    if not done and not made.failed:
        console.out.print(f"The tables in {where} are up to date", highlight=False)


def _grants(context: StackContext, made: MadeViews) -> list[str]:
    """What would let the views be made that were refused, as far as the refusals say."""
    me = user_name(context.workspace) if made.failed else ""
    found = (granting(problem, me) for problem in made.failed.values())
    return list(dict.fromkeys(grant for grant in found if grant))


def _views(context: StackContext, warehouse: SqlWarehouse) -> MadeViews:
    """Those of every pack of the project; the first pack that has a name wins."""
    found = {
        view.name: view
        for folder in sorted((context.project_dir / "packs").glob("*/"), reverse=True)
        for view in read_views(folder, context.settings)
    }
    return make_missing_views(warehouse, context.settings, [*found.values()])
