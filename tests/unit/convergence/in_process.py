"""The real components on the embedded engine and the local workspace's models, in one process.

No socket, no subprocess, no SQL: the program's SDK speaks to the monitor's methods, the provider's
client to the models behind the REST API. A run takes tens of milliseconds instead of seconds.
"""

from __future__ import annotations

import asyncio
import contextvars
import copy
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
from pulumi import runtime
from pulumi.runtime.proto import resource_pb2_grpc

from databricks_alerts.engine import project as projects
from databricks_alerts.engine.callbacks import CallbackClient
from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.monitor.log_service import LogService
from databricks_alerts.engine.monitor.service import MonitorService
from databricks_alerts.engine.options import DeploymentOptions, DeploymentResult, Operation
from databricks_alerts.engine.providers.databricks.client import ApiError, Client
from databricks_alerts.engine.providers.databricks.provider import DatabricksProvider
from databricks_alerts.engine.providers.databricks.retries import Failure
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps.recorder import NoRecorder
from databricks_alerts.engine.steps.run import Run
from databricks_alerts.engine.storage import StackState
from databricks_alerts.engine.update import Update
from databricks_alerts.engine.values import Properties
from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.destinations.models import Destinations
from databricks_alerts.local_workspace.errors import ApiError as Refusal
from databricks_alerts.local_workspace.identity.models import User
from databricks_alerts.local_workspace.store import Store

HOME = "/Workspace/Shared/alerts"
ADMIN = User("1", "admin@local.test", admin=True)
Program = Callable[[], None]


class Models:
    """Alerts and destinations as the REST API's models keep them; `deleted` lists ids in order."""

    def __init__(self, path: Path) -> None:
        self.store = Store(path)
        self.alerts = Alerts(self.store, lambda: "2026-01-01T00:00:00.000Z")
        self.destinations = Destinations(self.store)
        self.deleted: list[str] = []

    def answer(
        self, method: str, path: str, query: Mapping[str, Any], body: dict[str, Any]
    ) -> dict[str, Any]:
        room, _, key = path.removeprefix("/api/2.0/").partition("/")
        match room, method, bool(key):
            case "alerts", "POST", False:
                return self.alerts.create(ADMIN, body, lambda folder: folder == HOME)
            case "alerts", "GET", False:
                return {"alerts": self.alerts.active()}
            case "alerts", "GET", True:
                return self.alerts.get(key)
            case "alerts", "PATCH", True:
                return self.alerts.update(ADMIN, key, body, str(query["update_mask"]))
            case "alerts", "DELETE", True:
                self.deleted.append(key)
                self.alerts.delete(key, purge=False)
                return {}
            case "notification-destinations", "POST", False:
                return self.destinations.create(ADMIN, body)
            case "notification-destinations", "GET", False:
                return {"results": self.destinations.all()}
            case "notification-destinations", "GET", True:
                return self.destinations.get(ADMIN, key)
            case "notification-destinations", "PATCH", True:
                return self.destinations.update(ADMIN, key, body)
            case "notification-destinations", "DELETE", True:
                self.deleted.append(key)
                self.destinations.delete(ADMIN, key)
                return {}
        raise AssertionError(f"{method} {path} is not served here")


class ModelClient(Client):
    """The provider's client with the models behind it."""

    def __init__(self, models: Models) -> None:
        super().__init__(_no_credentials)
        self._models = models

    def request(self, method: str, path: str, **more: Any) -> dict[str, Any]:
        try:
            answer = self._models.answer(
                method, path, more.get("query") or {}, copy.deepcopy(more.get("body") or {})
            )
        except Refusal as error:
            failure = Failure(error.status, error.error_code, error.message)
            raise ApiError(failure, error.message, outcome_known=True) from error
        return copy.deepcopy(answer)

    def workspace_id(self) -> str:
        return "1"

    def close(self) -> None:
        pass


def _no_credentials() -> Any:
    raise AssertionError("the models need no credentials")


class ModelProvider(DatabricksProvider):
    """The databricks provider on the models."""

    def __init__(self, models: Models) -> None:
        super().__init__()
        self._models = models

    def configure(self, inputs: Properties) -> None:
        self._client = ModelClient(self._models)


