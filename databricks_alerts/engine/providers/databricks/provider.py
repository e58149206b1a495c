"""The provider: hands each call to its resource type, and remembers what one run needs to know."""

# ruff: noqa: A002, D102 - `id` is Pulumi's word; the interface documents its methods
from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING

from databricks_alerts.engine.providers.base import CheckResult, Diff, ProviderError, ReadResult
from databricks_alerts.engine.providers.databricks import settings, shapes
from databricks_alerts.engine.providers.databricks.client import Client
from databricks_alerts.engine.providers.databricks.resource import Call, Memory, Resource
from databricks_alerts.engine.providers.databricks.resources import all_resources
from databricks_alerts.engine.providers.databricks.retries import Clock
from databricks_alerts.engine.values import UNKNOWN, Properties, leaves

if TYPE_CHECKING:
    from databricks.sdk.config import Config

PLACE = "providerConfig"


class DatabricksProvider:
    """The Provider of package databricks (see databricks_alerts.engine.providers.base)."""

    def __init__(self, clock: Clock | None = None) -> None:
        self._clock = clock
        self._client: Client | None = None
        self._memory = Memory()
        self._lock = threading.Lock()
        # Ids that the state has, as far as this run has met them: never what a create made.
        self._known: set[str] = set()
        self._read_ahead: dict[tuple[str, str], Properties] = {}

    def supports(self, resource_type: str) -> bool:
        return resource_type in all_resources()

    def secret_outputs(self, resource_type: str) -> frozenset[str]:
        return _secrets(_resource(resource_type))

    def check_config(self, inputs: Properties) -> CheckResult:
        return settings.check(inputs)

    def configure(self, inputs: Properties) -> None:
        if any(leaf is UNKNOWN for leaf in leaves(inputs)):
            self._client = Client(_not_yet, self._clock)
            return
        self._client = Client(lambda: settings.make_config(inputs), self._clock)

    def check(
        self, resource_type: str, urn: str, old_inputs: Properties, new_inputs: Properties
    ) -> CheckResult:
        return _resource(resource_type).check(old_inputs, new_inputs)

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
        self._known.add(id)
        return _resource(resource_type).diff(old_inputs, old_outputs, new_inputs)

    def create(
        self, resource_type: str, urn: str, inputs: Properties, timeout: float | None, preview: bool
    ) -> tuple[str, Properties]:
        resource = _resource(resource_type)
        if preview:
            return "", resource.planned(inputs)
        call = self._call(timeout)
        made, outputs = resource.create(call, inputs)
        self._known.add(made)
        return made, _located(call, resource, outputs, {})

    def read(
        self, resource_type: str, urn: str, id: str, inputs: Properties, outputs: Properties
    ) -> ReadResult:
        resource = _resource(resource_type)
        self._known.add(id)
        with self._lock:
            remote = self._read_ahead.pop((resource_type, id), None)
        call = self._call(None)
        if remote is not None:
            found = resource.result(remote, inputs)
        else:
            found = resource.read(call, id, inputs, outputs)
        if not found.id:
            return found
        return replace(found, outputs=_located(call, resource, found.outputs, outputs))

    def update(
        self,
        resource_type: str,
        urn: str,
        id: str,
        old_inputs: Properties,
        old_outputs: Properties,
        new_inputs: Properties,
        timeout: float | None,
        ignore_changes: list[str],
        preview: bool,
    ) -> Properties:
        resource = _resource(resource_type)
        if preview:
            planned = resource.planned(new_inputs, old_outputs)
            return shapes.with_unknown_kept(resource.root, planned, old_outputs)
        self._forget(resource_type, id)
        call = self._call(timeout)
        outputs = resource.update(call, id, old_inputs, old_outputs, new_inputs)
        return _located(call, resource, outputs, old_outputs)

    def delete(
        self,
        resource_type: str,
        urn: str,
        id: str,
        inputs: Properties,
        outputs: Properties,
        timeout: float | None,
    ) -> None:
        self._forget(resource_type, id)
        _resource(resource_type).delete(self._call(timeout), id, inputs, outputs)

    def find_created(
        self, resource_type: str, urn: str, inputs: Properties, not_ids: frozenset[str]
    ) -> str | None:
        if self._client is None:
            raise ProviderError("the databricks provider is not configured")
        self._known |= not_ids
        return _resource(resource_type).find_created(self._call(None), inputs)

    def prefetch(self, resource_types: frozenset[str]) -> None:
        for name in sorted(resource_types):
            found = _resource(name).listed(self._call(None)) if self.supports(name) else None
            with self._lock:
                for key, remote in (found or {}).items():
                    self._read_ahead[name, key] = remote

    def close(self) -> None:
        if self._client is not None:
            self._client.close()

    def _call(self, timeout: float | None) -> Call:
        if self._client is None:
            raise ProviderError("the databricks provider is not configured")
        client = self._client
        return Call(client, client.deadline(timeout), self._known, self._memory)

    def _forget(self, resource_type: str, id: str) -> None:
        self._known.add(id)
        with self._lock:
            self._read_ahead.pop((resource_type, id), None)


def _located(
    call: Call, resource: Resource, outputs: Properties, old_outputs: Properties
) -> Properties:
    """The outputs with the workspace that they are of, and what only the old ones know.

    Terraform's provider writes it into every state (populateProviderConfigInState), keeps the one
    that is there, and plans an update where it is missing.
    """
    outputs = shapes.with_unknown_kept(resource.root, outputs, old_outputs)
    if PLACE not in resource.root.fields or outputs.get(PLACE) is not None:
        return outputs
    known = old_outputs.get(PLACE)
    if known is None:
        number = call.client.workspace_id()
        known = {"workspaceId": number} if number else None
    return outputs if known is None else {**outputs, PLACE: known}


_SECRETS: dict[str, frozenset[str]] = {}


def _secrets(resource: Resource) -> frozenset[str]:
    if resource.token not in _SECRETS:
        _SECRETS[resource.token] = resource.secrets
    return _SECRETS[resource.token]


def _resource(resource_type: str) -> Resource:
    resource = all_resources().get(resource_type)
    if resource is None:
        known = ", ".join(sorted(name.rsplit(":", 1)[-1] for name in all_resources()))
        raise ProviderError(
            f"the embedded engine does not manage {resource_type}, only {known}: "
            "run this stack with the pulumi CLI (--engine pulumi)"
        )
    return resource


def _not_yet() -> Config:
    raise ProviderError("the provider's configuration is not known yet")
