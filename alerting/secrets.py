"""Secrets of destinations: references in config_json, resolved at deployment and never kept."""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from alerting.errors import ConfigurationError, WorkspaceError
from alerting.targets import REFERENCE

if TYPE_CHECKING:
    from databricks.sdk.core import Config

Reader = Callable[[str, str], str]


class SecretResolver:
    """Resolves `{{secrets/scope/key}}` and `{{config/name}}`; each secret is read once.

    `configuration` maps a stack's full keys to values, `read` reads a Databricks secret. Errors
    name the reference, never a value.
    """

    def __init__(self, configuration: Mapping[str, str], read: Reader) -> None:
        self._configuration = configuration
        self._read = read
        self._known: dict[str, str] = {}

    def resolve(self, value: Any) -> Any:
        """The value with every reference replaced, in lists too.

        Raises ConfigurationError for a configuration key that is not set, WorkspaceError for a
        secret that cannot be read.
        """
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, str):
            return value
        return REFERENCE.sub(lambda found: self._secret(found[1].strip()), value)

    def _secret(self, reference: str) -> str:
        if reference not in self._known:
            kind, _, rest = reference.partition("/")
            self._known[reference] = (
                self._read(*rest.split("/", 1)) if kind == "secrets" else self._config(rest)
            )
        return self._known[reference]

    def _config(self, name: str) -> str:
        key = name if ":" in name else f"databricks-alerts-secrets:{name}"
        if key not in self._configuration:
            raise ConfigurationError(
                f"{{{{config/{name}}}}} is not set for this stack; set it: "
                f"pulumi config set --secret {key} …"
            )
        return self._configuration[key]


def workspace_secrets(config: Callable[[], Config]) -> Reader:
    """Reads secrets of the workspace that `config()` reaches (GET /api/2.0/secrets/get)."""

    def read(scope: str, key: str) -> str:
        from databricks.sdk.core import ApiClient
        from databricks.sdk.errors.base import DatabricksError

        where = f"{{{{secrets/{scope}/{key}}}}}"
        try:
            answer: Any = ApiClient(config()).do(
                "GET", "/api/2.0/secrets/get", query={"scope": scope, "key": key}
            )
        except (DatabricksError, OSError, TimeoutError) as error:
            raise WorkspaceError(
                f"the secret {where} cannot be read: {error}. Grant READ on the scope "
                f"{scope!r} to the identity that deploys, or correct the reference"
            ) from error
        return base64.b64decode(answer.get("value", "")).decode()

    return read
