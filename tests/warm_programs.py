"""Programs that start at once: forked from a process that has imported what programs import.

A program spends a second on imports, and the tests run several hundred of them. What a fork cannot
show, a start from nothing and what is missing then, is for the tests that use `cold_start`.
"""

from __future__ import annotations

import contextlib
import gc
import json
import os
import runpy
import selectors
import signal
import socket
import subprocess
import sys
import threading
import traceback
from collections.abc import Mapping
from pathlib import Path
from typing import IO, NoReturn

from databricks_alerts.cli.deploy import PROGRAM_IMPORTS
from databricks_alerts.engine import language_host

SPAWN = language_host._spawn
_LARGEST_ORDER = 1 << 20
# Not `components`: a test's program may bring its own.
_IMPORTS = (
    *PROGRAM_IMPORTS,
    "databricks.sql",
    "databricks_alerts.plan.deployment",
    "databricks_alerts.outcome",
    "databricks_alerts.destinations.secrets",
)
_FDS = 4  # standard input, output, errors, and where the exit status goes


class Nursery:
    """The process that forks programs. It ends when the socket to it does."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._socket, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-u", __file__, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
            )

    def close(self) -> None:
        """End it; programs that run go on."""
        self._socket.close()
        self._process.wait()

    def start(
        self, command: list[str], folder: Path, environment: Mapping[str, str], *, stdin: int
    ) -> WarmProgram:
        """What `language_host` starts, with the same pipes."""
        ours: list[int] = []
        theirs: list[int] = []
        for reads in (True, False, False, False):
            reading, writing = os.pipe()
            theirs.append(reading if reads else writing)
            ours.append(writing if reads else reading)
        # After the interpreter, its two flags and the launcher.
        order = {"launcher": command[3], "arguments": command[4:], "folder": str(folder)}
        order["environment"] = dict(environment)  # type: ignore[assignment]
        try:
            with self._lock:
                socket.send_fds(self._socket, [json.dumps(order).encode()], theirs)
                pid = int(self._socket.recv(32))
        finally:
            for descriptor in theirs:
                os.close(descriptor)
        if stdin == subprocess.DEVNULL:
            os.close(ours[0])
        return WarmProgram(pid, ours, with_input=stdin == subprocess.PIPE)


class WarmProgram:
    """As much of a Popen as its callers use."""

    def __init__(self, pid: int, descriptors: list[int], *, with_input: bool) -> None:
        given, out, errors, status = descriptors
        self.pid = pid
        self.returncode: int | None = None
        self.stdin: IO[str] | None = os.fdopen(given, "w") if with_input else None
        self.stdout: IO[str] = os.fdopen(out, errors="replace")
        self.stderr: IO[str] = os.fdopen(errors, errors="replace")
        self._status = status

    def poll(self) -> int | None:
        """The exit status of a program that has ended."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            return self.wait(0)
        return None

    def wait(self, timeout: float | None = None) -> int:
        """The exit status."""
        if self.returncode is None:
            with selectors.DefaultSelector() as selector:
                selector.register(self._status, selectors.EVENT_READ)
                if not selector.select(timeout):
                    raise subprocess.TimeoutExpired("the program", timeout or 0)
            if self.returncode is None:
                told = os.read(self._status, 32)
                os.close(self._status)
                # Without a word only when the whole nursery was killed, by what ends this run.
                self.returncode = int(told) if told else -signal.SIGKILL
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._signal(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._signal(signal.SIGKILL)

    def communicate(self) -> tuple[str, str]:
        """All that it still says, at its end."""
        if self.stdin is not None:
            self.stdin.close()
        out, errors = self.stdout.read(), self.stderr.read()
        self.stdout.close()
        self.stderr.close()
        self.wait()
        return out, errors

    def _signal(self, number: signal.Signals) -> None:
        if self.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.kill(self.pid, number)


_nursery: Nursery | None = None


def start_warm(
    command: list[str], folder: Path, environment: Mapping[str, str], *, stdin: int
) -> subprocess.Popen[str] | WarmProgram:
    """In the place of `language_host._spawn`: forks what this Python would start."""
    global _nursery  # noqa: PLW0603 - one for all tests of a worker, started when first needed
    if command[0] != sys.executable or not folder.is_dir():
        return SPAWN(command, folder, environment, stdin=stdin)
    if _nursery is None:
        _nursery = Nursery()
    return _nursery.start(command, folder, environment, stdin=stdin)


def close() -> None:
    """End what `start_warm` started."""
    global _nursery  # noqa: PLW0603
    if _nursery is not None:
        _nursery.close()
        _nursery = None


def _serve(listener: socket.socket) -> None:
    _import()
    running: dict[int, tuple[int, int]] = {}
    with selectors.DefaultSelector() as selector:
        selector.register(listener, selectors.EVENT_READ)
        while True:
            for key, _ in selector.select():
                if key.fd in running:
                    selector.unregister(key.fd)
                    _tell(key.fd, *running.pop(key.fd))
                    continue
                text, descriptors, _, _ = socket.recv_fds(listener, _LARGEST_ORDER, _FDS)
                if not text:
                    return
                pid = os.fork()
                if pid == 0:
                    selector.close()
                    listener.close()
                    for descriptor in running:
                        os.close(descriptor)
                    for _, status in running.values():
                        os.close(status)
                    _become(json.loads(text), descriptors)
                for descriptor in descriptors[:3]:
                    os.close(descriptor)
                listener.send(str(pid).encode())
                ended = os.pidfd_open(pid)
                running[ended] = pid, descriptors[3]
                selector.register(ended, selectors.EVENT_READ)


def _import() -> None:
    launcher = Path(language_host.__file__).with_name("launcher.py")
    runpy.run_path(str(launcher))["import_early"](_IMPORTS)
    # Nothing of what stands here is garbage; a collector that looks at it copies its pages.
    gc.freeze()


def _tell(ended: int, pid: int, status: int) -> None:
    _, ending = os.waitpid(pid, 0)
    os.close(ended)
    with contextlib.suppress(BrokenPipeError):  # nobody waits any more
        os.write(status, str(os.waitstatus_to_exitcode(ending)).encode())
    os.close(status)


def _become(order: dict[str, object], descriptors: list[int]) -> NoReturn:
    """Be the program: what an exec would set is set here."""
    os.setsid()
    for number, descriptor in enumerate(descriptors[:3]):
        os.dup2(descriptor, number)
    for descriptor in descriptors:
        os.close(descriptor)
    os.environ.clear()
    os.environ.update(order["environment"])  # type: ignore[call-overload]
    status = 1
    try:
        os.chdir(str(order["folder"]))
        sys.argv = [str(order["launcher"]), *order["arguments"]]  # type: ignore[misc]
        runpy.run_path(str(order["launcher"]), run_name="__main__")
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else 1
    except BaseException:  # noqa: BLE001 - the process' rim, as the interpreter's own
        traceback.print_exc()
    os._exit(status)


if __name__ == "__main__":
    with socket.socket(fileno=int(sys.argv[1])) as given:
        _serve(given)
