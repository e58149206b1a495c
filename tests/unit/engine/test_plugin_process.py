"""The plugin's process: how the pulumi CLI starts it, and how it ends."""

from __future__ import annotations

import logging
import os
import signal
import subprocess
import sys
import textwrap
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2
from hypothesis import given
from hypothesis import strategies as st
from plugin_client import VERSION, Plugin, dial
from provider_workspace import ALERT, alert, serving
from pulumi.runtime.proto import engine_pb2_grpc, plugin_pb2, provider_pb2

from databricks_alerts.engine.providers.serve import vendor
from databricks_alerts.engine.providers.serve.engine_log import EngineLog, current_urn

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[3]
COMMAND = [sys.executable, "-m", "databricks_alerts.engine.providers.serve"]
ENGINE = "127.0.0.1:9"  # nobody listens there, and nobody has to


@contextmanager
def started(tmp_path: Path, *arguments: str, **options: Any) -> Iterator[subprocess.Popen[str]]:
    environment = {**os.environ, "PULUMI_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        cwd=ROOT,
        env={**environment, **options.pop("env", {})},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        **options,
    )
    try:
        yield process
    finally:
        process.kill()
        process.communicate()


def port_of(process: subprocess.Popen[str]) -> int:
    assert process.stdout is not None
    return int(process.stdout.readline())


def test_it_says_its_port_serves_and_ends_by_a_signal(tmp_path: Path) -> None:
    with serving() as workspace, started(tmp_path, "--logtostderr", "-v=3", ENGINE) as process:
        channel, client = dial(port_of(process))
        with channel:
            client.stub.Handshake(provider_pb2.ProviderHandshakeRequest())
            assert client.stub.GetPluginInfo(empty_pb2.Empty()).version == VERSION
            client.configure(workspace)
            assert client.create(ALERT, alert())[0] in workspace.alerts
            client.cancel()
        process.send_signal(signal.SIGINT)
        assert process.wait(10) == 0
        assert process.stdout is not None
        assert process.stdout.read() == ""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_lets_a_request_under_way_be_answered(tmp_path: Path, number: int) -> None:
    with serving() as workspace, started(tmp_path, ENGINE) as process:
        channel, client = dial(port_of(process))
        answer = workspace.answer

        def slow(*arguments: Any) -> tuple[int, Any]:
            process.send_signal(number)
            return answer(*arguments)

        workspace.answer = slow  # type: ignore[method-assign]
        with channel:
            client.configure(workspace)
            made, _ = client.create(ALERT, alert())
        assert list(workspace.alerts) == [made]
        assert process.wait(10) == 0


def test_it_ends_when_the_engine_closes_its_input(tmp_path: Path) -> None:
    with started(tmp_path, ENGINE) as process:
        port_of(process)
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0
        process.stdin = None


