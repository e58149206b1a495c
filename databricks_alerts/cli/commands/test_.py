"""`alerts test`: run the tests that stand under a pack's rules."""

from __future__ import annotations

from typing import Annotated

import typer

from databricks_alerts.cli import completing, console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.packs.asking import with_members
from databricks_alerts.packs.loader import find_pack, load_pack
from databricks_alerts.packs.runner import run_tests
from databricks_alerts.packs.variables import resolve


def run_pack_tests(
    pack: Annotated[
        str, typer.Argument(help="The pack's name, or its folder.", autocompletion=completing.packs)
    ] = "health_monitor",
    stack: Stack = "local",
    rule: Annotated[
        list[str] | None, typer.Option("--rule", "-r", help="Only this rule; may be repeated.")
    ] = None,
    json: Json = False,
) -> None:
    """Run each case's query on rows of its own; prints what failed, exit status 1 if any did.

    Example: alerts test health_monitor --rule COST-001
    """
    context = open_stack(stack)
    loaded = load_pack(find_pack(pack, context.project_dir / "packs"))
    with context.warehouse() as warehouse:
        values = resolve(loaded.manifest.variables, {})
        settings = context.settings
        whole = with_members(loaded, warehouse, settings, values, settings.variables)
        results = run_tests(
            warehouse,
            whole,
            rule_ids=rule or (),
            stack_variables=settings.variables,
            mapper=lambda function, items: warehouse.map(function, list(items)),
        )
    failed = [result for result in results if not result.passed]
    if json:
        console.print_json([vars(result) for result in results])
    else:
        for result in failed:
            console.out.print(result.report(), markup=False, highlight=False)
        console.out.print(f"{len(results) - len(failed)} of {len(results)} cases passed")
    if failed:
        raise typer.Exit(1)
