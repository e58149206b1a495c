"""What the program is told: the stack's configuration, as Pulumi hands it over."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pulumi
from pulumi.runtime import config as pulumi_config

from databricks_alerts.rules.settings import Settings
from databricks_alerts.workspace_view.connection import sdk_config

if TYPE_CHECKING:
    from databricks.sdk.core import Config


def stack_settings() -> Settings:
    """The settings under `databricks-alerts:`; unknown keys and bad values are errors.

    Raises databricks_alerts.errors.ConfigurationError with every problem at once.
    """
    return Settings.from_config(stack_configuration(), stack=pulumi.get_stack())


@cache
def workspace_config() -> Config:
    """Where the workspace is and who we are there (see `workspace_view.connection`)."""
    return sdk_config(stack_configuration(), Path.cwd())


def stack_configuration() -> dict[str, str]:
    """Every configuration key of the stack, `namespace:key` → value.

    pulumi.Config answers only keys that one asks for; to find a misspelt one we need them all,
    so this reads what the language host passed (pulumi/runtime/config.py).
    """
    return {**pulumi_config.get_config_env(), **pulumi_config.CONFIG.get()}
