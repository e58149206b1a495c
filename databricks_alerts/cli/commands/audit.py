"""`alerts log`, `alerts rollback`: what happened to a rule's row, and back again."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from json import dumps as json_text
from typing import Annotated, Any

import typer

from databricks_alerts.audit.rollback import plan, write_back
from databricks_alerts.audit.versions import (
    Change,
    Version,
    changes,
    read_rows,
    read_versions,
    version_at,
)
from databricks_alerts.cli import console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.options import Json, Stack, Yes
from databricks_alerts.cli.times import time_of
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.gate.model import PropertyChange
from databricks_alerts.mutes.rows import Mute
from databricks_alerts.reports.diffs import change_lines
from databricks_alerts.rules.tables import ALERTS
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.workspace_view.inventory import user_name

_STYLES = {"-": "red", "+": "green", "@": "cyan"}


def log(
    rule: Annotated[str, typer.Argument(help="The rule's alert_id.")],
    most: Annotated[
        int, typer.Option("--most", min=2, help="Look at so many versions, the newest.")
    ] = 100,
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """Tell who changed which column of a rule's row when, deployments among it.

    Example: alerts log COST-001 -s prod
    """
    context = open_stack(stack)
    with context.warehouse(1) as warehouse:
        every = read_versions(warehouse, context.settings)
        versions = every[-most:]
        numbers = [version.number for version in versions]
        rows = read_rows(warehouse, context.settings, [rule], numbers)
        complete = versions[0].number == 0
        told = list(changes(versions, [rows[n].get(rule) for n in numbers], complete=complete))
        mutes = _mutes(read_snapshot(warehouse, context.settings), rule)
    if not told and not any(rule in found for found in rows.values()):
        raise ConfigurationError(
            f"{ALERTS} has no rule {rule!r} in its last {len(versions)} versions; `alerts status` "
            "lists the rules, --most N looks further back"
        )
    if json:
        document = {"changes": [_facts(change) for change in told]}
        console.print_json(document | {"mutes": [item.model_dump(mode="json") for item in mutes]})
        return
    _print(told, mutes)
    if not complete:
        console.out.print(
            f"(from version {versions[0].number} of {_time(versions[0])} UTC on; --most N looks "
            "further back, as far as Delta keeps versions)",
            highlight=False,
            markup=False,
        )


def rollback(
    rules: Annotated[list[str], typer.Argument(help="Their alert_ids.")],
    to_version: Annotated[
        int | None, typer.Option("--to-version", min=0, help="A version: alerts log tells them.")
    ] = None,
    to: Annotated[
        str | None, typer.Option("--to", help="A time: '2026-11-27 18:00' (UTC), or 1d ago.")
    ] = None,
    yes: Yes = False,
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """Write rows of an older version back, as a new version; the next `alerts up` deploys them.

    Example: alerts rollback COST-001 COST-002 --to '2026-11-27 18:00'
    """
    if (to_version is None) == (to is None):
        raise ConfigurationError("say to where: one of --to-version N and --to TIME")
    keys = list(dict.fromkeys(rules))
    context = open_stack(stack)
    with context.warehouse(1) as warehouse:
        versions = read_versions(warehouse, context.settings)
        version = _wanted(versions, to_version, to)
        newest = versions[-1].number
        rows = read_rows(warehouse, context.settings, keys, sorted({version, newest}))
        planned = plan(keys, dict(rows[newest]), dict(rows[version]), version)
        if not json:
            _print_plan(planned)
        if planned:
            if not yes:
                question = f"Write {len(planned)} of {len(keys)} rules back to version {version}?"
                console.confirm(question, "pass --yes to write")
            if read_versions(warehouse, context.settings)[-1].number != newest:
                raise ConfigurationError(
                    f"{ALERTS} was changed since version {newest}, which was compared with; look "
                    "again: run the command once more"
                )
            user = user_name(context.workspace)
            write_back(warehouse, context.settings, list(planned), version, user)
    if json:
        console.print_json(
            {"version": version, "rules": {k: _shown(v) for k, v in planned.items()}}
        )
    elif planned:
        console.note(f"done; deploy it: alerts up -s {stack}")
    else:
        console.note(f"nothing to do: the rules are as they were at version {version}")


def _mutes(snapshot: Snapshot, key: str) -> list[Mute]:
    """The mutes in alert_mutes, ended ones too, that are for a rule as it stands now."""
    rule = next((rule for rule in snapshot.rules if rule.alert_id == key), None)
    return [mute for mute in snapshot.mutes if rule is not None and mute.is_for(rule)]


def _wanted(versions: Sequence[Version], number: int | None, text: str | None) -> int:
    if text is not None:
        return version_at(versions, time_of("--to", text, dt.UTC, dt.datetime.now(dt.UTC))).number
    known = [version.number for version in versions]
    if number in known:
        return int(number)
    raise ConfigurationError(
        f"{ALERTS} has no version {number} with rows to write back; it has {known[0]} to "
        f"{known[-1]}: alerts log RULE tells who made which"
    )


def _print(told: Sequence[Change], mutes: Sequence[Mute]) -> None:
    """Everything by its time, oldest first."""
    entries = [(change.version.at, _heading(change), _lines(change)) for change in told]
    entries += [(mute.created_at or mute.starts_at, _of_mute(mute), []) for mute in mutes]
    for at, heading, lines in sorted(entries, key=lambda entry: entry[0]):
        _line(f"{at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}  {heading}")
        for line in lines:
            _line(f"  {line}", _STYLES.get(line[:1], ""))


def _heading(change: Change) -> str:
    version, columns = change.version, change.columns
    if change.kind != "deployed":
        return f"version {version.number}  {change.kind} by {version.user or 'somebody'}"
    action = columns.get("last_sync_action", (None, None))[1]
    error = columns.get("last_sync_error", (None, None))[1]
    failed = f": {error}" if error else ""
    return f"version {version.number}  deployed by {version.user} ({action or 'recorded'}){failed}"


def _of_mute(mute: Mute) -> str:
    return f"{mute.mute_id}  {mute.kind} by {mute.created_by}, {mute.selector}: {mute.reason}"


def _lines(change: Change) -> list[str]:
    """The diff of a change; of a new row and of one that is gone the fact is enough."""
    return _diff(change.columns) if change.kind == "changed" else []


def _diff(columns: Mapping[str, tuple[Any, Any]]) -> list[str]:
    return [
        line
        for name, (before, after) in columns.items()
        for line in change_lines(PropertyChange(path=name, old=_text(before), new=_text(after)))
    ]


def _print_plan(planned: Mapping[str, Mapping[str, tuple[Any, Any]]]) -> None:
    for key, columns in planned.items():
        _line(key, "bold")
        for line in _diff(columns):
            _line(f"  {line}", _STYLES.get(line[:1], ""))


def _line(text: str, style: str = "") -> None:
    console.out.print(text, style=style or None, highlight=False, markup=False, soft_wrap=True)


def _facts(change: Change) -> dict[str, Any]:
    version = change.version
    return {
        "version": version.number,
        "at": version.at.isoformat(),
        "by": version.user,
        "operation": version.operation,
        "kind": change.kind,
        "columns": _shown(change.columns),
    }


def _shown(columns: Mapping[str, tuple[Any, Any]]) -> dict[str, Any]:
    return {name: {"before": before, "after": after} for name, (before, after) in columns.items()}


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    return json_text(value, ensure_ascii=False, sort_keys=True)


def _time(version: Version) -> str:
    return f"{version.at.astimezone(dt.UTC):%Y-%m-%d %H:%M}"
