"""A backtest of one stack's rule: what is evaluated, when, over which tables."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass, replace

from databricks_alerts.backtest.clock import own_functions, read_clock
from databricks_alerts.backtest.moments import bounded, moments_between
from databricks_alerts.backtest.run import Point, Subject, evaluate
from databricks_alerts.backtest.tables import (
    Versions,
    read_versions,
    require_settable_views,
    tables_in,
    was_kept,
)
from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.times import length_of, time_of
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.evaluation import Condition, from_api, parameter_values
from databricks_alerts.quartz import time_zone
from databricks_alerts.rules.resources import alert_arguments
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.templates import render_query
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation.statement import read_statement
from databricks_alerts.workspace_view.inventory import take_inventory


@dataclass(frozen=True)
class Span:
    """What time is looked at, how often, how much of it at most; `as_of`: at older versions."""

    start: dt.datetime
    end: dt.datetime
    every: dt.timedelta | None
    most: int
    as_of: bool = False


@dataclass(frozen=True)
class Alert:
    """An alert's body in the API's words, as a rule declares it or as it is deployed."""

    key: str
    query: str
    condition: Condition
    parameters: dict[str, object]
    cron: str
    timezone: str


@dataclass(frozen=True)
class Past:
    """What came of a backtest: the points, and what is to be known of how they were found."""

    conditions: tuple[Condition, ...]
    points: list[Point]
    notes: tuple[str, ...]
    as_of: tuple[str, ...]
    as_now: tuple[str, ...]


def declared(rule: Rule, settings: Settings) -> Alert:
    """The alert that a rule declares. Raises ConfigurationError for a variable without a value."""
    query, unknown = render_query(rule.alert_query_template, settings)
    if unknown:
        names = ", ".join(dict.fromkeys(item.text for item in unknown))
        raise ConfigurationError(
            f"{rule.alert_id}: {names} in alert_query_template has no value; give it one under "
            "databricks-alerts:variables, or run alerts validate"
        )
    return _alert(rule.alert_id, alert_arguments(rule, query, settings, lambda channel: channel))


def deployed(context: StackContext, rule: Rule) -> Alert:
    """The rule's alert as the workspace has it. Raises ConfigurationError where it has none."""
    found = take_inventory(context.workspace).find(rule.databricks_alert_id or "")
    if found is None:
        raise ConfigurationError(
            f"{rule.alert_id} is not deployed, so there is nothing to compare with; leave out "
            f"--against, or deploy it: alerts up -s {context.stack}"
        )
    return _alert(f"the deployed {rule.alert_id}", found.arguments)


def _alert(key: str, arguments: dict[str, object]) -> Alert:
    body: dict[str, dict[str, str]] = arguments  # type: ignore[assignment]
    schedule = body["schedule"]
    return Alert(
        key=key,
        query=str(arguments["query_text"]),
        condition=from_api(body["evaluation"]),
        parameters=parameter_values(arguments.get("parameters") or ()),  # type: ignore[arg-type]
        cron=schedule["quartz_cron_schedule"],
        timezone=schedule.get("timezone_id") or "UTC",
    )


def look_back(
    warehouse: SqlWarehouse, alert: Alert, others: Sequence[Condition], span: Span, cost: int
) -> Past:
    """Evaluate an alert and other thresholds over its past.

    `cost` is by how many thresholds the moments count. Raises ConfigurationError for what cannot be
    put back in time, or costs too much; WarehouseError.
    """
    # Before anything is asked that costs.
    moments = _moments(alert, span, cost)
    clock = read_clock(alert.query, _session_zone(warehouse), alert.key)
    tables = tables_in(alert.query)
    all_seen = require_settable_views(warehouse, tables, alert.key)
    if not clock.places and not span.as_of:
        raise ConfigurationError(
            f"{alert.key} does not ask the clock, so each moment would have today's answer: filter "
            "its rows by current_date() or current_timestamp(), or read its tables as they were "
            "(--as-of)"
        )
    kept = read_versions(warehouse, tables) if span.as_of else {}
    subject = Subject(alert.key, clock, alert.condition, tuple(others), alert.parameters, kept)
    points = evaluate(warehouse, subject, moments)
    notes = _notes(alert, all_seen)
    if not span.as_of:
        return Past(subject.conditions, points, notes, (), tuple(map(".".join, tables)))
    told = {".".join(name): _told(versions, moments) for name, versions in kept.items()}
    return Past(
        subject.conditions,
        points,
        notes,
        tuple(name for name, why in told.items() if not why),
        tuple(f"{name} ({why})" for name, why in told.items() if why),
    )


