"""The package `pulumi`: references to the outputs of other stacks."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.errors import StateError, UnsupportedError
from databricks_alerts.engine.providers.base import CheckResult, Diff, ProviderError, ReadResult
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.values import Properties, Secret

STACK_REFERENCE = "pulumi:pulumi:StackReference"


class BuiltinProvider:
    """Reads stack references through `resources_of(stack name)`; there is nothing else to do."""

    def __init__(self, resources_of: Callable[[str], Iterable[ResourceState]]) -> None:
        self._resources_of = resources_of

    def supports(self, resource_type: str) -> bool:
        """Stack references only."""
        return resource_type == STACK_REFERENCE

    def secret_outputs(self, resource_type: str) -> frozenset[str]:
        """None: the outputs bring their own marks."""
        return frozenset()

    def check_config(self, inputs: Properties) -> CheckResult:
        """Nothing to configure."""
        return CheckResult(inputs)

    def configure(self, inputs: Properties) -> None:
        """Nothing to configure."""

    def check(
        self, resource_type: str, urn: str, old_inputs: Properties, new_inputs: Properties
    ) -> CheckResult:
        """Refuse what would have to be created."""
        raise UnsupportedError(
            f"{resource_type} cannot be created by the embedded engine, the pulumi CLI does it"
        )

    def diff(self, *arguments: Any) -> Diff:
        """Nothing here is ever changed."""
        return Diff(changes=False)

    def create(self, resource_type: str, *arguments: Any) -> tuple[str, Properties]:
        """Unreachable after `check`."""
        raise ProviderError(f"{resource_type} cannot be created")

    def read(
        self,
        resource_type: str,
        urn: str,
        id: str,  # noqa: A002 - Pulumi's word
        inputs: Properties,
        outputs: Properties,
    ) -> ReadResult:
        """The outputs of the stack that `name` names."""
        name = str(inputs.get("name", id))
        try:
            found = stack_outputs(self._resources_of(name))
        except StateError as error:
            raise ProviderError(f"cannot read stack {name!r}: {error}") from error
        read = {"name": name, "outputs": found, "secretOutputNames": secret_names(found)}
        return ReadResult(id, inputs, read)

    def update(self, resource_type: str, *arguments: Any) -> Properties:
        """Unreachable: nothing differs."""
        raise ProviderError(f"{resource_type} cannot be updated")

    def delete(self, *arguments: Any) -> None:
        """A reference has nothing behind it to delete."""

    def find_created(self, *arguments: Any) -> str | None:
        """Nothing is ever created."""
        return None

    def prefetch(self, resource_types: frozenset[str]) -> None:
        """Stacks are read one by one."""

    def close(self) -> None:
        """Nothing is open."""


def outputs_by_urn(resources: Iterable[ResourceState]) -> Properties:
    """A stack's resources as `readStackResourceOutputs` answers them.

    Those that only wait for their deletion are left out (GetStackResourceOutputs in
    pkg/backend/backend.go).
    """
    return {
        item.urn: {"type": item.type, "outputs": item.outputs}
        for item in resources
        if not item.delete
    }


def stack_outputs(resources: Iterable[ResourceState]) -> Properties:
    """The outputs of the stack that these resources are; none where it has none yet."""
    return next((item.outputs for item in resources if item.type == urns.STACK_TYPE), {})


def secret_names(outputs: Properties) -> list[str]:
    """The outputs that hold a secret, sorted."""
    return sorted(key for key, value in outputs.items() if _holds_secret(value))


def _holds_secret(value: Any) -> bool:
    if isinstance(value, dict):
        return any(map(_holds_secret, value.values()))
    if isinstance(value, list):
        return any(map(_holds_secret, value))
    return isinstance(value, Secret)
