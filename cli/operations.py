"""Refresh and destroy: operations on the state that run no program."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Literal

from cli.context import StackContext
from cli.deploy import Request, choose_engine, confirm, operate
from cli.options import EngineChoice
from cli.targets import deployment_options

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
    return 0 if operate(request, engine, act, show_changes=yes).succeeded else 1
