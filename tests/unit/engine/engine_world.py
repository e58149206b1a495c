"""A workspace in memory, a provider for it, and a stack's state in memory: for engine tests.

Package `test`, types `test:index:Thing` and `test:index:Box`. Inputs that begin with `fixed`
replace; `secretWord` is always secret; `size` defaults to 1.
"""

# ruff: noqa: A002 - `id` is the Provider interface's word
from __future__ import annotations

import copy
import itertools
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from databricks_alerts.engine import project as projects
from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.errors import LockError, StateError, UnsupportedError
from databricks_alerts.engine.events import EngineEvent
from databricks_alerts.engine.options import DeploymentOptions, DeploymentResult, Operation
from databricks_alerts.engine.providers.base import (
    CheckFailure,
    CheckResult,
    Diff,
    PropertyDiff,
    ReadResult,
)
from databricks_alerts.engine.state.resource import PendingOperation, ResourceState
from databricks_alerts.engine.steps import diffs, graph
from databricks_alerts.engine.steps.goal import Goal
from databricks_alerts.engine.steps.run import Run, StoppedError
from databricks_alerts.engine.storage import StackState
from databricks_alerts.engine.update import Update
from databricks_alerts.engine.values import UNKNOWN, Properties

THING = "test:index:Thing"
BOX = "test:index:Box"
Fault = Callable[[str, str, Properties], None]


class World:
    """What exists: id → (type, inputs). `calls` lists (operation, name) in order."""

    def __init__(self) -> None:
        self.things: dict[str, tuple[str, Properties]] = {}
        self.calls: list[tuple[str, str]] = []
        self.fault: Fault | None = None
        self.late_fault: Fault | None = None  # after the request took effect
        self.lock = threading.Lock()
        self.numbers = itertools.count(1)
        self.most_at_once = 0
        self._at_once = 0

    @contextmanager
    def request(self, operation: str, urn: str, inputs: Properties) -> Iterator[None]:
        with self.lock:
            self.calls.append((operation, urns.name_of(urn)))
            self._at_once += 1
            self.most_at_once = max(self.most_at_once, self._at_once)
        try:
            if self.fault is not None:
                self.fault(operation, urns.name_of(urn), inputs)
            yield
            if self.late_fault is not None:
                self.late_fault(operation, urns.name_of(urn), inputs)
        finally:
            with self.lock:
                self._at_once -= 1

    def names(self) -> list[str]:
        return sorted(inputs.get("name", "?") for _, inputs in self.things.values())

    def writes(self) -> list[tuple[str, str]]:
        return [call for call in self.calls if call[0] in ("create", "update", "delete")]

    def load(self, package: str, version: str) -> MemoryProvider:
        if package != "test":
            raise UnsupportedError(f"package {package} is not here, the pulumi CLI has it")
        return MemoryProvider(self)


