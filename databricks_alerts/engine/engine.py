"""The engine as the command line sees it: one object a stack, one method an operation."""

from __future__ import annotations

import importlib
import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from databricks_alerts.engine import project as projects
from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.language_host import Standby, interpreter
from databricks_alerts.engine.options import (
    DeploymentOptions,
    DeploymentResult,
    Operation,
    ProviderLoader,
    Sink,
)
from databricks_alerts.engine.providers.base import Provider
from databricks_alerts.engine.source import ProgramSource
from databricks_alerts.engine.storage import Storage
from databricks_alerts.engine.update import Update


class Engine:
    """Runs a project's program against one stack.

    `backend_url` overrides PULUMI_BACKEND_URL and Pulumi.yaml. `passphrase` opens the stack's
    secrets (None: none was given). `environment` is what the program sees (default: this
    process's). `provider_loader` and `storage` take the place of the built-in ones. Making an
    Engine reads the project files only. Raises ProjectError when they are wrong.

    The methods raise EngineError for what stops them before anything starts (a wrong passphrase, a
    locked or damaged state); everything later is in the result. They call `sink` on the caller's
    thread, in order.
    """

    name = "embedded"

    def __init__(
        self,
        project_dir: Path,
        stack: str,
        *,
        backend_url: str | None = None,
        passphrase: str | None = None,
        environment: Mapping[str, str] | None = None,
        provider_loader: ProviderLoader | None = None,
        storage: Storage | None = None,
    ) -> None:
        self.project = projects.load(project_dir)
        self.stack = stack
        self._environment = dict(os.environ if environment is None else environment)
        url = backend_url or self._environment.get("PULUMI_BACKEND_URL") or self.project.backend_url
        self._backend_url = url
        self._passphrase = passphrase
        self._provider_loader = provider_loader
        self._storage = storage
        self._update: Update | None = None
        self._cancelled = 0
        self._standby: Standby | None = None

    def preview(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """What `up` would do; writes nothing."""
        return self._operate("preview", options, sink)

    def up(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Run the program and make the workspace what it declares."""
        return self._operate("up", options, sink)

    def refresh(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Make the state what the workspace holds; runs no program."""
        return self._operate("refresh", options, sink)

    def destroy(self, options: DeploymentOptions, sink: Sink) -> DeploymentResult:
        """Delete every resource of the stack; runs no program."""
        return self._operate("destroy", options, sink)

    def cancel(self) -> None:
        """First call: finish what is in flight, save, end. Second: end at once.

        Safe in a signal handler and from any thread; without effect when nothing runs.
        """
        self._cancelled += 1
        update = self._update
        if update is None:
            return
        if self._cancelled == 1:
            update.stop()
        else:
            update.abandon()

    def stand_by(self, modules: Sequence[str] = ()) -> None:
        """Start a process that imports pulumi and `modules`, for the next operation's program.

        Worth it where other work goes before: a program spends most of its time on imports. Raises
        ProgramError when the project's interpreter cannot be started.
        """
        if self._standby is None:
            self._standby = Standby(
                interpreter(self.project.directory, self.project.virtualenv),
                self.project.directory,
                self._environment,
                modules,
            )

    def close(self) -> None:
        """End a process that stands by unused."""
        standby = self._take_standby()
        if standby is not None:
            standby.close()

    def _take_standby(self) -> Standby | None:
        standby, self._standby = self._standby, None
        return standby

    def _operate(
        self, operation: Operation, options: DeploymentOptions, sink: Sink
    ) -> DeploymentResult:
        if self._update is not None:
            raise ProjectError("this engine is at work already: one operation at a time")
        self._cancelled = 0
        update = Update(
            self.project,
            self.stack,
            operation,
            options,
            storage=self._storage or self._open_storage(),
            provider_loader=self._provider_loader or _load_provider,
            make_source=lambda config: ProgramSource(
                self.project, self.stack, config, self._environment, self._take_standby()
            ),
        )
        self._update = update
        # The work has its own thread, so that events reach the sink here while it goes on.
        worker = threading.Thread(target=update.work, name="deployment", daemon=True)
        worker.start()
        try:
            update.stream.drain(sink)
        finally:
            self._update = None
        return update.answer()

    def _open_storage(self) -> Storage:
        from databricks_alerts.engine.stack_storage import StackStorage

        return StackStorage(self.project, self.stack, self._backend_url, self._passphrase)


def _load_provider(package: str, version: str) -> Provider:
    # Late: the databricks SDK takes more than a second to import, and a test needs none.
    providers = importlib.import_module("databricks_alerts.engine.providers")
    provider: Provider = providers.load_provider(package, version)
    return provider
