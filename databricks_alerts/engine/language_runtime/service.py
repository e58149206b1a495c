"""pulumirpc.LanguageRuntime: what the pulumi CLI asks of a language."""

# ruff: noqa: N802 - the methods have the names of the protocol
from __future__ import annotations

import base64
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NoReturn

import grpc
from google.protobuf import json_format
from google.protobuf.empty_pb2 import Empty
from pulumi.runtime.proto import language_pb2, language_pb2_grpc, plugin_pb2

from databricks_alerts.engine.errors import EngineError
from databricks_alerts.engine.language_host import Program
from databricks_alerts.engine.language_runtime.installation import install
from databricks_alerts.engine.language_runtime.packages import Plugin, installed, plugins
from databricks_alerts.engine.language_runtime.policy_pack import run_policy_pack
from databricks_alerts.engine.language_runtime.running import program_request, run_response, show
from databricks_alerts.engine.language_runtime.toolchain import Toolchain, find_toolchain

_GENERATES_NOTHING = (
    "the project's own Python language host generates no code; take Pulumi's own "
    "pulumi-language-python for that"
)
_NOT_PYTHON = (
    "This language host writes no Python. What is to be declared, in Pulumi's own notation:"
)


class LanguageService(language_pb2_grpc.LanguageRuntimeServicer):
    """One engine's language host. `environment` is the process's own (os.environ)."""

    def __init__(self, version: str, engine: str, environment: dict[str, str]) -> None:
        self._version = version
        self._engine = engine
        self._environment = environment
        self._lock = threading.Lock()
        self._stops: set[Callable[[], None]] = set()
        self._cancels = 0

    def stop(self) -> None:
        """End every program and policy pack that runs."""
        with self._lock:
            self._cancels += 1
            stops = list(self._stops)
        for stop in stops:
            stop()

    def Handshake(self, request: Any, context: Any) -> Any:
        """Where the engine listens."""
        self._engine = request.engine_address
        return language_pb2.LanguageHandshakeResponse()

    def GetPluginInfo(self, request: Any, context: Any) -> Any:
        """The version of this host."""
        return plugin_pb2.PluginInfo(version=self._version)

    def GetRequiredPackages(self, request: Any, context: Any) -> Any:
        """The resource plugins that the program's packages stand for."""
        with _told(context):
            found = plugins(installed(self._toolchain(request.info).require()).packages)
        return language_pb2.GetRequiredPackagesResponse(
            packages=[_dependency(one) for one in found]
        )

    def GetRequiredPlugins(self, request: Any, context: Any) -> Any:
        """The same for engines that do not know packages."""
        with _told(context):
            found = plugins(installed(self._toolchain(request.info).require()).packages)
        return language_pb2.GetRequiredPluginsResponse(
            plugins=[
                plugin_pb2.PluginDependency(
                    name=one.name, version=one.version, kind="resource", server=one.server
                )
                for one in found
            ]
        )

    def Run(self, request: Any, context: Any) -> Any:
        """Run the program to its end."""
        if request.attach_debugger:
            return language_pb2.RunResponse(
                error="this language host attaches no debugger: run without --attach-debugger"
            )
        cancels = self._cancels
        try:
            toolchain = self._toolchain(request.info).require()
            program = Program(program_request(request, toolchain, self._engine), show)
        except EngineError as error:
            return language_pb2.RunResponse(error=str(error))
        context.add_callback(program.stop)
        with self._stopped_with_us(program.stop):
            if self._cancels != cancels:
                program.stop()  # the order came while it started
            status = program.wait()
        assert status is not None
        return run_response(status)

    def InstallDependencies(self, request: Any, context: Any) -> Iterator[Any]:
        """Make the virtual environment and install the requirements."""
        with _told(context):
            options = _options(request.info)
            if request.is_plugin:
                options.setdefault("virtualenv", "venv")
            for line in install(self._toolchain(request.info, options)):
                yield language_pb2.InstallDependenciesResponse(stdout=line.encode())

    def About(self, request: Any, context: Any) -> Any:
        """The interpreter that runs the program."""
        with _told(context):
            toolchain = self._toolchain(request.info).require()
            found = installed(toolchain)
        versions = {package.name: package.version for package in found.packages}
        return language_pb2.AboutResponse(
            executable=found.executable,
            version=found.version,
            metadata={
                "toolchain": toolchain.name,
                "toolchainVersion": versions.get(toolchain.name, ""),
                "languageHost": "databricks-alerts",
            },
        )

    def GetProgramDependencies(self, request: Any, context: Any) -> Any:
        """The packages that are installed for the program."""
        with _told(context):
            found = installed(self._toolchain(request.info).require())
        packages = found.packages if request.transitiveDependencies else found.direct()
        return language_pb2.GetProgramDependenciesResponse(
            dependencies=[
                language_pb2.DependencyInfo(name=one.name, version=one.version) for one in packages
            ]
        )

    def RunPlugin(self, request: Any, context: Any) -> Iterator[Any]:
        """Run a policy pack; providers in Python are refused."""
        if request.kind != "analyzer":
            _refuse(context, f"this language host runs policy packs, not a {request.kind} plugin")
        with _told(context):
            toolchain = self._toolchain(request.info).require()
        yield from run_policy_pack(request, context, toolchain, self._stopped_with_us)

    def RuntimeOptionsPrompts(self, request: Any, context: Any) -> Any:
        """What `pulumi new` asks: nothing, the project's options stand in Pulumi.yaml."""
        return language_pb2.RuntimeOptionsResponse()

    def Template(self, request: Any, context: Any) -> Any:
        """Nothing to adapt in a project that was made from a template."""
        return language_pb2.TemplateResponse()

    def GenerateProgram(self, request: Any, context: Any) -> Any:
        """What `pulumi import` shows when it has imported: Pulumi's notation, as it is."""
        lines = [line for text in request.source.values() for line in text.splitlines()]
        comment = "\n".join(f"# {line}".rstrip() for line in [_NOT_PYTHON, *lines])
        return language_pb2.GenerateProgramResponse(source={"__main__.py": f"{comment}\n".encode()})

    def GenerateProject(self, request: Any, context: Any) -> NoReturn:
        """Refused."""
        _refuse(context, _GENERATES_NOTHING)

    def GeneratePackage(self, request: Any, context: Any) -> NoReturn:
        """Refused."""
        _refuse(context, _GENERATES_NOTHING)

    def Pack(self, request: Any, context: Any) -> NoReturn:
        """Refused."""
        _refuse(context, _GENERATES_NOTHING)

    def Link(self, request: Any, context: Any) -> NoReturn:
        """Refused."""
        _refuse(context, _GENERATES_NOTHING)

    def Cancel(self, request: Any, context: Any) -> Any:
        """End what runs."""
        self.stop()
        return Empty()

    def _toolchain(self, info: Any, options: dict[str, Any] | None = None) -> Toolchain:
        return find_toolchain(
            Path(info.root_directory),
            Path(info.program_directory),
            _options(info) if options is None else options,
            self._environment,
        )

    @contextmanager
    def _stopped_with_us(self, stop: Callable[[], None]) -> Iterator[None]:
        """Let `stop` be called while this runs and the host ends."""
        with self._lock:
            self._stops.add(stop)
        try:
            yield
        finally:
            with self._lock:
                self._stops.discard(stop)


def _options(info: Any) -> dict[str, Any]:
    options: dict[str, Any] = json_format.MessageToDict(info.options)
    return options


def _dependency(plugin: Plugin) -> Any:
    dependency = plugin_pb2.PackageDependency(
        name=plugin.name, version=plugin.version, kind="resource", server=plugin.server
    )
    about = plugin.parameterization
    if about is not None:
        dependency.parameterization.name = about["name"]
        dependency.parameterization.version = about["version"]
        # Go writes bytes into JSON by base64.
        dependency.parameterization.value = base64.b64decode(about.get("value", ""))
    return dependency


@contextmanager
def _told(context: Any) -> Iterator[None]:
    """Errors of ours reach people as they are written."""
    try:
        yield
    except EngineError as error:
        context.abort(grpc.StatusCode.FAILED_PRECONDITION, str(error))


def _refuse(context: Any, message: str) -> NoReturn:
    context.abort(grpc.StatusCode.UNIMPLEMENTED, message)
    raise AssertionError("abort raises")