class MemoryProvider:
    """The provider of package `test`."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.configuration: Properties = {}
        self.prefetched: list[frozenset[str]] = []

    def supports(self, resource_type: str) -> bool:
        return resource_type in (THING, BOX)

    def secret_outputs(self, resource_type: str) -> frozenset[str]:
        return frozenset({"secretWord"})

    def check_config(self, inputs: Properties) -> CheckResult:
        if "bad" in inputs:
            return CheckResult(inputs, [CheckFailure("bad", "is not a setting")])
        return CheckResult(inputs)

    def configure(self, inputs: Properties) -> None:
        self.configuration = inputs

    def check(self, resource_type: str, urn: str, old: Properties, new: Properties) -> CheckResult:
        failures = [CheckFailure("name", "is required")] if "name" not in new else []
        return CheckResult({"size": 1, **new}, failures)

    def diff(
        self,
        resource_type: str,
        urn: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        ignore_changes: list[str],
    ) -> Diff:
        plain = diffs.of_inputs(old_inputs, new_inputs)
        forcing = [key for key in plain.changed_keys if key.startswith("fixed")]
        detailed = {
            path: PropertyDiff(f"{item.kind}-replace" if path.startswith("fixed") else item.kind)
            for path, item in plain.detailed.items()
        }
        first = resource_type == BOX
        return Diff(plain.changes, forcing, plain.changed_keys, detailed, first)

    def create(
        self, resource_type: str, urn: str, inputs: Properties, timeout: Any, preview: bool
    ) -> tuple[str, Properties]:
        if preview:
            return "", {**inputs, "serial": UNKNOWN}
        assert UNKNOWN not in inputs.values()
        with self.world.request("create", urn, inputs):
            with self.world.lock:
                number = next(self.world.numbers)
                id_ = f"id-{number}"
                self.world.things[id_] = (resource_type, copy.deepcopy(inputs))
            return id_, {**inputs, "serial": number}

    def read(
        self,
        resource_type: str,
        urn: str,
        id: str,
        inputs: Properties,
        outputs: Properties,
    ) -> ReadResult:
        with self.world.request("read", urn, inputs):
            if id not in self.world.things:
                return ReadResult("")
            found = copy.deepcopy(self.world.things[id][1])
            return ReadResult(id, found, {**found, "serial": int(id.split("-")[1])})

    def update(
        self,
        resource_type: str,
        urn: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        timeout: Any,
        ignore_changes: list[str],
        preview: bool,
    ) -> Properties:
        if not preview:
            with self.world.request("update", urn, new_inputs):
                assert id in self.world.things
                self.world.things[id] = (resource_type, copy.deepcopy(new_inputs))
        return {**new_inputs, "serial": int(id.split("-")[1])}

    def delete(
        self,
        resource_type: str,
        urn: str,
        id: str,
        inputs: Properties,
        outputs: Properties,
        timeout: Any,
    ) -> None:
        with self.world.request("delete", urn, inputs):
            self.world.things.pop(id, None)

    def find_created(
        self, resource_type: str, urn: str, inputs: Properties, not_ids: frozenset[str]
    ) -> str | None:
        for id_, (kind, found) in self.world.things.items():
            if id_ not in not_ids and kind == resource_type and found == inputs:
                return id_
        return None

    def prefetch(self, resource_types: frozenset[str]) -> None:
        self.prefetched.append(resource_types)

    def close(self) -> None:
        pass


class MemoryRecorder:
    """Applies each record to a copy of the state, as reading a journal back would."""

    def __init__(self, storage: MemoryStorage) -> None:
        self._storage = storage
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._open: dict[int, PendingOperation] = {}

    def begin(self, kind: str, resource: ResourceState) -> int:
        with self._lock:
            token = next(self._numbers)
            self._open[token] = PendingOperation(copy.deepcopy(resource), kind)
            return token

    def end(
        self,
        token: int | None,
        *,
        saved: ResourceState | None = None,
        removed: ResourceState | None = None,
        replaces: ResourceState | None = None,
    ) -> None:
        with self._lock:
            if token is not None:
                self._open.pop(token)

    def pending(self) -> list[PendingOperation]:
        with self._lock:
            return list(self._open.values())


class MemoryStorage:
    """A stack's state in memory."""

    def __init__(self) -> None:
        self.state = StackState()
        self.saves = 0
        self.history: list[DeploymentResult] = []
        self._locked = False

    def decrypt(self, ciphertext: str) -> str:
        return ciphertext.removeprefix("v1:")

    @contextmanager
    def locked(self) -> Iterator[None]:
        if self._locked:
            raise LockError("locked")
        self._locked = True
        try:
            yield
        finally:
            self._locked = False

    def load(self) -> StackState:
        return copy.deepcopy(self.state)

    def recorder(self) -> MemoryRecorder:
        return MemoryRecorder(self)

    def save(self, state: StackState) -> None:
        self.state = copy.deepcopy(state)
        self.saves += 1

    def add_history(self, result: DeploymentResult, message: str, config: dict[str, Any]) -> None:
        self.history.append(result)

    def other_resources(self, name: str) -> list[ResourceState]:
        raise StateError(f"there is no stack {name}")


