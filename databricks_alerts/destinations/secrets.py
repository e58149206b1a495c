"""Secrets of destinations: references in config_json, resolved at deployment and never kept."""

from __future__ import annotations

import base64
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from databricks_alerts.destinations.targets import REFERENCE
from databricks_alerts.errors import (
    AuthenticationError,
    ConfigurationError,
    SecretError,
    WorkspaceError,
)

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

        Raises as `look_up` does.
        """
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, str):
            return value
        return REFERENCE.sub(lambda found: self.look_up(found[1].strip()), value)

    def look_up(self, reference: str) -> str:
        """What a reference stands for: `secrets/scope/key` or `config/name`.

        Raises ConfigurationError for a configuration key that is not set, SecretError for a secret
        that does not exist or may not be read, WorkspaceError where nobody can tell.
        """
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
                f"pulumi config set --secret {key} …",
                commands=(f"pulumi config set --secret {key}",),
            )
        return self._configuration[key]


def workspace_secrets(config: Callable[[], Config]) -> Reader:
    """Reads secrets of the workspace that `config()` reaches (GET /api/2.0/secrets/get)."""

    def read(scope: str, key: str) -> str:
        from databricks.sdk.core import ApiClient

        reference = f"{{{{secrets/{scope}/{key}}}}}"
        with _translated(reference, scope, key):
            answer: Any = ApiClient(config()).do(
                "GET", "/api/2.0/secrets/get", query={"scope": scope, "key": key}
            )
        try:
            return base64.b64decode(answer.get("value", "")).decode()
        except ValueError as error:
            raise SecretError(
                f"the secret {reference} is not text; store it as UTF-8, or correct the reference"
            ) from error

    return read


@contextmanager
def _translated(reference: str, scope: str, key: str) -> Iterator[None]:
    """Tell what is wrong with a reference from trouble that no reference is to blame for."""
    from databricks.sdk.errors import BadRequest, NotFound, PermissionDenied, Unauthenticated
    from databricks.sdk.errors.base import DatabricksError

    try:
        yield
    except PermissionDenied as error:
        raise SecretError(
            f"the secret {reference} may not be read: {error}; grant READ on the scope {scope!r} "
            f"to the identity that deploys: databricks secrets put-acl {scope} PRINCIPAL READ",
            commands=(f"databricks secrets put-acl {scope} PRINCIPAL READ",),
        ) from error
    except (NotFound, BadRequest) as error:
        raise SecretError(
            f"the secret {reference} cannot be read: {error}; store it (databricks secrets "
            "put-secret), or correct the reference",
            commands=_making(scope, key, str(error)),
        ) from error
    except Unauthenticated as error:
        raise AuthenticationError(
            f"the secret {reference} cannot be read: {error}. Check the stack's credentials"
        ) from error
    except (DatabricksError, OSError, TimeoutError) as error:
        raise WorkspaceError(f"the secret {reference} cannot be read: {error}") from error


def _making(scope: str, key: str, message: str) -> tuple[str, ...]:
    """The commands that make a secret; its scope, too, where the API says that there is none."""
    scope_is_missing = re.match(r"scope .* does not exist", message, re.IGNORECASE)
    create = (f"databricks secrets create-scope {scope}",) if scope_is_missing else ()
    return (*create, f"databricks secrets put-secret {scope} {key}")
