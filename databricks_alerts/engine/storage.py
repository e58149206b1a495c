"""Where a stack's state is kept while a deployment works on it: what the engine needs of it."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from typing import Any, Protocol

from databricks_alerts.engine.options import DeploymentResult
from databricks_alerts.engine.state.resource import PendingOperation, ResourceState
from databricks_alerts.engine.steps.recorder import Recorder


@dataclass(slots=True)
class StackState:
    """A stack's resources, dependencies first, and what an interrupted run left pending."""

    resources: list[ResourceState] = field(default_factory=list)
    pending: list[PendingOperation] = field(default_factory=list)


class Storage(Protocol):
    """One stack's state. Raises StateError, SecretsError and LockError."""

    def decrypt(self, ciphertext: str) -> str:
        """Open an encrypted setting."""

    def locked(self) -> AbstractContextManager[None]:
        """Hold the stack's lock."""

    def load(self) -> StackState:
        """The state as it was last saved, left-over journal included."""

    def recorder(self) -> Recorder:
        """Where to record the steps of an update."""

    def save(self, state: StackState) -> None:
        """Write the state; what the recorder kept is folded in and forgotten."""

    def add_history(self, result: DeploymentResult, message: str, config: dict[str, Any]) -> None:
        """Remember how an update went."""

    def other_resources(self, name: str) -> list[ResourceState]:
        """The resources of a stack: `stack`, `project/stack`, `organization/project/stack`."""
