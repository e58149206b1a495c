"""One operation from lock to save."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

from engine import language_host
from engine import project as projects
from engine.builtin import BuiltinProvider
from engine.callbacks import CallbackClient
from engine.deployment import Deployment
from engine.errors import EngineError, ProgramError
from engine.event_stream import EventStream
from engine.events import BLINDED, CancelEvent, OperationResult, PreludeEvent, SummaryEvent
from engine.hooks import Hooks
from engine.language_host import Program, ProgramRequest
from engine.monitor.log_service import LogService
from engine.monitor.server import MonitorServer
from engine.monitor.service import MonitorService
from engine.options import DeploymentOptions, DeploymentResult, Operation, ProviderLoader
from engine.project import Project
from engine.providers.base import Provider
from engine.registry import ProviderRegistry
from engine.steps import deletions, recovery, refreshes, targets
from engine.steps.executor import Executor
from engine.steps.ledger import Ledger
from engine.steps.recorder import NoRecorder
from engine.steps.run import Run, StepFailedError, StoppedError
from engine.storage import StackState, Storage
from engine.values import Properties, Secret, reveal

_POLL_SECONDS = 0.05
_EXIT_SECONDS = 30.0


class Update:
    """A preview, up, refresh or destroy. `work` does it; `answer` tells how it went."""

    def __init__(
        self,
        project: Project,
        stack: str,
        operation: Operation,
        options: DeploymentOptions,
        *,
        storage: Storage,
        provider_loader: ProviderLoader,
        environment: Mapping[str, str],
    ) -> None:
        self._project, self._stack = project, stack
        self._operation, self._options = operation, options
        self._dry_run = operation == "preview" or options.preview
        self._storage = storage
        self._environment = environment
        self.stream = EventStream(planning=self._dry_run)
        self._registry = ProviderRegistry(self._with_builtins(provider_loader))
        self._callbacks = CallbackClient()
        self._run: Run | None = None
        self._program: Program | None = None
        self._stopped = False
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
        if self._program is not None:
            self._program.kill()
        self._result.result = "canceled"
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
                with self._storage.locked():
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
            self._result.outputs = self._perform(run, state, config)
        except (StoppedError, StepFailedError):
            run.failed.set()
        except EngineError as error:
            self._result.error = str(error)
            self.stream.say("error", str(error))
            run.failed.set()
        finally:
            run.wait_idle()
            if not self._dry_run:
                self._storage.save(StackState(run.ledger.snapshot(), run.recorder.pending()))
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

    def _perform(self, run: Run, state: StackState, config: Mapping[str, object]) -> Properties:
        executor = Executor(run, refreshing=self._operation == "refresh")
        recovery.recover(run, executor, state.pending)
        if self._options.refresh or self._operation == "refresh":
            refreshes.refresh_all(run, executor)
            run.check_going()
        match self._operation:
            case "preview" | "up":
                return self._run_program(run, config)
            case "destroy":
                self._destroy(run, executor)
        return {}

    def _destroy(self, run: Run, executor: Executor) -> None:
        resources = run.ledger.base
        condemned = targets.deletable(self._options, resources, resources)
        if self._options.exclude_protected:
            protected = [item for item in condemned if item.protect]
            condemned = targets.without_needed(condemned, protected)
        deletions.delete_all(run, executor, condemned)

    def _run_program(self, run: Run, config: Mapping[str, object]) -> Properties:
        deployment = Deployment(run, config)
        plain = {key: str(reveal(value)) for key, value in config.items()}
        secret_keys = [key for key, value in config.items() if isinstance(value, Secret)]
        monitor = MonitorService(
            run, deployment, self._callbacks, self._project.directory, plain, secret_keys
        )
        server = MonitorServer(monitor, LogService(run), self._options.parallel)
        try:
            request = self._program_request(server.address, plain, secret_keys)
            self._program = Program(request, self.stream.say)
            self._await_declarations(run, monitor)
            if not run.stopping.is_set() and (
                not run.failed.is_set() or self._options.continue_on_error
            ):
                deployment.delete_rest()
        finally:
            run.wait_idle()
            outputs = deployment.finish()
            self._end_program(monitor)
            server.stop()
        return outputs

    def _end_program(self, monitor: MonitorService) -> None:
        monitor.released.set()
        if self._program is None:
            return
        if monitor.declared.is_set():
            # What runs at its exit may still log.
            self._program.wait(_EXIT_SECONDS)
        self._program.stop()

    def _await_declarations(self, run: Run, monitor: MonitorService) -> None:
        """Wait until the program has declared everything. Raises ProgramError if it ends before."""
        assert self._program is not None
        while not monitor.declared.wait(_POLL_SECONDS):
            status = self._program.wait(0)
            if status is None and not run.stopping.is_set():
                continue
            if status is None:
                # Steps in flight answer the program first; then it ends, or is ended.
                status = self._program.wait(_grace_seconds(run))
            if run.stopping.is_set():
                return
            if status == 0:
                return
            raise ProgramError(_ending(status))

    def _program_request(
        self, address: str, config: Mapping[str, str], secret_keys: list[str]
    ) -> ProgramRequest:
        project = self._project
        return ProgramRequest(
            interpreter=language_host.interpreter(project.directory, project.virtualenv),
            project_dir=project.directory,
            program=project.program,
            project=project.name,
            stack=self._stack,
            address=address,
            parallel=self._options.parallel,
            dry_run=self._dry_run,
            config=config,
            secret_keys=secret_keys,
            environment=self._environment,
        )

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
                return BuiltinProvider(self._storage.other_outputs)
            return loader(package, version)

        return load


def _shown(value: object) -> str:
    return BLINDED if isinstance(value, Secret) else str(value)


def _grace_seconds(run: Run) -> float | None:
    """How long a program may take to end once steps stop: in flight ones must finish first."""
    return None if run.options.continue_on_error else 600.0


def _ending(status: int | None) -> str:
    if status is not None and status < 0:
        return f"the program was ended by signal {-status} before it had declared everything"
    return "the program failed: nothing was deleted; see the messages above"
