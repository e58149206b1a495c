"""`alerts watch`: whether the alerts themselves do their work."""

from __future__ import annotations

import datetime as dt
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.history import PATIENCE, HistoryBeside
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.cli.times import length_of
from databricks_alerts.errors import AlertsError, ConfigurationError
from databricks_alerts.reports.text import short
from databricks_alerts.reports.watch import to_document, to_prometheus
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.watch.look import Concern, Limits, Watched, ages, look
from databricks_alerts.watch.past import read_past
from databricks_alerts.workspace_view.inventory import take_inventory
from databricks_alerts.workspace_view.surroundings import WorkspaceSurroundings

_STYLES = {"broken": "red", "advice": "yellow"}


def watch(
    stack: Stack = "local",
    json: Json = False,
    prometheus: Annotated[
        bool, typer.Option("--prometheus", help="Print metrics in Prometheus' text format.")
    ] = False,
    strict: Annotated[
        bool, typer.Option("--strict", help="Exit status 1 for advice, too.")
    ] = False,
    never_fired: Annotated[
        str, typer.Option("--never-fired", help="Name rules that were not triggered for so long.")
    ] = "90d",
    flaps: Annotated[
        int, typer.Option("--flaps", min=2, help="So many changes of state in a day are flapping.")
    ] = 6,
) -> None:
    """Find rules that do not run, fail, reach nobody, never fire or flap.

    Exit status: 0 all is well, 1 a rule is broken, 2 it could not look.

    Example: alerts watch -s prod --strict
    """
    if json and prometheus:
        raise ConfigurationError("--json and --prometheus exclude each other")
    limits = Limits(quiet=length_of("--never-fired", never_fired), changes=flaps)
    context = open_stack(stack)
    now = dt.datetime.now(dt.UTC)
    try:
        watched, concerns = _look(context, limits, now)
    except AlertsError as error:
        # 1 would say that it has looked.
        raise ConfigurationError(f"the watcher could not look: {error}") from error
    if json:
        console.print_json(to_document(stack, concerns, ages(watched, now), now, len(watched)))
    elif prometheus:
        text = to_prometheus(stack, concerns, ages(watched, now), now, len(watched))
        sys.stdout.write(text)
    else:
        _print(concerns, len(watched))
    broken = any(strict or item.level == "broken" for item in concerns)
    raise typer.Exit(1 if broken else 0)


def _look(
    context: StackContext, limits: Limits, now: dt.datetime
) -> tuple[list[Watched], list[Concern]]:
    settings = context.settings
    _ = context.workspace  # by this thread: its making changes the process's environment a moment
    history = HistoryBeside(context).start()
    with context.warehouse() as warehouse:
        snapshot = read_snapshot(warehouse, settings, now)
        for line in history.finish(PATIENCE).lines():
            console.note(line)
        watched = _watched(context, snapshot, warehouse, limits, now)
    return watched, look(watched, snapshot.mutes, limits, now)


def _watched(
    context: StackContext,
    snapshot: Snapshot,
    warehouse: SqlWarehouse,
    limits: Limits,
    now: dt.datetime,
) -> list[Watched]:
    """The enabled rules that a deployment has made alerts of."""
    settings = context.settings
    alerts = take_inventory(context.workspace).by_id
    past = read_past(warehouse, settings, now, limits.quiet)
    channels = {rule.alert_id: rule.notification_channels for rule in snapshot.rules}
    around = WorkspaceSurroundings(context.workspace)
    made = []
    for rule in snapshot.as_deployed({}):
        if not rule.is_enabled or not rule.databricks_alert_id:
            continue
        alert = alerts.get(rule.databricks_alert_id)
        made.append(
            Watched(
                rule=rule,
                channels=channels[rule.alert_id],
                alert=alert,
                past=past.get(rule.alert_id),
                warehouse=str(alert.arguments.get("warehouse_id") or "") if alert else "",
                runs_as=alert.runs_as if alert else "",
            )
        )
    has_warehouse = _asked(warehouse, around.has_warehouse, [item.warehouse for item in made])
    has_identity = _asked(warehouse, around.has_identity, [item.runs_as for item in made])
    return [
        item.model_copy(
            update={
                "has_warehouse": has_warehouse(item.warehouse),
                "has_identity": has_identity(item.runs_as),
            }
        )
        for item in made
    ]


def _asked(
    warehouse: SqlWarehouse, ask: Callable[[str], bool | None], names: Sequence[str]
) -> Callable[[str], bool | None]:
    """What the workspace says of each name, asked once, several at a time."""
    wanted = sorted({name for name in names if name})
    return dict(zip(wanted, warehouse.map(ask, wanted), strict=True)).get


def _print(concerns: Sequence[Concern], rules: int) -> None:
    if concerns:
        made = console.table("rule", "what", "", "remedy")
        for item in concerns:
            made.add_row(
                item.rule or "(all)",
                item.kind,
                short(item.what),
                item.remedy,
                style=_STYLES[item.level],
            )
        console.out.print(made)
    broken = sum(1 for item in concerns if item.level == "broken")
    console.out.print(
        f"{rules} rules watched: {broken} broken, {len(concerns) - broken} to look at some day",
        highlight=False,
    )
