"""The program's process: started, listened to, stopped."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from engine.errors import ProgramError
from engine.events import Severity

_LAUNCHER = Path(__file__).with_name("launcher.py")
_STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class ProgramRequest:
    """What to run and how (RunRequest of Pulumi's language protocol).

    `config` maps `namespace:key` to text in the clear; `secret_keys` are those that are secret.
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


class Program:
    """A running program. Its lines go to `say(severity, line)` as they come."""

    def __init__(self, request: ProgramRequest, say: Callable[[Severity, str], None]) -> None:
        try:
            self._process = subprocess.Popen(
                _command(request),
                cwd=request.project_dir,
                env=_environment(request),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
                errors="replace",
                # Ctrl-C goes to the engine alone: it lets steps finish before it ends the program.
                start_new_session=True,
            )
        except OSError as error:
            raise ProgramError(
                f"cannot start the program with {request.interpreter}: {error.strerror}; is the "
                "project's virtual environment (runtime.options.virtualenv) set up?"
            ) from error
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


def _command(request: ProgramRequest) -> list[str]:
    options = {
        "monitor": request.address,
        "engine": request.address,
        "project": request.project,
        "stack": request.stack,
        "organization": request.organization,
        "root-directory": str(request.project_dir),
        "pwd": str(request.program),
        "parallel": str(request.parallel),
    }
    flags = [text for name, value in options.items() for text in (f"--{name}", value)]
    dry_run = ["--dry-run"] if request.dry_run else []
    # -P: the launcher's own folder must not be where the program imports from.
    python = [str(request.interpreter), "-P", "-u", str(_LAUNCHER)]
    return [*python, *flags, *dry_run, str(request.program)]


def _environment(request: ProgramRequest) -> dict[str, str]:
    return {
        **request.environment,
        "PULUMI_CONFIG": json.dumps(dict(request.config)),
        "PULUMI_CONFIG_SECRET_KEYS": json.dumps(request.secret_keys),
        # gRPC warns on stderr when a process forks while its threads run; the SDK asks git.
        "GRPC_ENABLE_FORK_SUPPORT": os.environ.get("GRPC_ENABLE_FORK_SUPPORT", "0"),
    }


def interpreter(project_dir: Path, virtualenv: str) -> Path:
    """The Python that runs the program: the project's environment, else the engine's own."""
    if not virtualenv:
        return Path(sys.executable)
    folder = project_dir / virtualenv
    windows = folder / "Scripts" / "python.exe"
    return windows if windows.exists() else folder / "bin" / "python"