def _moments(alert: Alert, span: Span, cost: int) -> list[dt.datetime]:
    times = moments_between(alert.cron, alert.timezone, span.start, span.end, span.every)
    found = bounded(times, cost, span.most)
    if not found:
        raise ConfigurationError(
            f"the schedule of {alert.key} ({alert.cron}, {alert.timezone}) has no moment from "
            f"{span.start:%Y-%m-%d %H:%M} to {span.end:%Y-%m-%d %H:%M} UTC; look at a longer time "
            "(--from), or say how often (--every 1h)"
        )
    return found


def _session_zone(warehouse: SqlWarehouse) -> dt.tzinfo:
    """The time zone in which the warehouse says what day it is."""
    [row] = warehouse.query("SELECT current_timezone() AS zone")
    zone = time_zone(str(row["zone"]))
    if zone is None:
        raise ConfigurationError(
            f"the warehouse's time zone {row['zone']} is not known here; set TIMEZONE to a name of "
            "the IANA's"
        )
    return zone


def _told(versions: Versions, moments: Sequence[dt.datetime]) -> str:
    """Why a table is read as it is now, at some moments or all; empty where at none."""
    if versions.now:
        return versions.now
    assert versions.first is not None
    if any(moment < versions.first for moment in moments):
        return f"before {versions.first:%Y-%m-%d %H:%M} UTC, from when on it has versions"
    return "" if any(was_kept(versions, moment) for moment in moments) else "unchanged since"


def _notes(alert: Alert, all_seen: bool) -> tuple[str, ...]:
    notes = []
    own = own_functions(read_statement(alert.query).tokens)
    if own:
        notes.append(f"functions of your own run as they are, whatever they ask: {', '.join(own)}")
    if not all_seen:
        notes.append("the text of some view cannot be seen: if it asks the clock, it asks today's")
    return tuple(notes)


def span_of(
    rule: Rule, from_: str, to: str | None, every: str | None, most: int, *, as_of: bool = False
) -> Span:
    """The options of time, read; times without an offset are in the schedule's zone.

    Raises ConfigurationError that names the option.
    """
    now = dt.datetime.now(dt.UTC).replace(microsecond=0)
    zone = time_zone(rule.schedule_timezone) or dt.UTC
    start = time_of("--from", from_, zone, now)
    end = now if to is None else time_of("--to", to, zone, now)
    if end > now:
        raise ConfigurationError(f"--to {to} lies in the future; a backtest has only the past")
    if start >= end:
        raise ConfigurationError(
            f"--from {from_} ({start:%Y-%m-%d %H:%M} UTC) is not before the end "
            f"({end:%Y-%m-%d %H:%M} UTC)"
        )
    return Span(start, end, None if every is None else length_of("--every", every), most, as_of)


def thresholds_of(condition: Condition, text: str | None, value_type: str) -> list[Condition]:
    """The condition with each threshold that `--threshold` lists.

    Raises ConfigurationError for one that is not of the rule's threshold_value_type.
    """
    if text is None:
        return []
    if condition.operator.startswith("IS_"):
        raise ConfigurationError(
            "--threshold: the rule asks for NULL and takes no threshold; leave the option out"
        )
    values = [_value(item.strip(), value_type) for item in text.split(",")]
    return [replace(condition, threshold=value) for value in dict.fromkeys(values)]


def _value(text: str, value_type: str) -> float | str | bool:
    if value_type == "STRING":
        return text
    try:
        if value_type == "BOOLEAN":
            return {"true": True, "false": False}[text.lower()]
        return float(text)
    except (KeyError, ValueError):
        wanted = "true or false" if value_type == "BOOLEAN" else "a number"
        raise ConfigurationError(
            f"--threshold: {text!r} is not {wanted}, which threshold_value_type {value_type} "
            "needs; list several as 100,150,200"
        ) from None
