"""The Spark Connect server of one workspace: started, watched, started anew, stopped."""

from __future__ import annotations

import contextlib
import logging
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from databricks_alerts.local_workspace.apache_spark.command import (
    LOOPBACK,
    server_command,
    server_environment,
)
from databricks_alerts.local_workspace.apache_spark.installation import Installation
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

DEFAULT_MEMORY = "2g"
START_SECONDS = 90.0
_KEEPER = Path(__file__).with_name("keeper.py")
_FIRST_PAUSE, _LONGEST_PAUSE = 0.5, 30.0  # before a start, after one that did not last
_LASTING = 60.0  # seconds after which a server that dies is no sign of a fault that stays
_END_SECONDS = 15.0  # longer than the keeper gives it

_log = logging.getLogger("databricks_alerts.local_workspace.apache_spark")


@contextmanager
def running(installation: Installation, folder: Path, memory: str) -> Iterator[str]:
    """The address (sc://host:port) of a server that answers, until the block ends.

    `folder` is for its log and its own files alone: what an earlier one left there goes. Raises
    WorkspaceProcessError when it does not start.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    port = free_port()
    command = server_command(installation, folder, port, memory)
    server = Server(command, port, folder, server_environment(installation, os.environ))
    server.start()
    try:
        yield f"sc://{LOOPBACK}:{port}"
    finally:
        server.stop()


class Server:
    """A command that listens on `port`; from `start` to `stop` it is started anew when it ends."""

    def __init__(
        self, command: Sequence[str], port: int, folder: Path, environment: Mapping[str, str]
    ) -> None:
        self._command = [sys.executable, "-I", str(_KEEPER), *command]
        self._port = port
        self._folder = folder
        self._environment = dict(environment)
        self._log_file = folder / "spark.log"
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._keeper: subprocess.Popen[bytes] | None = None
        self._watcher: threading.Thread | None = None

    def start(self) -> None:
        """Start it and wait until it listens. Raises WorkspaceProcessError with its last words."""
        keeper = self._spawn()
        assert keeper is not None
        deadline = time.monotonic() + START_SECONDS
        while not listens(self._port):
            ended = keeper.poll() is not None
            if ended or time.monotonic() > deadline:
                self.stop()
                what = "ended at its start" if ended else f"did not answer in {START_SECONDS:.0f} s"
                raise WorkspaceProcessError(
                    f"Apache Spark {what}; the end of {self._log_file}:\n{self._last_words()}"
                )
            time.sleep(0.05)
        self._watcher = threading.Thread(
            target=self._watch, args=(keeper,), name="spark-watcher", daemon=True
        )
        self._watcher.start()

    def stop(self) -> None:
        """End it, and do not start it anew."""
        with self._lock:
            self._stopping.set()
            keeper = self._keeper
        if keeper is not None:
            _end(keeper)
        if self._watcher is not None:
            self._watcher.join()

    @property
    def keeper_pid(self) -> int | None:
        """The process that runs the command now; None before the start."""
        with self._lock:
            return self._keeper.pid if self._keeper is not None else None

    def _spawn(self) -> subprocess.Popen[bytes] | None:
        """Start it, unless `stop` was called."""
        with self._lock, self._log_file.open("ab") as log:
            if self._stopping.is_set():
                return None
            self._keeper = subprocess.Popen(
                self._command,
                stdin=subprocess.PIPE,  # whose end is the keeper's sign to end
                stdout=log,
                stderr=log,
                cwd=self._folder,
                env=self._environment,
                start_new_session=True,  # Ctrl-C is for the workspace, which then stops this
            )
            return self._keeper

    def _watch(self, keeper: subprocess.Popen[bytes]) -> None:
        current: subprocess.Popen[bytes] | None = keeper
        pause = _FIRST_PAUSE
        while current is not None:
            started = time.monotonic()
            status = current.wait()
            if self._stopping.is_set():
                return
            _end(current)  # a keeper that was killed leaves its server behind
            if time.monotonic() - started > _LASTING:
                pause = _FIRST_PAUSE
            _log.warning(
                "Apache Spark ended (exit status %s) and is started anew in %.1f s; see %s",
                *(status, pause, self._log_file),
            )
            if self._stopping.wait(pause):
                return
            pause = min(2 * pause, _LONGEST_PAUSE)
            current = self._spawn()

    def _last_words(self) -> str:
        return "\n".join(self._log_file.read_text(errors="replace").splitlines()[-15:])


def free_port() -> int:
    """A port on loopback that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind((LOOPBACK, 0))
        port: int = probe.getsockname()[1]
        return port


def listens(port: int) -> bool:
    """Whether somebody listens on this port of loopback."""
    try:
        with socket.create_connection((LOOPBACK, port), timeout=1):
            return True
    except OSError:
        return False


def _end(keeper: subprocess.Popen[bytes]) -> None:
    """End the keeper and its server, gently where the keeper still can."""
    assert keeper.stdin is not None
    with contextlib.suppress(OSError):  # it is gone already
        keeper.stdin.close()
    with contextlib.suppress(subprocess.TimeoutExpired):
        keeper.wait(_END_SECONDS)
    with contextlib.suppress(ProcessLookupError):  # its group is its own, and empty by now
        os.killpg(keeper.pid, signal.SIGKILL)
    keeper.wait()
