"""The program's process: started, listened to, stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from databricks_alerts.engine.errors import ProgramError
from databricks_alerts.engine.events import Severity

_LAUNCHER = Path(__file__).with_name("launcher.py")
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProgramRequest:
    """What to run and how (RunRequest of Pulumi's language protocol).

    `config` maps `namespace:key` to text in the clear; `secret_keys` are those that are secret.
    `address` is where the monitor listens; `engine_address` where messages go, if elsewhere.
    """

    interpreter: Path
    project_dir: Path
    program: Path
    project: str
    stack: str
    address: str
    parallel: int
    dry_run: bool
    config: Mapping[str, str]
    secret_keys: list[str]
    environment: Mapping[str, str]
    organization: str = "organization"
    engine_address: str = ""

    @property
    def working_directory(self) -> Path:
        """Where the program runs: its folder, also where Pulumi.yaml's `main` names a file."""
        return self.program if self.program.is_dir() else self.program.parent


class Standby:
    """A process that has imported what programs import, and waits for one to run.

    The imports of a program take seconds; started early, they go on beside other work.
    """

    def __init__(
        self,
        interpreter: Path,
        project_dir: Path,
        environment: Mapping[str, str],
        modules: Sequence[str],
    ) -> None:
        command = [*_python(interpreter), "--standby", *modules]
        self._process = _spawn(command, project_dir, _settled(environment), stdin=subprocess.PIPE)

    def start(self, request: ProgramRequest) -> subprocess.Popen[str] | None:
        """Let it run the program; None when it has died, so that a new one is needed."""
        assert self._process.stdin is not None
        order = {"arguments": _arguments(request), "environment": _environment(request)}
        try:
            self._process.stdin.write(json.dumps(order) + "\n")
            self._process.stdin.close()
        except OSError:
            return None
        return self._process

    def close(self) -> None:
        """End it unused."""
        self._process.kill()
        self._process.communicate()


class Program:
    """A running program. Its lines go to `say(severity, line)` as they come."""

    def __init__(
        self,
        request: ProgramRequest,
        say: Callable[[Severity, str], None],
        standby: Standby | None = None,
    ) -> None:
        command = [*_python(request.interpreter), *_arguments(request)]
        waiting = standby.start(request) if standby is not None else None
        self._process = waiting or _spawn(
            command, request.project_dir, _environment(request), stdin=subprocess.DEVNULL
        )
        assert self._process.stdout is not None
        assert self._process.stderr is not None
        self._readers = [
            self._read(self._process.stdout, "info", say),
            self._read(self._process.stderr, "info#err", say),
        ]

    def wait(self, timeout: float | None = None) -> int | None:
        """The exit status, all output read; None when it still runs after `timeout` seconds."""
        try:
            status = self._process.wait(timeout)
        except subprocess.TimeoutExpired:
            return None
        for reader in self._readers:
            reader.join(_STOP_SECONDS)
        return status

    def stop(self) -> None:
        """End it: politely, then not."""
        if self._process.poll() is None:
            self._process.terminate()
            if self.wait(_STOP_SECONDS) is None:
                self._process.kill()
        self.wait()

    def kill(self) -> None:
        """End it at once."""
        if self._process.poll() is None:
            self._process.kill()

    @staticmethod
    def _read(
        stream: IO[str], severity: Severity, say: Callable[[Severity, str], None]
    ) -> threading.Thread:
        def read() -> None:
            with stream:
                for line in stream:
                    say(severity, line.rstrip("\n"))

        thread = threading.Thread(target=read, name="program-output", daemon=True)
        thread.start()
        return thread


def _spawn(
    command: list[str], folder: Path, environment: Mapping[str, str], *, stdin: int
) -> subprocess.Popen[str]:
    try:
        return subprocess.Popen(
            command,
            cwd=folder,
            env=environment,
            stdin=stdin,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            errors="replace",
            # Ctrl-C goes to the engine alone: it lets steps finish before it ends the program.
            start_new_session=True,
        )
    except OSError as error:
        raise ProgramError(
            f"cannot start the program with {command[0]}: {error.strerror}; is the "
            "project's virtual environment (runtime.options.virtualenv) set up?"
        ) from error


def _python(interpreter: Path) -> list[str]:
    # -P: the launcher's own folder must not be where the program imports from.
    return [str(interpreter), "-P", "-u", str(_LAUNCHER)]


def _arguments(request: ProgramRequest) -> list[str]:
    options = {
        "monitor": request.address,
        "engine": request.engine_address or request.address,
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root-directory": str(request.project_dir),
        "pwd": str(request.working_directory),
        "parallel": str(request.parallel),
    }
    flags = [text for name, value in options.items() for text in (f"--{name}", value)]
    dry_run = ["--dry-run"] if request.dry_run else []
    return [*flags, *dry_run, str(request.program)]


def _environment(request: ProgramRequest) -> dict[str, str]:
    return {
        **_settled(request.environment),
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(request.secret_keys),
    }


def _settled(environment: Mapping[str, str]) -> dict[str, str]:
    return {
        **environment,
        # gRPC warns on stderr when a process forks while its threads run; the SDK asks git.
        "GRPC_ENABLE_FORK_SUPPORT": os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "0"),
    }


def interpreter(project_dir: Path, virtualenv: str) -> Path:
    """The Python that runs the program: the project's environment, else the engine's own.

    A project whose environment was never made (a CI job, a Databricks job) has what it needs where
    the engine is installed.
    """
    folder = project_dir / virtualenv
    if not virtualenv or not folder.exists():
        return Path(sys.executable)
    windows = folder / "Scripts" / "python.exe"
    return windows if windows.exists() else folder / "bin" / "python"
