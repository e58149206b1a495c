"""`alerts history`: fetch what alerts did, and show it for one rule."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from databricks_alerts.cli import console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.history import require_rule
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.cli.times import length_of
from databricks_alerts.history.evaluations import Evaluated, read_evaluations
from databricks_alerts.history.sync import sync_history
from databricks_alerts.reports.chart import STYLES, chart
from databricks_alerts.reports.text import short

_SHOWN = 20


class _RuleOrCommand(TyperGroup):
    """`alerts history COST-001` is `alerts history show COST-001`."""

    def resolve_command(self, ctx: Any, args: list[str]) -> Any:
        """The subcommand; what is none is a rule."""
        if args and args[0] not in self.commands:
            args = ["show", *args]
        return super().resolve_command(ctx, args)


app = typer.Typer(
    help="""What alerts did: fetch it, or show it for one rule (alerts history COST-001).

    Example: alerts history sync -s prod
    """,
    no_args_is_help=True,
    cls=_RuleOrCommand,
)


@app.command()
def sync(stack: Stack = "local", json: Json = False) -> None:
    """Fetch new evaluations from the system table into alert_history.

    Example: alerts history sync -s prod
    """
    context = open_stack(stack)
    with context.warehouse(1) as warehouse:
        done = sync_history(warehouse, context.settings, dt.datetime.now(dt.UTC))
    if json:
        console.print_json(
            {
                "source": done.source,
                "added": done.added,
                "alerts": done.alerts,
                "since": done.since.isoformat() if done.since else None,
                "lacking": done.lacking,
            }
        )
        return
    for line in done.told():
        console.out.print(line, highlight=False, markup=False)


@app.command()
def show(
    rule: Annotated[str, typer.Argument(help="The rule's alert_id.")],
    stack: Stack = "local",
    since: Annotated[str, typer.Option("--since", help="How far back: 12h, 7d, 4w.")] = "30d",
    most: Annotated[int, typer.Option("--most", min=1, help="At most so many, the newest.")] = 5000,
    json: Json = False,
) -> None:
    """Show a rule's states, values and durations, as a chart and a table.

    Example: alerts history show COST-001 --since 7d
    """
    context = open_stack(stack)
    start = dt.datetime.now(dt.UTC) - length_of("--since", since)
    with context.warehouse(1) as warehouse:
        evaluations = read_evaluations(warehouse, context.settings, rule, start, most)
        if not evaluations:
            require_rule(warehouse, context.settings, rule)
    if json:
        console.print_json([item.model_dump(mode="json") for item in evaluations])
    elif evaluations:
        _print(evaluations)
    else:
        console.out.print(
            f"alert_history has no evaluation of {rule} since {start:%Y-%m-%d %H:%M} UTC; fetch "
            f"what is there: alerts history sync -s {stack}",
            highlight=False,
            markup=False,
        )


def _print(evaluations: Sequence[Evaluated]) -> None:
    for line in chart(evaluations, console.chart_width()):
        console.out.print(line, no_wrap=True)
    made = console.table("at (UTC)", "state", "value", "threshold", "seconds", "notified", "error")
    for item in reversed(evaluations[-_SHOWN:]):
        made.add_row(
            f"{item.at.astimezone(dt.UTC):%Y-%m-%d %H:%M:%S}",
            item.state,
            _text(item.value),
            _text(item.threshold),
            "" if item.seconds is None else f"{item.seconds:.2f}",
            ", ".join(item.channels) or ("yes" if item.sent else ""),
            short(item.error or ""),
            style=STYLES.get(item.state),
        )
    console.out.print(made)
    console.out.print(_summary(evaluations), highlight=False, markup=False)


def _summary(evaluations: Sequence[Evaluated]) -> str:
    count: dict[str, int] = {}
    for item in evaluations:
        count[item.state] = count.get(item.state, 0) + 1
    told = ", ".join(f"{number} {state}" for state, number in sorted(count.items()))
    hidden = len(evaluations) - _SHOWN
    more = f"; the table shows the last {_SHOWN}" if hidden > 0 else ""
    seconds = [item.seconds for item in evaluations if item.seconds is not None]
    mean = f", {sum(seconds) / len(seconds):.2f} s a query" if seconds else ""
    return f"{len(evaluations)} evaluations: {told}{mean}{more}"


def _text(value: Any) -> str:
    if isinstance(value, float):
        return f"{value:.10g}"
    return "" if value is None else short(str(value))
