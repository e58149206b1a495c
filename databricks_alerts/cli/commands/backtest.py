"""`alerts backtest`, `alerts suggest`: a rule's threshold tried against the past."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Annotated, Any

import typer

from databricks_alerts.backtest.suggestion import suggest as best
from databricks_alerts.backtest.suggestion import why_none
from databricks_alerts.cli import console
from databricks_alerts.cli.backtest import (
    Alert,
    Past,
    Span,
    declared,
    deployed,
    look_back,
    span_of,
    thresholds_of,
)
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.cli.rules import find_rule
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.reports.backtest import (
    COLUMNS,
    Line,
    drawn,
    lines_of,
    number_of,
    series,
    threshold_of,
)
from databricks_alerts.reports.text import short
from databricks_alerts.snapshot import read_snapshot

Key = Annotated[str, typer.Argument(metavar="RULE", help="The rule's alert_id.")]
From = Annotated[
    str, typer.Option("--from", help="Since when: '2026-11-01 08:00', or how long ago: 30d.")
]
To = Annotated[str | None, typer.Option("--to", help="Until when; without it now.")]
Every = Annotated[
    str | None,
    typer.Option("--every", help="A moment every 1h, 1d; without it those of the schedule."),
]
AsOf = Annotated[
    bool,
    typer.Option("--as-of", help="Read Delta tables as they were at each moment, where kept."),
]
Most = Annotated[
    int,
    typer.Option("--most", min=1, help="At most so many evaluations: moments times thresholds."),
]
_MOST = 20_000


class Against(StrEnum):
    """What a rule is compared with."""

    DEPLOYED = "deployed"


def backtest(
    rule: Key,
    from_: From = "30d",
    to: To = None,
    every: Every = None,
    threshold: Annotated[
        str | None, typer.Option("--threshold", help="Other thresholds to try: 100,150,200.")
    ] = None,
    against: Annotated[
        Against | None, typer.Option("--against", help="Compare with the alert as it is deployed.")
    ] = None,
    as_of: AsOf = False,
    most: Most = _MOST,
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """Evaluate a rule at past moments, to see how often and how long it would have fired.

    Example: alerts backtest COST-001 --from 90d --threshold 100,150,200
    """
    context = open_stack(stack)
    with context.warehouse() as warehouse:
        found = find_rule(read_snapshot(warehouse, context.settings), rule)
        span = span_of(found, from_, to, every, most, as_of=as_of)
        alert = declared(found, context.settings)
        others = thresholds_of(alert.condition, threshold, found.threshold_value_type)
        before = deployed(context, found) if against else None
        cost = 1 + len(others) + (before is not None)
        if before:
            was = look_back(warehouse, before, (), span, cost)
        past = look_back(warehouse, alert, others, span, cost)
    names = ["rule", *["asked"] * len(others)]
    lines = lines_of(names, past.conditions, past.points, span.end)
    if before:
        lines = [*lines_of(["deployed"], was.conditions, was.points, span.end), *lines]
    if json:
        more = {"deployed": series(was.points)} if before else {}
        console.print_json(_document(alert, past, span, lines) | more)
        return
    _print(past, lines)


def suggest(
    rule: Key,
    fires_per_week: Annotated[
        float, typer.Option("--fires-per-week", min=0.0, help="How often it may fire a week.")
    ] = 1.0,
    from_: From = "30d",
    to: To = None,
    every: Every = None,
    as_of: AsOf = False,
    most: Most = _MOST,
    stack: Stack = "local",
    json: Json = False,
) -> None:
    """Propose a threshold that would have fired so often, with its backtest beside it.

    Example: alerts suggest COST-001 --fires-per-week 1 --from 90d
    """
    context = open_stack(stack)
    with context.warehouse() as warehouse:
        found = find_rule(read_snapshot(warehouse, context.settings), rule)
        span = span_of(found, from_, to, every, most, as_of=as_of)
        alert = declared(found, context.settings)
        reason = why_none(alert.condition)
        if reason:
            raise ConfigurationError(
                f"no threshold can be proposed for {rule}: {reason}; alerts backtest {rule} shows "
                "how often it fires as it is"
            )
        # The past is asked twice, for the values and for what the proposal makes of them.
        values = look_back(warehouse, alert, (), span, 3)
        proposed = replace(
            alert.condition, threshold=_proposal(alert, values, span, fires_per_week)
        )
        past = look_back(warehouse, alert, [proposed], span, 3)
    lines = lines_of(["rule", "proposed"], past.conditions, past.points, span.end)
    if json:
        document = _document(alert, past, span, lines)
        console.print_json({"proposed": proposed.threshold} | document)
        return
    _print(past, lines)
    again = lines[-1].firings.per_week
    console.out.print(
        f"proposed: {alert.condition.source.label} {threshold_of(proposed)} (threshold_value_double"
        f" = {proposed.threshold}), which would have fired {again:.2f} times a week; at most "
        f"{fires_per_week:g} were asked for. It is tried against this past alone",
        highlight=False,
        markup=False,
    )


def _proposal(alert: Alert, past: Past, span: Span, per_week: float) -> float:
    """Raises ConfigurationError where the past has no number to propose anything by."""
    values = [number_of(point) for point in past.points]
    moments = [point.at for point in past.points]
    found = best(alert.condition, values, moments, span.end, per_week)
    if found is not None:
        return found
    if any(value is not None for value in values):
        raise ConfigurationError(
            f"no threshold can be proposed for {alert.key}: some values are infinite or no number "
            "(NaN) and fire more often than asked whatever the threshold is; leave them out in the "
            "query"
        )
    seen = next((point for point in past.points if point.value is not None or point.error), None)
    what = "no rows or NULL at each moment" if seen is None else str(seen.error or repr(seen.value))
    raise ConfigurationError(
        f"no threshold can be proposed for {alert.key}: none of {len(past.points)} evaluations "
        f"found a number ({short(what)}); look at a time with data (--from, --to), or mend the "
        "query (alerts validate)"
    )


def _document(alert: Alert, past: Past, span: Span, lines: Sequence[Line]) -> dict[str, Any]:
    return {
        "rule": alert.key,
        "from": span.start.isoformat(),
        "to": span.end.isoformat(),
        "tables_as_now": past.as_now,
        "tables_as_of": past.as_of,
        "notes": past.notes,
        "thresholds": [line.document for line in lines],
        "series": series(past.points),
    }


def _print(past: Past, lines: Sequence[Line]) -> None:
    for line in drawn(past.points, past.conditions, console.chart_width()):
        console.out.print(line, no_wrap=True)
    made = console.table(*COLUMNS)
    for item in lines:
        made.add_row(*item.cells)
    console.out.print(made)
    first, last = past.points[0].at, past.points[-1].at
    told = [f"{len(past.points)} moments from {_day(first)} to {_day(last)} UTC"]
    told += [f"read as they were: {', '.join(past.as_of)}"] if past.as_of else []
    if past.as_now:
        told.append(f"read as they are now, rows that came late included: {', '.join(past.as_now)}")
    errors = [point for point in past.points if point.error]
    if errors:
        told.append(f"first error, {_day(errors[0].at)}: {short(errors[0].error)}")
    for text in (*told, *past.notes):
        console.out.print(text, highlight=False, markup=False)


def _day(moment: dt.datetime) -> str:
    return f"{moment.astimezone(dt.UTC):%Y-%m-%d %H:%M}"