def write_project(directory: Path, program: str, settings: str = "") -> None:
    """A project whose program is this text, with a Thing and a Box to declare."""
    (directory / "Pulumi.yaml").write_text("name: proj\nruntime: python\n")
    (directory / "Pulumi.dev.yaml").write_text(settings)
    (directory / "__main__.py").write_text(_PRELUDE + program)


_PRELUDE = """\
import pulumi
from typing import Any


class Thing(pulumi.CustomResource):
    serial: pulumi.Output[Any]

    def __init__(self, resource_name: str, opts: Any = None, **inputs: Any) -> None:
        super().__init__("test:index:Thing", resource_name, {"serial": None, **inputs}, opts)


class Box(pulumi.CustomResource):
    serial: pulumi.Output[Any]

    def __init__(self, resource_name: str, opts: Any = None, **inputs: Any) -> None:
        super().__init__("test:index:Box", resource_name, {"serial": None, **inputs}, opts)


"""


class ScriptSource:
    """Declares by a function instead of a program's process."""

    def __init__(self, script: Callable[[Deployment], None]) -> None:
        self.script = script

    def declare(self, run: Run, deployment: Deployment, callbacks: Any) -> None:
        stack = Goal(type=urns.STACK_TYPE, name="proj-dev", custom=False)
        with suppress(StoppedError):
            deployment.register(stack)
            self.script(deployment)

    def release(self) -> None:
        pass

    def kill(self) -> None:
        pass


class Lab:
    """A world, a stack's state, and a project directory; runs scripts without a process."""

    def __init__(self, directory: Path, config: str = "") -> None:
        write_project(directory, "", config)
        self.project = projects.load(directory)
        self.world = World()
        self.storage = MemoryStorage()
        self.events: list[EngineEvent] = []

    def run(
        self,
        script: Callable[[Deployment], None] = lambda deployment: None,
        operation: Operation = "up",
        **options: Any,
    ) -> DeploymentResult:
        update = Update(
            self.project,
            "dev",
            operation,
            DeploymentOptions(**options),
            storage=self.storage,
            provider_loader=self.world.load,
            make_source=lambda config: ScriptSource(script),
        )
        self.events = []
        update.work()
        update.stream.drain(self.events.append)
        return update.answer()

    def resources(self) -> dict[str, ResourceState]:
        """The state's own resources by name, without providers and the stack."""
        return {
            urns.name_of(item.urn): item
            for item in self.storage.state.resources
            if item.type.startswith("test:")
        }

    def ops(self, result: DeploymentResult) -> list[tuple[str, str]]:
        """(operation, name) of every step but the stack's."""
        steps = [(step.op, urns.name_of(step.urn)) for step in result.steps]
        return [step for step in steps if step[1] != "proj-dev"]


def thing(name: str, kind: str = THING, **fields: Any) -> Goal:
    """A registration of a Thing; `inputs` beyond its name by keyword `inputs`."""
    inputs = {"name": name, **fields.pop("inputs", {})}
    fields.setdefault("parent", "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev")
    return Goal(type=kind, name=name, custom=True, inputs=inputs, **fields)


def assert_sound(resources: list[ResourceState]) -> None:
    """What Pulumi's CLI checks when it loads a state (pkg/resource/deploy/snapshot.go)."""
    seen: set[str] = set()
    alive: set[str] = set()
    references: set[str] = set()
    for item in resources:
        for urn in graph.dependencies_of(item):
            assert urn in seen, f"{item.urn} refers to {urn}, which does not stand before it"
        if item.provider:
            assert item.provider in references
        assert item.delete or item.urn not in alive, f"{item.urn} twice"
        if not item.delete:
            alive.add(item.urn)
        seen.add(item.urn)
        if urns.is_provider_type(item.type):
            references.add(urns.reference(item.urn, item.id))
