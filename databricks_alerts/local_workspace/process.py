"""The local workspace as a background process: start, stop, status."""

from __future__ import annotations

import configparser
import contextlib
import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path

from databricks_alerts.local_workspace import apache_spark, lock
from databricks_alerts.local_workspace.errors import WorkspaceProcessError
from databricks_alerts.local_workspace.sql_engines import SPARK, chosen

# Processes that outlive this one on purpose; a Popen that is collected would warn of that.
_SPAWNED: list[tuple[Path, subprocess.Popen[bytes]]] = []
# The workspace is on loopback: no proxy of the environment stands before it.
DIRECT = urllib.request.build_opener(urllib.request.ProxyHandler({}))
_START_SECONDS = 60.0 + apache_spark.START_SECONDS
_STOP_SECONDS = 15.0


@dataclass(frozen=True)
class Running:
    """A workspace that runs; `config_file` holds the profile `local` that reaches it."""

    url: str
    pid: int
    warehouse_id: str
    config_file: Path
    sql_engine: str

    @property
    def token(self) -> str:
        """The admin's token."""
        parser = configparser.ConfigParser()
        parser.read(self.config_file)
        return parser.get("local", "token")


def start(
    data_dir: Path,
    port: int | None = None,
    *,
    sql_engine: str | None = None,
    spark_memory: str | None = None,
    spark: str | None = None,
    clock: str | None = None,
    speed: float | None = None,
    allow_egress: bool = False,
    tell: Callable[[str], None] = lambda text: None,
) -> Running:
    """Start the workspace of `data_dir` and wait until it answers; one that runs is answered.

    Without `port` it takes the port that it had, else a free one. `sql_engine` is "sail" or
    "spark", which may take `spark_memory` and is installed first where it is not; `spark` is the
    URL of a server of others. `clock` is the time to begin at, `speed` how many seconds pass in
    one, `allow_egress` lets notifications leave this machine. `tell` hears what takes long.
    Raises WorkspaceProcessError with the end of the log when it does not come up.
    """
    running = status(data_dir)
    if running is not None:
        return running
    if chosen(sql_engine, spark_memory, spark).name == SPARK:
        apache_spark.install(tell)
    data_dir.mkdir(parents=True, exist_ok=True)
    first_port = port if port is not None else _port_before(data_dir)
    given = {"--sql-engine": sql_engine, "--spark-memory": spark_memory, "--spark": spark}
    given |= {"--clock": clock, "--speed": None if speed is None else str(speed)}
    options = [part for name, value in given.items() if value for part in (name, value)]
    options += ["--allow-egress"] if allow_egress else []
    process = _spawn(data_dir, first_port, options)
    came_up = _came_up(process, data_dir)
    if not came_up and port is None and first_port and not _is_served(data_dir):
        process = _spawn(data_dir, 0, options)  # somebody took the old port meanwhile
        _came_up(process, data_dir)
    found = status(data_dir)
    if found is None:
        raise WorkspaceProcessError(
            f"the local workspace did not start; the end of {data_dir / 'server.log'}:\n"
            + _last_words(data_dir)
        )
    return found


def stop(data_dir: Path) -> bool:
    """Stop the workspace of `data_dir`; answers whether one ran.

    Raises WorkspaceProcessError if it does not end in time.
    """
    if not _is_served(data_dir):
        return False
    for signal_number in (signal.SIGTERM, signal.SIGKILL):
        _signal(data_dir, signal_number)
        if _wait(lambda: not _is_served(data_dir), _STOP_SECONDS):
            _reap(data_dir)
            return True
    raise WorkspaceProcessError(f"the local workspace in {data_dir} does not end")


def status(data_dir: Path) -> Running | None:
    """The workspace of `data_dir` if it runs and answers."""
    pid = lock.holder(data_dir)
    facts = _recorded(data_dir)
    if not pid or facts.get("pid") != pid or not _answers(str(facts["url"])):
        return None
    return Running(
        url=str(facts["url"]),
        pid=int(str(facts["pid"])),
        warehouse_id=str(facts["warehouse_id"]),
        config_file=data_dir / "databrickscfg",
        sql_engine=str(facts.get("sql_engine", "")),
    )


def _spawn(data_dir: Path, port: int, options: list[str]) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "databricks_alerts.local_workspace", "serve"]
    command += ["--data", str(data_dir), "--port", str(port), *options]
    with (data_dir / "server.log").open("ab") as log:
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd=Path(__file__).parents[2],
            start_new_session=True,
        )
    _SPAWNED.append((data_dir, process))
    return process


def _came_up(process: subprocess.Popen[bytes], data_dir: Path) -> bool:
    """Wait until the folder's workspace answers, by this process or by one started beside it."""

    def settled() -> bool:
        if process.poll() is not None and not _is_served(data_dir):
            return True
        return status(data_dir) is not None

    return _wait(settled, _START_SECONDS) and status(data_dir) is not None


def _signal(data_dir: Path, number: signal.Signals) -> None:
    """Send a signal to the process that serves the folder, if one still does."""
    found: list[int | None] = []

    def known() -> bool:
        found.append(lock.steady_holder(data_dir))
        return found[-1] != 0

    if not _wait(known, _STOP_SECONDS):
        raise WorkspaceProcessError(f"a workspace runs in {data_dir}, but has not said its pid yet")
    if found[-1]:
        with contextlib.suppress(ProcessLookupError):  # it ended meanwhile
            os.kill(found[-1], number)


def _answers(url: str) -> bool:
    try:
        with DIRECT.open(f"{url}/local/ready", timeout=5) as response:
            return bool(response.status == 200)
    except (OSError, HTTPException, ValueError):
        return False


def _is_served(data_dir: Path) -> bool:
    return lock.holder(data_dir) is not None


def _recorded(data_dir: Path) -> dict[str, object]:
    try:
        facts: dict[str, object] = json.loads((data_dir / "server.json").read_text())
    except (OSError, ValueError):
        return {}
    return facts


def _port_before(data_dir: Path) -> int:
    return int(str(_recorded(data_dir).get("url", ":0")).rsplit(":", 1)[-1] or 0)


def _last_words(data_dir: Path) -> str:
    lines = (data_dir / "server.log").read_text(errors="replace").splitlines()
    return "\n".join(lines[-15:])


def _reap(data_dir: Path) -> None:
    """Take the exit status of the folder's workspace, if this process started it."""
    for spawned in [item for item in _SPAWNED if item[0] == data_dir]:
        with contextlib.suppress(subprocess.TimeoutExpired):  # it still closes what it has open
            spawned[1].wait(_STOP_SECONDS)
            _SPAWNED.remove(spawned)


def _wait(condition: Callable[[], bool], seconds: float) -> bool:
    """Whether `condition()` came true in time."""
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if condition():
            return True
        time.sleep(0.02)
    return False
