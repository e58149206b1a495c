"""`alerts import`: take alerts that exist already over into the tables."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts import evaluation
from databricks_alerts.cli import console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.exchange.importing import READERS, declared
from databricks_alerts.plan.adoption import described, find_adoptions, write_rows
from databricks_alerts.plan.imported import Defaults
from databricks_alerts.reports.text import short
from databricks_alerts.rules.vocabulary import Severity
from databricks_alerts.rules.words import domain as domain_word
from databricks_alerts.snapshot import read_snapshot
from databricks_alerts.workspace_view.inventory import take_inventory, user_name


class Source(StrEnum):
    """What alerts can be read from."""

    BUNDLE = "bundle"
    TERRAFORM = "terraform"
    DBALERT = "dbalert"


def _refused(place: str, reason: str) -> dict[str, str]:
    return {
        "databricks_alert_id": "",
        "display_name": place,
        "rule": "",
        "action": "",
        "reason": reason,
    }


def _domain(text: str) -> str:
    try:
        return domain_word(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def import_(
    stack: Stack = "local",
    write: Annotated[bool, typer.Option("--write", help="Write the rows; else only show.")] = False,
    name: Annotated[str, typer.Option("--name", help="Only alerts of this name, a glob.")] = "*",
    severity: Annotated[Severity, typer.Option(help="Of names that tell none.")] = "WARNING",
    domain: Annotated[
        str, typer.Option(help="The agent_domain of new rules.", callback=_domain)
    ] = "QUALITY",
    source: Annotated[
        Source | None, typer.Option("--from", help="Read files of this kind, not the workspace.")
    ] = None,
    files: Annotated[
        list[Path] | None, typer.Argument(help="With --from: the files to read.")
    ] = None,
    json: Json = False,
) -> None:
    """Show which alerts have a rule, which can get one, and which cannot; write the new rules.

    Example: alerts import -s prod --write; alerts import --from terraform state.json -s prod
    """
    if bool(source) != bool(files):
        raise typer.BadParameter("give --from and the files that it reads, or neither")
    context = open_stack(stack)
    me = user_name(context.workspace)
    inventory = take_inventory(context.workspace)
    told = None
    if source and files:
        read = [item for path in files for item in READERS[source.value](path)]
        told = declared(read, inventory, context.settings, tuple(evaluation.OPERATORS))
        inventory = inventory.model_copy(update={"alerts": told.alerts})
    with context.warehouse() as warehouse:
        found = find_adoptions(
            read_snapshot(warehouse, context.settings),
            inventory,
            context.settings,
            defaults=Defaults(me, severity, domain),
            name=name,
            keys=told.keys if told else {},
        )
        if write:
            write_rows(warehouse, context.settings, found, by=me)
    refused = told.refused if told else ()
    if json:
        console.print_json([*described(found), *(_refused(*item) for item in refused)])
        return
    made = console.table("alert", "id", "rule", "what")
    for item in described(found):
        what = item["action"] or f"no rule: {item['reason']}"
        made.add_row(short(item["display_name"]), item["databricks_alert_id"], item["rule"], what)
    for place, reason in refused:
        made.add_row(short(place), "", "", f"no rule: {reason}")
    console.out.print(made)
    new = sum(1 for item in found if item.row is not None)
    words = "written; `alerts up` adopts them" if write else "can be written: --write"
    console.out.print(f"{new} new rules {words}", highlight=False, markup=False)
