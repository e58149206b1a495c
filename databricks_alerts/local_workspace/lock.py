"""The lock of a data folder: one process serves it, and the lock says which.

The kernel lets go of the lock when its process ends, however it ends; so a pid found here while
the lock is held is the server's, never one that the system has given to somebody else since.
"""

from __future__ import annotations

import contextlib
import fcntl
import os
import time
from collections.abc import Iterator
from pathlib import Path

from databricks_alerts.local_workspace.errors import WorkspaceProcessError

_NAME = "server.lock"
# Somebody who only looks holds the lock for an instant; a server waits that out.
_PATIENCE = 1.0


@contextlib.contextmanager
def held(data_dir: Path) -> Iterator[None]:
    """Hold the folder. Raises WorkspaceProcessError when another process does."""
    with (data_dir / _NAME).open("a+") as file:
        if not _taken(file.fileno()):
            raise WorkspaceProcessError(
                f"another process (pid {_pid(data_dir)}) serves the workspace in {data_dir}; "
                "stop it first: alerts workspace stop"
            )
        file.seek(0)
        file.truncate()
        file.write(f"{os.getpid()}\n")
        file.flush()
        yield


def holder(data_dir: Path) -> int | None:
    """The pid of the process that serves the folder, None if none does.

    0 stands for a server so new that it has not said its pid.
    """
    try:
        descriptor = os.open(data_dir / _NAME, os.O_RDONLY)
    except FileNotFoundError:
        return None
    try:
        # Shared, so that two who look do not take each other for a server.
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return _pid(data_dir)
    finally:
        os.close(descriptor)
    return None


def steady_holder(data_dir: Path) -> int | None:
    """As `holder`, for those who mean to send signals.

    Between taking the lock and writing its pid a new server shows the pid of the one before, for
    an instant; so only a pid that stays for longer than that counts.
    """
    pid = holder(data_dir)
    if not pid:
        return pid
    time.sleep(0.05)
    return pid if holder(data_dir) == pid else 0


def _taken(descriptor: int) -> bool:
    deadline = time.monotonic() + _PATIENCE
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > deadline:
                return False
            time.sleep(0.01)
        else:
            return True


def _pid(data_dir: Path) -> int:
    text = (data_dir / _NAME).read_text().strip()
    return int(text) if text.isdigit() else 0
