"""Preview and up: prepare once, let an engine work, record what it did."""

from __future__ import annotations

import datetime as dt
import os
import shutil
import signal
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import FrameType
from typing import Any, Protocol

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.findings import print_environment, print_findings, print_waiting
from databricks_alerts.cli.folders import ensure_folder
from databricks_alerts.cli.history import A_MOMENT, HistoryBeside
from databricks_alerts.cli.local import is_sandbox
from databricks_alerts.cli.memory import give_back
from databricks_alerts.cli.options import EngineChoice
from databricks_alerts.cli.outcome import Stopwatch, row_outcomes
from databricks_alerts.cli.plan_file import (
    StepCollector,
    make_plan,
    read_plan,
    require_same,
    write_plan,
)
from databricks_alerts.cli.quiet import is_quiet
from databricks_alerts.drift.alerts import told
from databricks_alerts.engine.display import EventLog, PreviewDigest, for_people, tee
from databricks_alerts.engine.events import EngineEvent, ResourcePreEvent
from databricks_alerts.engine.options import DeploymentOptions, DeploymentResult, Sink
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.outcome.record import Outcome, new_run_id, record, record_news
from databricks_alerts.plan.deployment import PREPARED_VARIABLE, Prepared, prepare
from databricks_alerts.rules.access import PERMISSIONS_SUFFIX
from databricks_alerts.workspace_view.inventory import folder

# Up to so many resources are read singly, more by reading all: that goes by pages.
_FEW = 100
# What the program imports that takes long; a preview's process and an update's start early.
PROGRAM_IMPORTS = ("pulumi_databricks.notification_destination", "pulumi_databricks.alert_v2")

Operation = Callable[[DeploymentOptions, Sink], DeploymentResult]


