"""Credentials: databricks-sdk's unified authentication, for REST and SQL alike.

What a stack's configuration says under `databricks:` (host, profile, configFile, clientId, …)
comes first, as it does for Pulumi's own provider; what it leaves open comes from the environment
(DATABRICKS_HOST, DATABRICKS_CONFIG_PROFILE, Azure and OAuth variables, ~/.databrickscfg).
"""

from __future__ import annotations

import logging
import re
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from databricks_alerts.errors import AuthenticationError, ConfigurationError

if TYPE_CHECKING:
    from databricks.sdk.core import Config

NAMESPACE = "databricks:"
_PROBE_SECONDS = 1
_ANSWER_SECONDS = 60
_RETRY_SECONDS = 300

# Settings of Pulumi's provider that say nothing about who we are or where.
_NOT_FOR_AUTHENTICATION = frozenset({"version", "pluginDownloadURL"})


def sdk_config(configuration: Mapping[str, str], project_dir: Path) -> Config:
    """The SDK's configuration for a stack.

    `configuration` maps full Pulumi keys (`databricks:profile`) to values; keys of other
    namespaces are ignored. A relative `databricks:configFile` is taken from `project_dir`, where
    Pulumi runs its providers.

    Raises ConfigurationError for a key that the SDK does not know, AuthenticationError when no
    credentials are found or a named profile does not exist.
    """
    from databricks.sdk.core import Config

    attributes = _attributes(configuration)
    if "config_file" in attributes:
        attributes["config_file"] = str(project_dir / Path(attributes["config_file"]).expanduser())
    known = {attribute.name for attribute in Config.attributes()}
    unknown = sorted(set(attributes) - known)
    if unknown:
        raise ConfigurationError(
            f"stack configuration: databricks:{_camel(unknown[0])} is no setting of "
            f"databricks-sdk; known are {', '.join(_camel(name) for name in sorted(known))}"
        )
    # While it is made, Config asks the host about itself, and would ask a dead one for minutes.
    logging.getLogger("databricks.sdk").setLevel(logging.ERROR)
    try:
        config = Config(
            **attributes,  # type: ignore[arg-type]
            retry_timeout_seconds=_PROBE_SECONDS,
            http_timeout_seconds=_ANSWER_SECONDS,
        )
        config.retry_timeout_seconds = _RETRY_SECONDS
    except ValueError as error:
        raise AuthenticationError(_explain(str(error), attributes)) from error
    if not config.host:
        raise AuthenticationError(
            "no Databricks workspace is configured: set databricks:host or databricks:profile in "
            "the stack's configuration, or DATABRICKS_HOST in the environment"
        )
    return config


def _attributes(configuration: Mapping[str, str]) -> dict[str, str]:
    """`databricks:configFile` → `config_file`, for the keys that authentication needs."""
    return {
        re.sub(r"(?<!^)(?=[A-Z])", "_", key.removeprefix(NAMESPACE)).lower(): value
        for key, value in configuration.items()
        if key.startswith(NAMESPACE) and key.removeprefix(NAMESPACE) not in _NOT_FOR_AUTHENTICATION
    }


def _camel(name: str) -> str:
    """`config_file` → `configFile`."""
    head, *tail = name.split("_")
    return head + "".join(part.capitalize() for part in tail)


def _explain(message: str, attributes: Mapping[str, str]) -> str:
    """What the SDK says, with the place to mend it."""
    where = attributes.get("config_file", "~/.databrickscfg")
    profile = attributes.get("profile")
    if profile and "profile" in message:
        return (
            f"profile {profile!r} is not in {where}: {message}. "
            "Check databricks:profile and databricks:configFile of the stack"
        )
    host = f" --host {attributes['host']}" if "host" in attributes else ""
    return (
        f"no usable Databricks credentials: {message.rstrip('.')}. Log in with `databricks auth "
        f"login{host}`, or set DATABRICKS_TOKEN, or DATABRICKS_CLIENT_ID and _CLIENT_SECRET"
    )