def test_it_ends_with_the_engine_that_was_killed(tmp_path: Path) -> None:
    script = textwrap.dedent(
        f"""
        import subprocess, sys
        plugin = subprocess.Popen(
            {[*COMMAND, ENGINE]!r}, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True
        )
        print(plugin.pid, plugin.stdout.readline().strip(), flush=True)
        sys.stdin.read()
        """
    )
    environment = {**os.environ, "PULUMI_HOME": str(tmp_path), "PATH": "/usr/bin:/bin"}
    engine = subprocess.Popen(
        [sys.executable, "-c", script],
        cwd=ROOT,
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert engine.stdout is not None
    _, port = map(int, engine.stdout.readline().split())
    channel, client = dial(port)
    with channel:
        client.stub.GetPluginInfo(empty_pb2.Empty())
        engine.kill()
        engine.communicate()
        # While it ends it may cut one call off; afterwards nobody listens.
        while _code(client) is not grpc.StatusCode.UNAVAILABLE:
            pass


def _code(client: Plugin) -> grpc.StatusCode:
    try:
        client.stub.GetPluginInfo(empty_pb2.Empty(), timeout=10)
    except grpc.RpcError as error:
        return error.code()
    return grpc.StatusCode.OK


def test_without_an_engine_it_serves_until_a_signal(tmp_path: Path) -> None:
    with started(tmp_path) as process:
        port = port_of(process)
        assert process.stdin is not None
        process.stdin.close()
        process.stdin = None
        channel, client = dial(port)
        with channel:
            assert client.stub.GetPluginInfo(empty_pb2.Empty()).version == VERSION
            client.stub.Attach(plugin_pb2.PluginAttach(address=ENGINE))
        assert process.poll() is None


# -- logs


class Engine(engine_pb2_grpc.EngineServicer):
    def __init__(self) -> None:
        self.logged: list[tuple[int, str, str]] = []

    def Log(self, request: Any, context: Any) -> Any:
        self.logged.append((request.severity, request.message, request.urn))
        return empty_pb2.Empty()


def test_our_log_goes_to_the_engine_and_libraries_only_when_they_fail() -> None:
    engine = Engine()
    server = grpc.server(ThreadPoolExecutor(2))
    engine_pb2_grpc.add_EngineServicer_to_server(engine, server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    log = EngineLog()
    ours, theirs = logging.Logger("databricks_alerts.engine.x"), logging.Logger("urllib3.x")
    for logger in (ours, theirs):
        logger.addHandler(log)
    try:
        ours.warning("nobody hears this")
        log.connect(f"127.0.0.1:{port}")
        current_urn.set("urn:x")
        ours.info("i %s", 1)
        ours.warning("w")
        theirs.warning("Authorization: Bearer secret")
        theirs.error("e")
    finally:
        current_urn.set("")
        log.connect("")
        server.stop(None).wait()
    ours.warning("nor this")
    assert engine.logged == [(0, "i 1", "urn:x"), (2, "w", "urn:x"), (3, "e", "urn:x")]


# -- the vendor's plugin goes before


def executable(path: Path, text: str = "#!/bin/sh\necho vendor $0 $@\n") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o755)
    return path


def cached(home: Path, version: str) -> Path:
    return executable(home / "plugins" / f"resource-databricks-v{version}" / vendor.EXECUTABLE)


def test_an_installed_plugin_of_the_vendors_runs_in_place_of_ours(tmp_path: Path) -> None:
    theirs = cached(tmp_path, VERSION)
    with started(tmp_path, "--logtostderr", ENGINE) as process:
        out, _ = process.communicate(timeout=30)
    assert out == f"vendor {theirs} --logtostderr {ENGINE}\n"


def test_one_on_path_goes_before_one_in_the_cache_and_ours_counts_as_none(tmp_path: Path) -> None:
    ours = executable(
        tmp_path / "ours" / vendor.EXECUTABLE,
        "exec python -m databricks_alerts.engine.providers.serve",
    )
    theirs = executable(tmp_path / "theirs" / vendor.EXECUTABLE)
    kept = cached(tmp_path, VERSION)
    path = os.pathsep.join(["", str(tmp_path / "none"), str(ours.parent), str(theirs.parent)])
    environment = {"PATH": path, "PULUMI_HOME": str(tmp_path)}
    assert vendor.installed(VERSION, environment) == theirs
    environment["PULUMI_IGNORE_AMBIENT_PLUGINS"] = "true"
    assert vendor.installed(VERSION, environment) == kept
    theirs.chmod(0o644)
    del environment["PULUMI_IGNORE_AMBIENT_PLUGINS"]
    assert vendor.installed(VERSION, environment) == kept


def test_the_cache_stands_in_the_home_directory_by_default(tmp_path: Path) -> None:
    theirs = cached(tmp_path / ".pulumi", VERSION)
    assert vendor.installed(VERSION, {"HOME": str(tmp_path)}) == theirs
    assert vendor.installed(VERSION, {"HOME": str(tmp_path / "other")}) is None


def test_a_download_that_was_cut_off_is_none(tmp_path: Path) -> None:
    folder = cached(tmp_path, VERSION).parent
    executable(tmp_path / "plugins" / "resource-databricks-v1.119.0-alpha" / vendor.EXECUTABLE)
    executable(tmp_path / "plugins" / "resource-other-v1.118.0" / vendor.EXECUTABLE)
    folder.with_name(f"{folder.name}.partial").touch()
    assert vendor.installed(VERSION, {"PULUMI_HOME": str(tmp_path)}) is None


VERSIONS = st.tuples(*[st.integers(0, 12)] * 3)


@given(st.sets(VERSIONS, max_size=5), VERSIONS)
def test_the_version_that_fits_best_is_taken(
    tmp_path_factory: pytest.TempPathFactory, there: set[tuple[int, ...]], wanted: tuple[int, ...]
) -> None:
    home = tmp_path_factory.mktemp("home")
    texts = {version: ".".join(map(str, version)) for version in {*there, wanted}}
    paths = {cached(home, texts[version]): version for version in there}
    found = vendor.installed(texts[wanted], {"PULUMI_HOME": str(home)})
    if found is None:
        assert not there
        return
    taken = paths[found]
    assert wanted not in there or taken == wanted
    newer = {version for version in there if version >= wanted}
    assert taken == min(newer) if newer else taken == max(there)
