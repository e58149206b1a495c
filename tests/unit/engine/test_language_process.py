"""The language host's process: how the pulumi CLI starts it, what it refuses, how it ends."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2, struct_pb2
from hypothesis import given
from hypothesis import strategies as st
from pulumi.runtime.proto import language_pb2, language_pb2_grpc

from databricks_alerts.engine.language_host import ProgramRequest
from databricks_alerts.engine.language_runtime.process import version
from databricks_alerts.engine.language_runtime.running import run_response

pytestmark = pytest.mark.slow

COMMAND = [sys.executable, "-P", "-m", "databricks_alerts.engine.language_runtime"]
ENGINE = "127.0.0.1:9"  # nobody listens there, and nobody has to


@contextmanager
def started(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    process = subprocess.Popen(
        [*COMMAND, *arguments],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    port = int(process.stdout.readline())
    try:
        with grpc.insecure_channel(f"127.0.0.1:{port}") as channel:
            yield process, language_pb2_grpc.LanguageRuntimeStub(channel)
    finally:
        process.kill()
        with process:
            pass


def info(folder: Path, **options: str) -> Any:
    given_options = struct_pb2.Struct()
    given_options.update(options)
    return language_pb2.ProgramInfo(
        root_directory=str(folder),
        program_directory=str(folder),
        entry_point=".",
        options=given_options,
    )


def request(folder: Path, **more: Any) -> Any:
    return language_pb2.RunRequest(
        info=info(folder),
        project="p",
        stack="s",
        pwd=str(folder),
        monitor_address=ENGINE,
        parallel=1,
        config={"p:a": "b"},
        **more,
    )


@pytest.fixture(scope="module")
def host() -> Iterator[Any]:
    with started(ENGINE) as (_, stub):
        stub.Handshake(language_pb2.LanguageHandshakeRequest(engine_address=ENGINE))
        yield stub


def test_it_says_who_it_is_and_which_python_it_runs(host: Any, tmp_path: Path) -> None:
    assert host.GetPluginInfo(empty_pb2.Empty()).version == version()
    about = host.About(language_pb2.AboutRequest(info=info(tmp_path)))
    assert about.executable == sys.executable
    assert about.version == ".".join(map(str, sys.version_info[:3]))
    packages = host.GetRequiredPackages(
        language_pb2.GetRequiredPackagesRequest(info=info(tmp_path))
    ).packages
    assert [(one.name, one.kind) for one in packages] == [("databricks", "resource")]
    plugins = host.GetRequiredPlugins(
        language_pb2.GetRequiredPluginsRequest(info=info(tmp_path))
    ).plugins
    assert [one.version for one in plugins] == [one.version for one in packages]
    asked = language_pb2.GetProgramDependenciesRequest(info=info(tmp_path))
    direct = host.GetProgramDependencies(asked).dependencies
    asked.transitiveDependencies = True
    assert len(host.GetProgramDependencies(asked).dependencies) > len(direct) > 0
    assert not host.RuntimeOptionsPrompts(language_pb2.RuntimeOptionsRequest()).prompts


@pytest.mark.parametrize(
    ("call", "message"),
    [
        ("GenerateProject", language_pb2.GenerateProjectRequest()),
        ("GeneratePackage", language_pb2.GeneratePackageRequest()),
        ("Pack", language_pb2.PackRequest()),
        ("Link", language_pb2.LinkRequest()),
    ],
)
def test_what_it_does_not_do_is_refused_with_a_way_out(host: Any, call: str, message: Any) -> None:
    with pytest.raises(grpc.RpcError) as caught:
        getattr(host, call)(message)
    assert caught.value.code() is grpc.StatusCode.UNIMPLEMENTED
    assert "Pulumi's own pulumi-language-python" in caught.value.details()


def test_a_provider_in_python_is_refused(host: Any, tmp_path: Path) -> None:
    asked = language_pb2.RunPluginRequest(kind="resource", info=info(tmp_path))
    with pytest.raises(grpc.RpcError) as caught:
        list(host.RunPlugin(asked))
    assert "runs policy packs, not a resource plugin" in caught.value.details()


def test_what_was_imported_is_shown_as_comments(host: Any) -> None:
    asked = language_pb2.GenerateProgramRequest(source={"main.pp": "resource a b {\n}"})
    (text,) = host.GenerateProgram(asked).source.values()
    lines = text.decode().splitlines()
    assert lines[1:] == ["# resource a b {", "# }"]
    assert all(line.startswith("#") for line in lines)


def test_errors_of_the_project_are_told(host: Any, tmp_path: Path) -> None:
    asked = language_pb2.AboutRequest(info=info(tmp_path, virtualenv="nowhere"))
    with pytest.raises(grpc.RpcError) as caught:
        host.About(asked)
    assert "pulumi install" in caught.value.details()
    run = request(tmp_path)
    run.info.CopyFrom(info(tmp_path, toolchain="conda"))
    assert "pip, uv, poetry" in host.Run(run).error
    assert "no debugger" in host.Run(request(tmp_path, attach_debugger=True)).error


def test_a_programs_output_comes_through_and_so_does_its_end(tmp_path: Path) -> None:
    (tmp_path / "__main__.py").write_text("import this_is_not_there\n")
    with started(ENGINE) as (process, stub):
        # The launcher cannot reach a monitor here, so the program ends with an exception.
        answer = stub.Run(request(tmp_path))
        assert answer.bail or answer.error
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0


def test_cancelling_ends_the_program(tmp_path: Path) -> None:
    (tmp_path / "pulumi.py").write_text("")
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    python = tmp_path / "venv" / "bin" / "python"
    python.write_text("#!/bin/sh\necho running\nexec sleep 60\n")
    python.chmod(0o755)
    run = request(tmp_path)
    run.info.CopyFrom(info(tmp_path, virtualenv="venv"))
    with started(ENGINE) as (process, stub):
        pending = stub.Run.future(run)
        assert process.stdout is not None
        assert process.stdout.readline() == "running\n"
        stub.Cancel(empty_pb2.Empty())
        assert "ended by signal" in pending.result(timeout=10).error


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_it_ends_by_a_signal(number: int) -> None:
    with started(ENGINE) as (process, _):
        process.send_signal(number)
        assert process.wait(10) == 0


def test_it_ends_with_its_engine() -> None:
    with started(ENGINE) as (process, _):
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(10) == 0


def test_flags_of_the_cli_are_taken() -> None:
    with started("--logtostderr", "-v=9", "--tracing=file:x", ENGINE) as (_, stub):
        assert stub.GetPluginInfo(empty_pb2.Empty()).version


@given(st.integers(-64, 255))
def test_only_a_program_that_was_told_bails(status: int) -> None:
    response = run_response(status)
    assert response.bail == (status == 32)
    assert bool(response.error) == (status not in (0, 32))


@pytest.mark.parametrize("main", ["app", "app/deploy.py", "."])
def test_a_program_runs_in_its_folder_also_where_main_names_a_file(
    tmp_path: Path, main: str
) -> None:
    (tmp_path / "app").mkdir()
    (tmp_path / "app" / "deploy.py").touch()
    asked = ProgramRequest(
        Path(sys.executable), tmp_path, tmp_path / main, "p", "s", "", 1, False, {}, [], os.environ
    )
    assert asked.working_directory == (tmp_path if main == "." else tmp_path / "app")
