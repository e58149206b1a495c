"""`alerts show RULE`: one rule as a stack has it."""

from __future__ import annotations

import datetime as dt
from dataclasses import replace
from typing import Annotated

import typer
from rich.text import Text

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.cli.rules import find_rule
from databricks_alerts.engine import project as projects
from databricks_alerts.errors import AlertsError
from databricks_alerts.packs.loader import MANIFEST, load_pack
from databricks_alerts.reports.rule import Story, Tests, cases_of, facts, lines, read_states, tell
from databricks_alerts.rules.rows import Rule
from databricks_alerts.snapshot import read_snapshot
from databricks_alerts.workspace_view.inventory import take_inventory


def show(
    rule: Annotated[str, typer.Argument(help="The rule's alert_id.")],
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """Tell all of a rule: schedule, SQL, threshold, recipients, settings in force, tests, states.

    Example: alerts show COST-001 -s dev
    """
    context = open_stack(stack)
    with context.warehouse(1) as warehouse:
        snapshot = read_snapshot(warehouse, context.settings)
        found = find_rule(snapshot, rule)
        states = read_states(warehouse, context.settings, rule)
    now = dt.datetime.now(dt.UTC)
    story = tell(snapshot, context.settings, found, _settings_file(context), now)
    story = replace(
        story, states=states, state=_state(context, found), tests=_tests(context, found)
    )
    if json:
        console.print_json(facts(story))
        return
    _print(story)


def _state(context: StackContext, rule: Rule) -> str:
    """What the workspace says of its alert; empty where it has none."""
    if not rule.databricks_alert_id:
        return ""
    alert = take_inventory(context.workspace).find(rule.databricks_alert_id)
    return alert.state if alert is not None else "gone"


def _settings_file(context: StackContext) -> str:
    path = projects.load(context.project_dir).settings_file(context.stack)
    return path.relative_to(context.project_dir).as_posix()


def _tests(context: StackContext, rule: Rule) -> Tests | None:
    """The cases of its pack, if the row names one that is here and still has the rule."""
    name = (rule.source_artifact_name or "").partition("/")[0]
    folder = context.project_dir / "packs" / name
    if not name or not (folder / MANIFEST).is_file():
        return None
    try:
        written = load_pack(folder).written(rule.alert_id)
    except AlertsError as error:
        return Tests(f"packs/{name} cannot be read: {error}", ())
    if written is None:
        return None
    inside = written.source.path.resolve().relative_to(folder.resolve()).as_posix()
    return cases_of(written.tests, f"packs/{name}/{inside}:{written.source.line}")


def _print(story: Story) -> None:
    for heading, text in lines(story):
        for number, line in enumerate(text.splitlines()):
            shown = heading if number == 0 else ""
            console.out.print(Text(f"{shown:<10} ", style="bold") + Text(line), soft_wrap=True)
