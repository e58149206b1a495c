"""The providers that nobody declares: one a package and version, made when first needed."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.registry import UNKNOWN_ID
from databricks_alerts.engine.steps.goal import Answer, Goal


class DefaultProviders:
    """Registers default providers, configured from the stack's `package:key` settings.

    `config` maps `package:key` to the value, secrets as `Secret`.
    """

    def __init__(self, config: Mapping[str, object], register: Callable[[Goal], Answer]) -> None:
        self._config = config
        self._register = register
        self._lock = threading.Lock()
        self._references: dict[tuple[str, str], str] = {}

    def reference(self, package: str, version: str) -> str:
        """The reference of the default provider of a package."""
        key = (package, version)
        if key in self._references:
            return self._references[key]
        with self._lock:
            if key not in self._references:
                state = self._register(self._goal(package, version)).state
                self._references[key] = urns.reference(state.urn, state.id or UNKNOWN_ID)
            return self._references[key]

    def _goal(self, package: str, version: str) -> Goal:
        prefix = f"{package}:"
        inputs = {
            key.removeprefix(prefix): value
            for key, value in self._config.items()
            if key.startswith(prefix)
        }
        if version:
            inputs["version"] = version
        return Goal(
            type=urns.PROVIDER_PREFIX + package,
            name=urns.default_provider_name(version),
            custom=True,
            inputs=inputs,
        )