class _Context:
    """What gRPC hands to a servicer; an abort reaches the SDK as an error of the same shape."""

    def abort(self, code: grpc.StatusCode, details: str) -> None:
        raise _Aborted(code, details)


class _Aborted(grpc.RpcError):
    def __init__(self, code: grpc.StatusCode, details: str) -> None:
        super().__init__(details)
        self._code, self._details = code, details

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return self._details


class _Stub:
    """A gRPC stub whose calls go straight to a servicer."""

    def __init__(self, servicer: Any) -> None:
        self._servicer = servicer

    def __getattr__(self, name: str) -> Callable[..., Any]:
        method = getattr(self._servicer, name)
        return lambda request, *_, **__: method(request, _Context())


class _MonitorStub(_Stub, resource_pb2_grpc.ResourceMonitorStub):  # type: ignore[misc]
    """The SDK serves hooks to a stub of this class only."""


class InProcessSource:
    """Runs the program on a thread of this process."""

    def __init__(self, program: Program, project: str, stack: str) -> None:
        self._program, self._project, self._stack = program, project, stack
        self._monitor: MonitorService | None = None
        self._thread: threading.Thread | None = None
        self.raised: list[BaseException] = []

    def declare(self, run: Run, deployment: Deployment, callbacks: CallbackClient) -> None:
        self._monitor = MonitorService(run, deployment, callbacks, Path(), {}, [])
        context = contextvars.Context()
        self._thread = threading.Thread(target=context.run, args=(self._main, run))
        self._thread.start()
        while self._thread.is_alive() and not self._monitor.declared.wait(0.002):
            if run.stopping.is_set():
                break
        if self.raised:
            run.stream.say("error", f"the program failed: {self.raised[0]!r}")
            run.failed.set()
            run.stopping.set()

    def release(self) -> None:
        assert self._monitor is not None
        assert self._thread is not None
        self._monitor.released.set()
        self._thread.join()

    def kill(self) -> None:
        raise AssertionError("nothing here is killed")

    def _main(self, run: Run) -> None:
        # Settings are context variables: made here, they are this run's alone.
        runtime.configure(
            runtime.Settings(
                monitor=_MonitorStub(self._monitor),
                engine=_Stub(LogService(run)),
                project=self._project,
                stack=self._stack,
                parallel=run.options.parallel,
                dry_run=run.dry_run,
                organization="organization",
            )
        )
        loop = asyncio.new_event_loop()
        asyncio.set_event_loop(loop)
        executor = ThreadPoolExecutor(16)
        loop.set_default_executor(executor)
        try:
            loop.run_until_complete(runtime.run_in_stack(self._program))
        except Exception as error:  # noqa: BLE001 - the rim: told by `declare`
            self.raised.append(error)
        finally:
            executor.shutdown(wait=True)
            loop.close()


class MemoryStorage:
    """A stack's state in memory; `states` has every one that was saved."""

    def __init__(self) -> None:
        self.states = [StackState()]

    @property
    def state(self) -> StackState:
        return self.states[-1]

    def decrypt(self, ciphertext: str) -> str:
        return ciphertext

    def locked(self) -> Any:
        return threading.Lock()

    def load(self) -> StackState:
        return copy.deepcopy(self.state)

    def recorder(self) -> NoRecorder:
        return NoRecorder()

    def save(self, state: StackState) -> None:
        self.states.append(copy.deepcopy(state))

    def add_history(self, result: DeploymentResult, message: str, config: Any) -> None:
        pass

    def other_resources(self, name: str) -> list[ResourceState]:
        raise StateError(f"there is no stack {name}")


def run(
    directory: Path,
    storage: MemoryStorage,
    models: Models,
    program: Program,
    operation: Operation,
    **options: Any,
) -> DeploymentResult:
    """One operation of the embedded engine with this program."""
    project = projects.load(directory)
    update = Update(
        project,
        "test",
        operation,
        DeploymentOptions(continue_on_error=True, **options),
        storage=storage,
        provider_loader=lambda package, version: ModelProvider(models),
        make_source=lambda config: InProcessSource(program, project.name, "test"),
    )
    update.work()
    update.stream.drain(lambda event: None)
    return update.answer()
