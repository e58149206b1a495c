"""One operation from lock to save."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack

from databricks_alerts.engine import project as projects
from databricks_alerts.engine.builtin import BuiltinProvider
from databricks_alerts.engine.callbacks import CallbackClient
from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.errors import EngineError
from databricks_alerts.engine.event_stream import EventStream
from databricks_alerts.engine.events import (
    BLINDED,
    CancelEvent,
    OperationResult,
    PreludeEvent,
    SummaryEvent,
)
from databricks_alerts.engine.hooks import Hooks
from databricks_alerts.engine.options import (
    DeploymentOptions,
    DeploymentResult,
    Operation,
    ProviderLoader,
)
from databricks_alerts.engine.project import Project
from databricks_alerts.engine.providers.base import Provider, ProviderError
from databricks_alerts.engine.registry import ProviderRegistry
from databricks_alerts.engine.source import Source
from databricks_alerts.engine.state.resource import PendingOperation
from databricks_alerts.engine.steps import deletions, recovery, refreshes, targets
from databricks_alerts.engine.steps.executor import Executor
from databricks_alerts.engine.steps.ledger import Ledger
from databricks_alerts.engine.steps.recorder import NoRecorder
from databricks_alerts.engine.steps.run import Run, StepFailedError, StoppedError
from databricks_alerts.engine.storage import StackState, Storage
from databricks_alerts.engine.values import Secret


class Update:
    """A preview, up, refresh or destroy. `work` does it; `answer` tells how it went.

    `make_source` makes what declares the resources, from the stack's configuration.
    """

    def __init__(
        self,
        project: Project,
        stack: str,
        operation: Operation,
        options: DeploymentOptions,
        *,
        storage: Storage,
        provider_loader: ProviderLoader,
        make_source: Callable[[Mapping[str, object]], Source],
    ) -> None:
        self._project, self._stack = project, stack
        self._operation, self._options = operation, options
        self._dry_run = operation == "preview" or options.preview
        self._storage = storage
        self._make_source = make_source
        self.stream = EventStream(planning=self._dry_run)
        self._registry = ProviderRegistry(self._with_builtins(provider_loader))
        self._callbacks = CallbackClient()
        self._run: Run | None = None
        self._source: Source | None = None
        self._lock = ExitStack()
        self._stopped = False
        self._unresolved: list[PendingOperation] = []
        self._error: BaseException | None = None
        self._result = DeploymentResult(operation, self._dry_run)

    def stop(self) -> None:
        """Start no further step; what is in flight ends, and is saved."""
        self._stopped = True
        if self._run is not None:
            self._run.stopping.set()

    def abandon(self) -> None:
        """End now. What was in flight stays recorded as pending."""
        self.stop()
        if self._source is not None:
            self._source.kill()
        self._result.result = "canceled"
        self._lock.close()
        self.stream.close()

    def answer(self) -> DeploymentResult:
        """How it went. Raises what stopped it before it began."""
        if self._error is not None:
            raise self._error
        return self._result

    def work(self) -> None:
        """Do it all, then close the stream."""
        began = time.monotonic()
        try:
            if self._dry_run:
                self._deploy(began)
            else:
                with self._lock:
                    self._lock.enter_context(self._storage.locked())
                    self._deploy(began)
        except BaseException as error:  # noqa: BLE001 - a thread's rim: raised again by `answer`
            self._error = error
        finally:
            self._callbacks.close()
            self._registry.close()
            self.stream.close()

    def _deploy(self, began: float) -> None:
        settings = projects.load_settings(self._project, self._stack)
        state = self._storage.load()
        config = projects.resolve(settings, self._storage.decrypt)
        self.stream.emit(PreludeEvent({key: _shown(value) for key, value in config.items()}))
        run = self._make_run(state)
        try:
            self._perform(run, state, config)
        except (StoppedError, StepFailedError):
            run.failed.set()
        except (EngineError, ProviderError) as error:
            self._result.error = str(error)
            self.stream.say("error", str(error))
            run.failed.set()
        finally:
            run.wait_idle()
            if not self._dry_run:
                pending = [*self._unresolved, *run.recorder.pending()]
                self._storage.save(StackState(run.ledger.snapshot(), pending))
            self._summarise(run, time.monotonic() - began)
        if not self._dry_run:
            shown = {key: _shown(value) for key, value in config.items()}
            self._storage.add_history(self._result, self._options.message, shown)

    def _make_run(self, state: StackState) -> Run:
        run = Run(
            project=self._project.name,
            stack=self._stack,
            options=self._options,
            dry_run=self._dry_run,
            ledger=Ledger(state.resources),
            stream=self.stream,
            registry=self._registry,
            recorder=NoRecorder() if self._dry_run else self._storage.recorder(),
            hooks=Hooks(self._callbacks, self.stream, dry_run=self._dry_run),
        )
        self._run = run
        if self._stopped:
            run.stopping.set()
        return run

    def _perform(self, run: Run, state: StackState, config: Mapping[str, object]) -> None:
        executor = Executor(run, refreshing=self._operation == "refresh")
        self._unresolved = state.pending
        self._result.pending = bool(state.pending)
        recovery.recover(run, executor, state.pending)
        self._unresolved = []
        if self._options.refresh or self._operation == "refresh":
            refreshes.refresh_all(run, executor)
        else:
            refreshes.refresh_stale(run, executor)
        run.check_going()
        match self._operation:
            case "preview" | "up":
                self._run_program(run, config)
            case "destroy":
                self._destroy(run, executor)

    def _destroy(self, run: Run, executor: Executor) -> None:
        resources = run.ledger.base
        condemned = targets.deletable(self._options, resources, resources)
        if self._options.exclude_protected:
            protected = [item for item in condemned if item.protect]
            condemned = targets.without_needed(condemned, protected)
        deletions.delete_all(run, executor, condemned)

    def _run_program(self, run: Run, config: Mapping[str, object]) -> None:
        deployment = Deployment(run, config, self._storage.other_resources)
        source = self._make_source(config)
        self._source = source
        try:
            source.declare(run, deployment, self._callbacks)
            failed = run.failed.is_set() and not self._options.continue_on_error
            if not (failed or run.stopping.is_set()):
                deployment.delete_rest()
        finally:
            run.wait_idle()
            self._result.outputs = deployment.finish()
            source.release()

    def _summarise(self, run: Run, duration: float) -> None:
        result = self._result
        result.duration = duration
        result.changes = self.stream.changes
        result.steps, result.failures = self.stream.steps, self.stream.failures
        result.diagnostics = self.stream.diagnostics
        if result.result != "canceled":
            result.result = self._outcome(run)
        self.stream.emit(
            SummaryEvent(
                duration_seconds=-int(-duration // 1),
                resource_changes=dict(result.changes),
                is_preview=self._dry_run,
                result=result.result,
            )
        )
        self.stream.emit(CancelEvent())

    def _outcome(self, run: Run) -> OperationResult:
        if self._stopped:
            return "canceled"
        if run.failed.is_set():
            return "failed"
        if self._options.expect_no_changes and self._result.changed:
            self.stream.say("error", "no changes were expected but changes occurred")
            return "failed"
        return "succeeded"

    def _with_builtins(self, loader: ProviderLoader) -> Callable[[str, str], Provider]:
        def load(package: str, version: str) -> Provider:
            if package == "pulumi":
                return BuiltinProvider(self._storage.other_resources)
            return loader(package, version)

        return load


def _shown(value: object) -> str:
    return BLINDED if isinstance(value, Secret) else str(value)
