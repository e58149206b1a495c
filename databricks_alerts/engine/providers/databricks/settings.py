"""The provider's configuration: `databricks:*` of the stack, for databricks-sdk's `Config`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from databricks_alerts.engine.providers.base import CheckFailure, CheckResult, ProviderError
from databricks_alerts.engine.providers.databricks.schema import snake
from databricks_alerts.engine.providers.databricks.sdk import config_class
from databricks_alerts.engine.values import UNKNOWN, Properties

if TYPE_CHECKING:
    from databricks.sdk.config import Config

_TEXTS = frozenset(
    {
        "accountId",
        "actionsIdTokenRequestToken",
        "actionsIdTokenRequestUrl",
        "audience",
        "authType",
        "azureClientId",
        "azureClientSecret",
        "azureEnvironment",
        "azureLoginAppId",
        "azureTenantId",
        "azureWorkspaceResourceId",
        "clientId",
        "clientSecret",
        "cloud",
        "clusterId",
        "configFile",
        "databricksCliPath",
        "databricksIdTokenFilepath",
        "discoveryUrl",
        "googleCredentials",
        "googleServiceAccount",
        "groupId",
        "host",
        "metadataServiceUrl",
        "oidcTokenEnv",
        "password",
        "profile",
        "serverlessComputeId",
        "token",
        "username",
        "warehouseId",
        "workspaceId",
    }
)
FLAGS = frozenset({"azureUseMsi", "debugHeaders", "disableOauthRefreshToken", "skipVerify"})
NUMBERS = frozenset(
    {
        "debugTruncateBytes",
        "httpTimeoutSeconds",
        "oauthCallbackPort",
        "rateLimit",
        "retryTimeoutSeconds",
    }
)
# Known to Pulumi's provider and of no use for REST requests.
ENGINE_KEYS = frozenset({"pluginDownloadURL", "version"})
_IGNORED = frozenset({"scopes", "groupId"}) | ENGINE_KEYS
KNOWN = _TEXTS | FLAGS | NUMBERS | _IGNORED
# As Pulumi's own provider marks them.
SECRETS = frozenset(
    {
        "azureClientSecret",
        "clientSecret",
        "googleCredentials",
        "metadataServiceUrl",
        "password",
        "token",
    }
)


def check(inputs: Properties) -> CheckResult:
    """Check the configuration; unknown settings and wrong kinds are failures."""
    failures = []
    for name, value in inputs.items():
        if name not in KNOWN:
            failures.append(CheckFailure(name, "is not a setting of the databricks provider"))
        elif value is not UNKNOWN and value is not None and _converted(name, value) is None:
            kind = "true or false" if name in FLAGS else "a number"
            failures.append(CheckFailure(name, f"must be {kind}"))
    return CheckResult(inputs, failures)


def make_config(inputs: Properties) -> Config:
    """The SDK's configuration: these settings first, what they leave open from the environment.

    A relative configFile is taken from the current directory. Raises ProviderError.
    """
    settings = {
        snake(name): _converted(name, value)
        for name, value in inputs.items()
        if value is not None and name not in _IGNORED
    }
    # For the SDK's own look at /.well-known/databricks-config, which is optional and would keep
    # asking a host that is down for five minutes.
    settings.setdefault("retry_timeout_seconds", 1)
    settings.setdefault("http_timeout_seconds", 10)
    try:
        config = config_class()(**settings)
    except (ValueError, OSError) as error:  # what the SDK raises for wrong or no credentials
        raise ProviderError(f"no Databricks credentials: {error}") from error
    if not config.host:
        raise ProviderError(
            "no Databricks workspace is configured: set databricks:host or databricks:profile in "
            "the stack's configuration, or DATABRICKS_HOST in the environment"
        )
    return config


def _converted(name: str, value: Any) -> Any:
    """A setting in its kind; settings files have them as text. None if it cannot be."""
    text = str(value)
    if name in FLAGS:
        return {"true": True, "false": False}.get(text.lower())
    if name in NUMBERS:
        return int(text) if text.isdigit() else None
    return text if not isinstance(value, dict | list) or name in _IGNORED else None