class DeploymentEngine(Protocol):
    """What the embedded engine and the pulumi CLI have in common here."""

    @property
    def name(self) -> str:
        """What alert_sync_metrics calls it."""

    def preview(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """What `up` would do."""

    def up(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Make the workspace what the program declares."""

    def refresh(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Make the state what the workspace holds."""

    def destroy(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Delete every resource of the stack."""

    def cancel(self) -> None:
        """Finish what is in flight; the second time, stop."""

    def stand_by(self, modules: Sequence[str]) -> None:
        """Begin early with what the next program run needs."""

    def close(self) -> None:
        """End what stands by."""


@dataclass(frozen=True)
class Request:
    """What a user asked for on the command line."""

    stack: StackContext
    engine: EngineChoice = EngineChoice.AUTO
    options: DeploymentOptions = field(default_factory=DeploymentOptions)
    json: bool = False
    yes: bool = False
    skip_preview: bool = False
    diff: bool = False
    full: bool = False
    plan_out: Path | None = None
    plan_in: Path | None = None
    event_log: Path | None = None


def run_preview(request: Request) -> DeploymentResult:
    """Show what `up` would do; writes nothing anywhere. The result may be a failed one."""
    with working(request) as (engine, prepared):
        request = reading_again(request, prepared)
        if not request.json:
            print_environment(prepared)
            print_findings(prepared.report.findings)
            print_waiting(prepared.report.waiting)
        steps = StepCollector()
        result = operate(request, engine, engine.preview, steps)
        if request.plan_out is not None and result.succeeded:
            write_plan(request.plan_out, make_plan(request.stack, prepared, steps.steps))
        return result


def run_up(request: Request) -> int:
    """Preview, ask, update, record; answers the exit status.

    Beside it, evaluations go into alert_history when that is due.
    """
    with working(request) as (engine, prepared):
        history = HistoryBeside(request.stack).start()
        status = _up(request, engine, prepared)
    for line in history.finish(A_MOMENT).lines():
        console.note(line)
    return status


def _up(request: Request, engine: DeploymentEngine, prepared: Prepared) -> int:
    started = dt.datetime.now(dt.UTC)
    request = reading_again(request, prepared)
    print_environment(prepared)
    print_findings(prepared.report.findings)
    print_waiting(prepared.report.waiting)
    planned = request.plan_in and read_plan(request.plan_in, request.stack)
    if not request.skip_preview or planned:
        steps = StepCollector()
        previewed = operate(request, engine, _standing_by(engine, engine.preview), steps)
        if not previewed.succeeded:
            if previewed.result != "canceled":
                _record_refusal(request, engine.name, prepared, previewed)
            return 1
        if planned:
            require_same(planned, make_plan(request.stack, prepared, steps.steps))
        elif is_quiet(previewed):
            # Nothing to do and nothing to remember: what the preview found is the outcome.
            return _conclude(request, engine, prepared, previewed, started, Stopwatch())
        else:
            confirm(request, previewed, "Apply these changes?")
    _make_home(request, prepared)
    stopwatch = Stopwatch()
    result = operate(request, engine, engine.up, stopwatch, show_changes=request.skip_preview)
    return _conclude(request, engine, prepared, result, started, stopwatch)


def _conclude(
    request: Request,
    engine: DeploymentEngine,
    prepared: Prepared,
    result: DeploymentResult,
    started: dt.datetime,
    stopwatch: Stopwatch,
) -> int:
    """Record what came of it; answers the exit status."""
    outcome = _outcome(request, engine.name, prepared, result, started, stopwatch)
    with request.stack.warehouse() as warehouse:
        record_news(warehouse, prepared.settings, outcome, prepared.report, prepared.snapshot)
    return _verdict(result, outcome, prepared.settings.min_success_rate)


def _make_home(request: Request, prepared: Prepared) -> None:
    """Make parentPath where no alert stands in it yet: it may be new, and alerts need it."""
    home = folder(prepared.settings.parent_path)
    if not any(alert.parent_path == home for alert in prepared.inventory.alerts):
        for line in ensure_folder(request.stack):
            console.note(line)


def _record_refusal(
    request: Request, engine: str, prepared: Prepared, previewed: DeploymentResult
) -> None:
    """An `up` that its preview stopped did nothing, and says in the tables why."""
    nothing = replace(previewed, steps=[], failures=[])
    if nothing.error is None:
        nothing.error = "; ".join(item.message for item in previewed.failures) or "preview failed"
    now = dt.datetime.now(dt.UTC)
    outcome = _outcome(request, engine, prepared, nothing, now, Stopwatch())
    with request.stack.warehouse() as warehouse:
        record(warehouse, prepared.settings, outcome, prepared.report)


def reading_again(request: Request, prepared: Prepared) -> Request:
    """The request with what was changed outside, to be read before it is compared and repaired."""
    drifts = prepared.drifts
    if not drifts or request.options.refresh:
        return request
    if not request.json:
        console.note(f"changed outside, and read again: {told(drifts)}")
    if len(drifts) > _FEW:
        return replace(request, options=replace(request.options, refresh=True))
    patterns = [
        f"urn:pulumi:{request.stack.stack}::**::{key}{part}"
        for key in drifts
        for part in ("", PERMISSIONS_SUFFIX)
    ]
    return replace(request, options=replace(request.options, stale=tuple(patterns)))


def confirm(request: Request, previewed: DeploymentResult, question: str) -> None:
    """Ask before anything changes. Raises ConfigurationError where nobody can answer."""
    if previewed.changed and not request.yes:
        console.confirm(question, "pass --yes to apply, or use preview")


def operate(
    request: Request,
    engine: DeploymentEngine,
    operation: Operation,
    *sinks: Sink,
    show_changes: bool = True,
) -> DeploymentResult:
    """Let the engine work, shown to people or collected for machines; Ctrl-C cancels.

    `show_changes` is False where a preview has just shown them.
    """
    with ExitStack() as stack:
        shown: list[Sink] = [*sinks]
        digest = PreviewDigest() if request.json else None
        if digest is not None:
            shown.append(digest)
        else:
            people = for_people(console.out, diff=show_changes, whole=request.diff)
            stack.enter_context(people)
            shown.append(people)
        if request.event_log:
            shown.append(stack.enter_context(EventLog(request.event_log)))
        stack.enter_context(_cancelling(engine))
        result = operation(request.options, tee(*shown))
    if digest is not None:
        console.print_json(digest.to_json(result.duration))
    if result.error:
        console.errors.print("error: " + result.error, style="red", markup=False, soft_wrap=True)
    return result


def _standing_by(engine: DeploymentEngine, operation: Operation) -> Operation:
    """The operation; when its program has begun, the next one's process starts beside it."""

    def operate(options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        begun = False

        def watched(event: EngineEvent) -> None:
            nonlocal begun
            if not begun and isinstance(event.payload, ResourcePreEvent):
                begun = True
                engine.stand_by(PROGRAM_IMPORTS)
            sink(event)

        return operation(options, watched)

    return operate


def choose_engine(request: Request, environment: Mapping[str, str]) -> DeploymentEngine:
    """The engine that the user asked for; `auto` takes pulumi where it is installed.

    Raises ConfigurationError if pulumi is asked for and not there.
    """
    choice, stack = request.engine, request.stack
    found = shutil.which("pulumi", path=stack.environment.get("PATH"))
    if choice is EngineChoice.AUTO:
        use_cli = found is not None and not is_sandbox(stack.stack)
    else:
        use_cli = choice is EngineChoice.PULUMI
    if not use_cli:
        return stack.engine(environment)
    if found is None:
        raise ConfigurationError("--engine pulumi: there is no pulumi on PATH; use embedded")
    from databricks_alerts.cli.pulumi_cli import PulumiCli

    return PulumiCli(found, stack, environment)


@contextmanager
def working(request: Request) -> Iterator[tuple[DeploymentEngine, Prepared]]:
    """The engine, and what was read and validated once for every program run of this command.

    The program's process starts first, so that its imports go on beside the validation.
    """
    stack = request.stack
    with tempfile.TemporaryDirectory(prefix="alerts-") as folder:
        path = Path(folder) / "prepared.json"
        engine = choose_engine(request, {PREPARED_VARIABLE: str(path)})
        try:
            engine.stand_by(PROGRAM_IMPORTS)
            prepared = prepare(
                stack.workspace,
                stack.settings,
                configuration=stack.configuration,
                full=request.full,
            )
            path.write_text(prepared.model_dump_json(by_alias=False), encoding="utf-8")
            give_back()
            yield engine, prepared
        finally:
            engine.close()


def _outcome(
    request: Request,
    engine: str,
    prepared: Prepared,
    result: DeploymentResult,
    started: dt.datetime,
    stopwatch: Stopwatch,
) -> Outcome:
    alerts, destinations = row_outcomes(prepared, result)
    return Outcome(
        run_id=new_run_id(),
        stack=request.stack.stack,
        engine=engine,
        started_at=started,
        ended_at=dt.datetime.now(dt.UTC),
        config_version=prepared.snapshot.config_version,
        alerts=tuple(alerts),
        destinations=tuple(destinations),
        latencies_ms=tuple(stopwatch.milliseconds),
        error=_reason(result),
    )


def _reason(result: DeploymentResult) -> str | None:
    """Why the whole run could not go on: the program's own words, where it said any."""
    if result.error is None:
        return None
    errors = [item for item in result.diagnostics if item.severity == "error" and not item.urn]
    said = [item.message.strip() for item in errors]
    return "; ".join(dict.fromkeys(said)) or result.error


def _verdict(result: DeploymentResult, outcome: Outcome, least: float) -> int:
    """The exit status: failures are named; a run of which enough succeeded is a success."""
    for item in outcome.failures:
        console.errors.print(f"failed: {item.key}: {item.error}", style="red", markup=False)
    if result.succeeded:
        return 0
    if result.error or result.result == "canceled" or not outcome.failures:
        return 1
    rate = outcome.success_rate
    console.note(f"{rate:.1%} of the changes succeeded; minSuccessRate is {least:.1%}")
    return 0 if rate >= least else 1


@contextmanager
def _cancelling(engine: DeploymentEngine) -> Iterator[None]:
    """Ctrl-C or SIGTERM once: finish what is in flight and save. Twice: stop at once."""
    pressed = 0

    def interrupt(signum: int, frame: FrameType | None) -> None:
        nonlocal pressed
        pressed += 1
        if pressed == 1:
            console.note("finishing what is in flight; press Ctrl-C again to stop at once")
        engine.cancel()
        if pressed > 1:
            os._exit(128 + signum)

    before: dict[int, Any] = {
        number: signal.signal(number, interrupt) for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
