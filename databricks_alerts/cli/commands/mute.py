"""`alerts mute`, `alerts mutes`, `alerts unmute`: silence rules for a time."""

from __future__ import annotations

import datetime as dt
import uuid
from typing import Annotated, Any

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.findings import print_findings
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.listing import nearest, some
from databricks_alerts.mutes.rows import Mute, read_mute, read_mutes
from databricks_alerts.mutes.table import add_mute, delete_row, end_mute, require_rows
from databricks_alerts.quartz import time_zone
from databricks_alerts.rules.durations import duration, in_short
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.tables import ALERTS
from databricks_alerts.snapshot import read_snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.workspace_view.inventory import user_name

_NEXT = "It takes effect at the next `alerts up -s {stack}`"
# The option that says what a column of alert_mutes says.
_OPTIONS = {
    "selector": "SELECTOR",
    "starts_at": "--from",
    "ends_at": "--until",
    "recurrence_cron": "--every",
    "recurrence_duration": "--for",
    "timezone": "--timezone",
    "reason": "--reason",
}


def mute(
    selector: Annotated[
        list[str],
        typer.Argument(
            help="Which rules: 'COST-*', domain=COST, severity=INFO, tag=team:finops, owner=…; "
            "several must all hold."
        ),
    ],
    reason: Annotated[str, typer.Option("--reason", help="Why; people read it.")],
    for_: Annotated[
        str | None, typer.Option("--for", help="How long: 90m, 4h, 1d12h; with --every each time.")
    ] = None,
    until: Annotated[
        str | None, typer.Option("--until", help="When it ends: '2026-12-01 08:00'.")
    ] = None,
    from_: Annotated[
        str | None, typer.Option("--from", help="When it begins; without it now.")
    ] = None,
    every: Annotated[
        str | None, typer.Option("--every", help="Again and again: a Quartz expression.")
    ] = None,
    timezone: Annotated[
        str, typer.Option("--timezone", help="Of --every, and of times without an offset.")
    ] = "UTC",
    silent: Annotated[
        bool, typer.Option("--silent", help="Evaluate all the same, and notify nobody.")
    ] = False,
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """Silence rules until an end that must be given. Takes effect at the next `alerts up`.

    Example: alerts mute 'COST-*' --for 4h --reason "migration of the billing tables"
    """
    context = open_stack(stack)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    row = _row(selector, from_, until, for_, every, timezone, now)
    row |= {"kind": "silent" if silent else "paused", "reason": reason}
    with context.warehouse(2) as warehouse:
        require_rows(warehouse, context.settings)
        row["created_by"] = user_name(context.workspace)
        made = _mute(row)
        rules = _selected(context, warehouse, made)
        add_mute(warehouse, context.settings, made)
    if json:
        console.print_json(_facts(made, rules, now))
        return
    keys = some([rule.alert_id for rule in rules])
    console.out.print(f"{made.mute_id}: {_when(made, now)}: {keys}", markup=False, highlight=False)
    console.note(_NEXT.format(stack=stack))


def mutes(
    all_: Annotated[bool, typer.Option("--all", help="Also those that have ended.")] = False,
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """List mutes: which are in force until when, when others begin. Exit status 1 for bad rows.

    Example: alerts mutes -s prod --all
    """
    context = open_stack(stack)
    now = dt.datetime.now(dt.UTC)
    with context.warehouse(3) as warehouse:
        found, findings = read_mutes(require_rows(warehouse, context.settings))
        rules = read_snapshot(warehouse, context.settings, now).rules
    shown = [
        (item, [rule for rule in rules if rule.is_enabled and item.is_for(rule)])
        for item in found
        if all_ or item.until(now) or item.next_start(now)
    ]
    if json:
        console.print_json([_facts(item, keys, now) for item, keys in shown])
    else:
        made = console.table("mute", "rules", "selector", "kind", "when", "reason", "by")
        for item, keys in shown:
            count, when = str(len(keys)), _when(item, now)
            made.add_row(
                item.mute_id, count, item.selector, item.kind, when, item.reason, item.created_by
            )
        if shown:
            console.out.print(made)
        else:
            console.out.print("no mute is in force or will be")
    print_findings(findings)
    raise typer.Exit(1 if findings else 0)


def unmute(
    mute_: Annotated[
        list[str], typer.Argument(metavar="MUTE", help="A mute's id, or its selector as written.")
    ],
    stack: Stack = "local",
) -> None:
    """End mutes now; one that never began, or is none, is deleted. `alerts up` makes it so.

    Example: alerts unmute 'COST-*' -s prod
    """
    context = open_stack(stack)
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    with context.warehouse(1) as warehouse:
        rows = require_rows(warehouse, context.settings)
        keys = [key for wanted in mute_ for key in _named(wanted, rows, now)]
        readable = {item.mute_id for item in read_mutes(rows)[0]}
        for key in dict.fromkeys(keys):
            if key in readable:
                end_mute(warehouse, context.settings, key, now)
                told = f"{key} has ended"
            else:
                delete_row(warehouse, context.settings, key)
                told = f"{key} was no mute; its row is deleted"
            console.out.print(told, markup=False, highlight=False)
    console.note(_NEXT.format(stack=stack))


def _row(
    selector: list[str],
    from_: str | None,
    until: str | None,
    for_: str | None,
    every: str | None,
    timezone: str,
    now: dt.datetime,
) -> dict[str, Any]:
    """The columns that say when and of what. Raises ConfigurationError."""
    zone = time_zone(timezone)
    if zone is None:
        raise ConfigurationError(
            f"--timezone {timezone}: there is no such zone; use Europe/Berlin or UTC"
        )
    start = _moment("--from", from_, zone) or now
    end = _moment("--until", until, zone)
    if not every and for_ is None and end is None:
        raise ConfigurationError(
            "a mute needs an end: give --for 4h, or --until '2026-12-01 08:00'"
        )
    if not every and for_ is not None and end is not None:
        raise ConfigurationError("--for and --until both say when it ends: give one of them")
    if end is not None and end <= now:
        raise ConfigurationError(f"--until {until}: that is over already; give a later time")
    if not every and for_ is not None:
        try:
            end = start + duration(for_)
        except (ValueError, OverflowError) as error:
            raise ConfigurationError(f"--for {for_}: {error}") from error
    return {
        "mute_id": f"mute-{uuid.uuid4().hex[:8]}",
        "selector": selector[0] if len(selector) == 1 else " ".join(map(_quoted, selector)),
        "starts_at": start,
        "ends_at": end,
        "recurrence_cron": every,
        "recurrence_duration": for_ if every else None,
        "timezone": timezone,
        "created_at": now,
    }


def _quoted(term: str) -> str:
    """A term that the shell has taken the quotes from."""
    return f'"{term}"' if " " in term else term


def _moment(option: str, text: str | None, zone: dt.tzinfo) -> dt.datetime | None:
    if text is None:
        return None
    try:
        found = dt.datetime.fromisoformat(text.strip())
    except ValueError:
        raise ConfigurationError(
            f"{option} {text}: that is no time; write 2026-12-01, '2026-12-01 08:00' or with an "
            "offset 2026-12-01T08:00+01:00"
        ) from None
    placed = found if found.tzinfo is not None else found.replace(tzinfo=zone)
    return placed.astimezone(dt.UTC).replace(microsecond=0)


def _mute(row: dict[str, Any]) -> Mute:
    """The row as a mute. Raises ConfigurationError that names the options to blame."""
    found = read_mute(row)
    if isinstance(found, Mute):
        return found
    lines = [
        f"{_OPTIONS.get(column := item.where.rpartition('.')[2], column)}: {item.what}"
        for item in found
    ]
    raise ConfigurationError("; ".join(lines))


def _selected(context: StackContext, warehouse: SqlWarehouse, made: Mute) -> list[Rule]:
    """The enabled rules that a mute is for. Raises ConfigurationError where there is none."""
    enabled = [rule for rule in read_snapshot(warehouse, context.settings).rules if rule.is_enabled]
    found = [rule for rule in enabled if made.is_for(rule)]
    if not found:
        known = [rule.alert_id for rule in enabled]
        hint = nearest(made.selector, known, "`alerts status` lists the rules")
        raise ConfigurationError(f"no enabled rule of {ALERTS} is {made.selector!r}; {hint}")
    return found


def _named(wanted: str, rows: list[dict[str, Any]], now: dt.datetime) -> list[str]:
    """The mutes of that id, or those of that selector that are not over.

    Rows that are no mutes can be ended by their ids, too. Raises ConfigurationError for none.
    """
    ids = [str(row.get("mute_id")) for row in rows]
    if wanted in ids:
        return [wanted]
    found = [
        item.mute_id
        for item in read_mutes(rows)[0]
        if item.selector == wanted and (item.until(now) or item.next_start(now))
    ]
    if found:
        return found
    hint = nearest(wanted, ids, "`alerts mutes` lists them")
    raise ConfigurationError(f"there is no mute {wanted!r} that is in force or will be; {hint}")


def _when(item: Mute, now: dt.datetime) -> str:
    """`in force until …`, `begins at …`, and for a recurrence how often."""
    zone = time_zone(item.timezone or "UTC") or dt.UTC
    until, start = item.until(now), item.next_start(now)
    if until is not None:
        told = f"muted until {until.astimezone(zone):%Y-%m-%d %H:%M %Z}"
    elif start is not None:
        end = item.until(start)
        told = f"from {start.astimezone(zone):%Y-%m-%d %H:%M}"
        told += f" until {end.astimezone(zone):%Y-%m-%d %H:%M %Z}" if end else ""
    else:
        return "has ended"
    recurrence = item.recurrence
    if recurrence is None:
        return told
    return f"{told}, every {recurrence.cron} for {in_short(recurrence.length)}"


def _facts(item: Mute, rules: list[Rule], now: dt.datetime) -> dict[str, Any]:
    until, start = item.until(now), item.next_start(now)
    return item.model_dump(mode="json") | {
        "rules": [rule.alert_id for rule in rules],
        "muted_until": until.isoformat() if until else None,
        "next_start": start.isoformat() if start else None,
    }
