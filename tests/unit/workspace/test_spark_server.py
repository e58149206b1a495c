"""Watching a managed server, by one that only listens: no Java, no Spark."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from databricks_alerts.local_workspace.apache_spark import server
from databricks_alerts.local_workspace.apache_spark.command import (
    server_command,
    server_environment,
)
from databricks_alerts.local_workspace.apache_spark.installation import Installation
from databricks_alerts.local_workspace.apache_spark.java import Java
from databricks_alerts.local_workspace.apache_spark.server import Server, free_port, listens
from databricks_alerts.local_workspace.errors import WorkspaceProcessError

# Listens on the port that it is given, and appends its pid to `pids` when it does.
LISTENER = """
import os, socket, sys, time
listener = socket.create_server(("127.0.0.1", int(sys.argv[1])))
with open("pids", "a") as file:
    file.write(f"{os.getpid()}\\n")
while True:
    listener.accept()
"""
# A workspace that starts such a server, says so and waits for its own end.
WORKSPACE = """
import sys
from pathlib import Path
from databricks_alerts.local_workspace.apache_spark.server import Server
Server(sys.argv[2:], int(sys.argv[2:][-1]), Path(sys.argv[1]), {}).start()
print("started", flush=True)
sys.stdin.read()
"""


def _command(port: int) -> list[str]:
    return [sys.executable, "-c", LISTENER, str(port)]


def _until(wanted: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not wanted():
        assert time.monotonic() < deadline, "nothing happened in 30 s"


def _pids(folder: Path) -> list[int]:
    path = folder / "pids"
    return [int(line) for line in path.read_text().splitlines()] if path.exists() else []


def _runs(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    return True


@pytest.fixture
def port() -> int:
    """A free port."""
    return free_port()


@pytest.fixture
def watched(tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch) -> Iterator[Server]:
    """A server that is started anew at once."""
    monkeypatch.setattr(server, "_FIRST_PAUSE", 0.01)
    made = Server(_command(port), port, tmp_path, os.environ)
    made.start()
    yield made
    made.stop()


def test_a_server_listens_from_start_to_stop(watched: Server, tmp_path: Path, port: int) -> None:
    assert listens(port)
    watched.stop()
    assert not listens(port)
    assert not any(map(_runs, _pids(tmp_path)))


def test_a_server_that_dies_is_started_anew_on_its_port(
    watched: Server, tmp_path: Path, port: int, caplog: pytest.LogCaptureFixture
) -> None:
    for times in (1, 2, 3):
        _until(lambda times=times: len(_pids(tmp_path)) == times)  # type: ignore[misc]
        os.kill(_pids(tmp_path)[-1], signal.SIGKILL)
    _until(lambda: len(_pids(tmp_path)) == 4 and listens(port))
    assert caplog.text.count("is started anew") == 3
    assert "spark.log" in caplog.text


def test_a_keeper_that_dies_takes_its_server_along(
    watched: Server, tmp_path: Path, port: int
) -> None:
    _until(lambda: len(_pids(tmp_path)) == 1)
    assert watched.keeper_pid is not None
    os.kill(watched.keeper_pid, signal.SIGKILL)
    _until(lambda: len(_pids(tmp_path)) == 2 and listens(port))
    _until(lambda: not _runs(_pids(tmp_path)[0]))


def test_a_stopped_server_is_not_started_anew(tmp_path: Path, port: int) -> None:
    made = Server(_command(port), port, tmp_path, os.environ)
    made.start()
    pid = _pids(tmp_path)[0] if _pids(tmp_path) else None
    made.stop()
    made.stop()
    assert not listens(port)
    assert pid is None or not _runs(pid)


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_no_server_outlives_a_workspace_that_is_killed(
    tmp_path: Path, port: int, number: signal.Signals
) -> None:
    command = [sys.executable, "-c", WORKSPACE, str(tmp_path), *_command(port)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as workspace:
        assert workspace.stdout is not None
        assert workspace.stdout.readline() == b"started\n"
        _until(lambda: bool(_pids(tmp_path)))
        workspace.send_signal(number)
        workspace.wait(10)
    _until(lambda: not listens(port) and not _runs(_pids(tmp_path)[0]))


def test_a_server_that_does_not_start_is_told_with_its_last_words(
    tmp_path: Path, port: int
) -> None:
    command = [sys.executable, "-c", "raise SystemExit('no heap')"]
    made = Server(command, port, tmp_path, os.environ)
    with pytest.raises(WorkspaceProcessError, match=r"(?s)ended at its start.*no heap"):
        made.start()


def test_a_server_that_never_listens_is_ended(
    tmp_path: Path, port: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(server, "START_SECONDS", 0.5)
    silent = "import os, signal; open('pids', 'w').write(str(os.getpid())); signal.pause()"
    made = Server([sys.executable, "-c", silent], port, tmp_path, os.environ)
    with pytest.raises(WorkspaceProcessError, match="did not answer"):
        made.start()
    assert made.keeper_pid is not None
    assert not any(map(_runs, [made.keeper_pid, *_pids(tmp_path)]))


def test_the_command_binds_loopback_alone_and_bounds_memory(tmp_path: Path) -> None:
    installed = Installation(tmp_path, Java("/j/bin/java", "/j", 17), (tmp_path / "delta.jar",))
    command = server_command(installed, tmp_path / "own", 4321, "3g")
    assert "spark.connect.grpc.binding.address=127.0.0.1" in command
    assert "spark.connect.grpc.binding.port=4321" in command
    assert command[command.index("--driver-memory") + 1] == "3g"
    assert command[command.index("--jars") + 1] == str(tmp_path / "delta.jar")


def test_the_environment_of_another_spark_is_not_taken_over(tmp_path: Path) -> None:
    installed = Installation(tmp_path, Java("/j/bin/java", "/j", 17), ())
    given = {"SPARK_HOME": "/other", "PYSPARK_PYTHON": "x", "PYTHONPATH": "/p", "LANG": "C"}
    found = server_environment(installed, given)
    assert found == {
        "LANG": "C",
        "SPARK_HOME": str(tmp_path),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "JAVA_HOME": "/j",
    }
