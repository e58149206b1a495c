"""Where registrations come from: the project's program, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from databricks_alerts.engine import language_host
from databricks_alerts.engine.callbacks import CallbackClient
from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.errors import ProgramError
from databricks_alerts.engine.language_host import Program, ProgramRequest, Standby
from databricks_alerts.engine.monitor.log_service import LogService
from databricks_alerts.engine.monitor.server import MonitorServer
from databricks_alerts.engine.monitor.service import MonitorService
from databricks_alerts.engine.project import Project
from databricks_alerts.engine.steps.run import Run
from databricks_alerts.engine.values import Secret, reveal

_POLL_SECONDS = 0.05
_EXIT_SECONDS = 30.0
# How long a program may take to end after the last step that it waits for has ended.
_STOP_SECONDS = 3.0


class Source(Protocol):
    """Something that declares resources."""

    def declare(self, run: Run, deployment: Deployment, callbacks: CallbackClient) -> None:
        """Register everything; return when all is declared, or the run is stopping.

        Raises ProgramError when it ends before it has declared everything.
        """

    def release(self) -> None:
        """The deployment is over: end."""

    def kill(self) -> None:
        """End at once."""


class ProgramSource:
    """The program of a project, run by its own interpreter."""

    def __init__(
        self,
        project: Project,
        stack: str,
        config: Mapping[str, object],
        environment: Mapping[str, str],
        standby: Standby | None = None,
    ) -> None:
        self._standby = standby
        self._project, self._stack = project, stack
        self._config = {key: str(reveal(value)) for key, value in config.items()}
        self._secret_keys = [key for key, value in config.items() if isinstance(value, Secret)]
        self._environment = environment
        self._program: Program | None = None
        self._server: MonitorServer | None = None
        self._monitor: MonitorService | None = None

    def declare(self, run: Run, deployment: Deployment, callbacks: CallbackClient) -> None:
        """Start the program and wait until it has declared everything."""
        self._monitor = MonitorService(
            run, deployment, callbacks, self._project.directory, self._config, self._secret_keys
        )
        self._server = MonitorServer(self._monitor, LogService(run), run.options.parallel)
        self._program = Program(
            self._request(run, self._server.address), run.stream.say, self._standby
        )
        self._wait(run, self._monitor, self._program)

    def release(self) -> None:
        """Let the program run to its end, then stop it and the server."""
        if self._program is not None and self._monitor is not None:
            self._monitor.released.set()
            if self._monitor.declared.is_set():
                # What runs at its exit may still log.
                self._program.wait(_EXIT_SECONDS)
            self._program.stop()
        if self._server is not None:
            self._server.stop()

    def kill(self) -> None:
        """Kill the program's process."""
        if self._program is not None:
            self._program.kill()

    @staticmethod
    def _wait(run: Run, monitor: MonitorService, program: Program) -> None:
        while not monitor.declared.wait(_POLL_SECONDS):
            status = program.wait(0)
            if run.stopping.is_set():
                run.wait_idle()
                program.wait(_STOP_SECONDS)
                return
            if status == 0:
                return
            if status is not None:
                raise ProgramError(_ending(status))

    def _request(self, run: Run, address: str) -> ProgramRequest:
        project = self._project
        return ProgramRequest(
            interpreter=language_host.interpreter(project.directory, project.virtualenv),
            project_dir=project.directory,
            program=project.program,
            project=project.name,
            stack=self._stack,
            address=address,
            parallel=run.options.parallel,
            dry_run=run.dry_run,
            config=self._config,
            secret_keys=self._secret_keys,
            environment=self._environment,
        )


def _ending(status: int) -> str:
    if status < 0:
        return f"the program was ended by signal {-status} before it had declared everything"
    return "the program failed: nothing was deleted; see the messages above"
