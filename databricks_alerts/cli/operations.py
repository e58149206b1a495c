"""Refresh and destroy: operations on the state that run no program."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.deploy import Request, choose_engine, confirm, operate
from databricks_alerts.cli.options import EngineChoice
from databricks_alerts.cli.outcome import deleted_outcomes
from databricks_alerts.cli.targets import deployment_options
from databricks_alerts.engine.options import DeploymentResult
from databricks_alerts.errors import AlertsError
from databricks_alerts.outcome.record import Outcome, new_run_id, record

_QUESTIONS = {
    "refresh": "Take these changes over into the state?",
    "destroy": "Delete all of this in Databricks?",
}


def run_operation(
    stack: StackContext,
    operation: Literal["refresh", "destroy"],
    engine_choice: EngineChoice,
    targets: Sequence[str],
    excludes: Sequence[str],
    *,
    parallel: int,
    yes: bool,
    json: bool,
    diff: bool,
    event_log: Path | None,
) -> int:
    """Show, ask, do; answers the exit status."""
    stack.workspace  # noqa: B018 - credentials are checked before anything is shown
    wanted = deployment_options(
        stack, targets, excludes, [], parallel=parallel, continue_on_error=True
    )
    request = Request(
        stack, engine_choice, wanted, json=json, diff=diff, yes=yes, event_log=event_log
    )
    engine = choose_engine(request, {})
    act = engine.refresh if operation == "refresh" else engine.destroy
    if not yes:
        shown = replace(request, options=replace(wanted, preview=True))
        previewed = operate(shown, engine, act)
        if not previewed.succeeded:
            return 1
        confirm(request, previewed, _QUESTIONS[operation])
    started = dt.datetime.now(dt.UTC)
    result = operate(request, engine, act, show_changes=yes)
    if operation == "destroy":
        _record(request, engine.name, result, started)
    return 0 if result.succeeded else 1


def _record(request: Request, engine: str, result: DeploymentResult, started: dt.datetime) -> None:
    """Tell the rows that their alerts are deleted; the tables may be gone by now, too."""
    alerts, destinations = deleted_outcomes(result)
    outcome = Outcome(
        run_id=new_run_id(),
        stack=request.stack.stack,
        engine=engine,
        started_at=started,
        ended_at=dt.datetime.now(dt.UTC),
        config_version=None,
        alerts=tuple(alerts),
        destinations=tuple(destinations),
        error=result.error,
    )
    try:
        with request.stack.warehouse() as warehouse:
            record(warehouse, request.stack.settings, outcome)
    except AlertsError as error:
        console.errors.print(
            f"warning: the deletes are done but not written into the tables: {error}",
            style="yellow",
            markup=False,
            soft_wrap=True,
        )
