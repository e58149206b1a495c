"""The providers of one run, each configured by its provider resource's inputs."""

from __future__ import annotations

import threading
from collections.abc import Callable

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.events import UNKNOWN_TEXT
from databricks_alerts.engine.options import ProviderLoader
from databricks_alerts.engine.providers.base import CheckResult, Provider
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.values import UNKNOWN, Properties, reveal

# A provider that a preview would create has no id yet; resources refer to it by this.
UNKNOWN_ID = UNKNOWN_TEXT
# Keys of a provider resource's inputs that are the engine's, not the provider's.
_INTERNAL = ("__internal", "version", "pluginDownloadURL")


class ProviderRegistry:
    """Loads providers late and keeps each by its reference (`urn::id`)."""

    def __init__(self, loader: ProviderLoader) -> None:
        self._loader = loader
        self._lock = threading.RLock()
        self._loaded: dict[str, Provider] = {}
        self._configured: dict[str, Provider] = {}

    def check(self, type_token: str, inputs: Properties) -> CheckResult:
        """Check a provider resource's inputs; `__internal` is added as Pulumi does."""
        provider = self._load(urns.package_of(type_token), _version(inputs))
        result = provider.check_config(_configuration(inputs))
        engine_keys = {key: inputs[key] for key in _INTERNAL if key in inputs}
        return CheckResult({**result.inputs, **engine_keys, "__internal": {}}, result.failures)

    def configure(self, resource: ResourceState) -> None:
        """Make the provider of a provider resource ready."""
        provider = self._new(urns.package_of(resource.type), _version(resource.inputs))
        provider.configure(_configuration(resource.inputs))
        with self._lock:
            self._configured[urns.reference(resource.urn, _id_text(resource))] = provider

    def find(self, reference: str, resources: Callable[[str], ResourceState | None]) -> Provider:
        """The provider of a reference, made from the state if this run has not registered it.

        `resources` finds a resource by URN. Raises StateError when there is none.
        """
        with self._lock:
            provider = self._configured.get(reference)
            if provider is not None:
                return provider
            urn, provider_id = urns.split_reference(reference)
            resource = resources(urn)
            if resource is None or _id_text(resource) != provider_id:
                raise StateError(f"unknown provider {reference!r}: it is not in the stack's state")
            self.configure(resource)
            return self._configured[reference]

    def close(self) -> None:
        """Close every provider."""
        with self._lock:
            for provider in {id(item): item for item in self._configured.values()}.values():
                provider.close()
            self._configured.clear()

    def _load(self, package: str, version: str) -> Provider:
        """A provider to check configuration with; one a package and version."""
        key = f"{package}@{version}"
        with self._lock:
            if key not in self._loaded:
                self._loaded[key] = self._loader(package, version)
            return self._loaded[key]

    def _new(self, package: str, version: str) -> Provider:
        """A provider to configure: the one that checked, or another when that is in use."""
        with self._lock:
            provider = self._load(package, version)
            del self._loaded[f"{package}@{version}"]
            return provider


def _version(inputs: Properties) -> str:
    version = reveal(inputs.get("version", ""))
    return version if isinstance(version, str) else ""


def _configuration(inputs: Properties) -> Properties:
    plain: Properties = reveal(inputs)
    return {key: value for key, value in plain.items() if key not in _INTERNAL}


def _id_text(resource: ResourceState) -> str:
    identifier: object = resource.id
    return UNKNOWN_ID if identifier is UNKNOWN or not identifier else str(identifier)
