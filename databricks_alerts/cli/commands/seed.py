"""`alerts seed`: put a pack's rules and destinations into the tables."""

from __future__ import annotations

from functools import partial
from typing import Annotated

import typer

from databricks_alerts.cli import completing, console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.local import is_sandbox
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.loader import find_pack, load_pack
from databricks_alerts.packs.model import Pack
from databricks_alerts.packs.seed import SeedResult
from databricks_alerts.packs.seed import seed as seed_pack
from databricks_alerts.packs.variables import parse
from databricks_alerts.plan.guards import guard_members
from databricks_alerts.sql.literals import Value
from databricks_alerts.workspace_view.inventory import user_name


def seed(
    pack: Annotated[
        str, typer.Argument(help="The pack, a folder of packs/.", autocompletion=completing.packs)
    ] = "health_monitor",
    stack: Stack = "local",
    var: Annotated[
        list[str] | None, typer.Option(help="A pack variable, NAME=VALUE; may be repeated.")
    ] = None,
    force: Annotated[
        bool, typer.Option(help="Put every column back to the pack's, users' edits too.")
    ] = False,
    json: Json = False,
) -> None:
    """MERGE a pack's rules and destinations into the tables; users' edits of rows stay.

    Example: alerts seed health_monitor -s dev --var monthly_budget=5000
    """
    context = open_stack(stack)
    loaded = load_pack(find_pack(pack, context.project_dir / "packs"))
    overrides = _variables(loaded, var or [])
    local_host = context.workspace.host if is_sandbox(stack) else None
    with context.warehouse() as warehouse:
        result = seed_pack(
            warehouse,
            context.settings,
            loaded,
            overrides,
            by=user_name(context.workspace) or "alerts",
            guard=partial(guard_members, max_deletes=context.settings.max_deletes),
            force=force,
            local_host=local_host,
            stack_variables=context.settings.variables,
        )
    if json:
        console.print_json(_facts(result))
        return
    console.out.print(
        f"Pack {loaded.manifest.name}: {result.inserted} rows inserted, {result.updated} updated, "
        f"{result.unchanged} unchanged",
        highlight=False,
    )
    for old, new in result.rules.renamed:
        console.out.print(f"  {new} takes over the row and the alert of {old}", highlight=False)
    if result.rules.removed:
        gone = ", ".join(result.rules.removed)
        text = f"  deleted, no longer members of their families: {gone}"
        console.out.print(text, highlight=False, markup=False, soft_wrap=True)


def _variables(pack: Pack, given: list[str]) -> dict[str, Value]:
    """`--var NAME=VALUE` by the pack's own types. Raises ConfigurationError."""
    found = {}
    for item in given:
        name, equals, text = item.partition("=")
        variable = pack.manifest.variables.get(name)
        if not equals or variable is None:
            known = ", ".join(pack.manifest.variables)
            raise ConfigurationError(f"--var {item}: write NAME=VALUE; the pack has {known}")
        try:
            found[name] = parse(variable, text)
        except ValueError as error:
            raise ConfigurationError(f"--var {item}: {error}") from error
    return found


def _facts(result: SeedResult) -> dict[str, object]:
    return {
        "inserted": result.inserted,
        "updated": result.updated,
        "unchanged": result.unchanged,
        "rules": vars(result.rules),
        "destinations": vars(result.destinations),
    }
