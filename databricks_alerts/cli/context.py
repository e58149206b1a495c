"""One stack as a subcommand needs it: where it is, what it is told, how to reach it."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from databricks_alerts.cli.local import is_sandbox, stack_environment, workspace_dir
from databricks_alerts.cli.project import find_project
from databricks_alerts.engine import project as projects
from databricks_alerts.engine.providers.databricks.sdk import config_class
from databricks_alerts.engine.state.secrets import PassphraseSecrets, passphrase_from
from databricks_alerts.engine.values import Secret, reveal
from databricks_alerts.errors import AuthenticationError, ConfigurationError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.sql.warehouse import SqlWarehouse, open_warehouse
from databricks_alerts.workspace_view.connection import sdk_config

if TYPE_CHECKING:
    from databricks.sdk.core import Config

    from databricks_alerts.engine import Engine


@dataclass(frozen=True)
class StackContext:
    """A stack of the project in `project_dir`; `environment` is what its program sees."""

    project_dir: Path
    stack: str
    environment: Mapping[str, str]

    @cached_property
    def configuration(self) -> dict[str, str]:
        """Every configuration key and its text, secrets opened.

        Raises ProjectError for a file that cannot be read, SecretsError for a wrong passphrase.
        """
        project = projects.load(self.project_dir)
        settings = projects.load_settings(project, self.stack)
        if not settings.path.is_file():
            known = projects.stacks_in(settings.path.parent)
            raise ConfigurationError(
                f"there is no stack {self.stack!r}: {settings.path} does not exist; "
                f"there are {', '.join(known)}"
            )
        decrypt = self._decrypt(settings)
        found = projects.resolve(settings, decrypt)
        return {
            key: str(reveal(value) if isinstance(value, Secret) else value)
            for key, value in found.items()
        }

    @cached_property
    def settings(self) -> Settings:
        """The stack's settings. Raises ConfigurationError."""
        return Settings.from_config(self.configuration, self.stack)

    @cached_property
    def workspace(self) -> Config:
        """Credentials for the stack's workspace. Raises AuthenticationError."""
        try:
            return connected(self.configuration, self.project_dir, self.environment)
        except AuthenticationError as error:
            if is_sandbox(self.stack) and not workspace_dir(self.project_dir).exists():
                raise AuthenticationError(
                    "the local workspace was never started here; start it: alerts workspace start"
                ) from error
            raise

    def warehouse(self, connections: int | None = None) -> SqlWarehouse:
        """The stack's SQL warehouse; use it as a context manager.

        It opens up to `connections`, by default as many as EXPLAINs may run at a time.
        """
        settings = self.settings
        workers = settings.parallel_workers if connections is None else connections
        return open_warehouse(self.workspace, settings.warehouse_id, workers)

    def engine(self, extra: Mapping[str, str] | None = None) -> Engine:
        """The embedded engine on this stack; `extra` is added to the program's environment."""
        from databricks_alerts.engine.engine import Engine

        return Engine(
            self.project_dir,
            self.stack,
            passphrase=passphrase_from(self.environment),
            environment={**self.environment, **(extra or {})},
        )

    def _decrypt(self, settings: projects.StackSettings) -> Callable[[str], str]:
        """Opens the file's secrets; the key is derived when the first one is met."""

        @cache
        def secrets() -> PassphraseSecrets:
            passphrase = passphrase_from(self.environment) or ""
            return PassphraseSecrets(settings.encryption_salt, passphrase)

        return lambda ciphertext: secrets().decrypt(ciphertext)


def open_stack(stack: str) -> StackContext:
    """The stack of the project that we stand in. Raises ConfigurationError."""
    project_dir = find_project()
    return StackContext(project_dir, stack, stack_environment(stack, os.environ))


def connected(
    configuration: Mapping[str, str], project_dir: Path, environment: Mapping[str, str]
) -> Config:
    """Credentials by a stack's configuration and environment. Raises AuthenticationError."""
    config_class()  # puts a light databricks.sdk in place, before anything imports the whole
    with _environment(environment):
        return sdk_config(configuration, project_dir)


@contextmanager
def _environment(wanted: Mapping[str, str]) -> Iterator[None]:
    """databricks-sdk reads the process's environment only: show it the stack's for a moment."""
    before = dict(os.environ)
    os.environ.clear()
    os.environ.update(wanted)
    try:
        yield
    finally:
        os.environ.clear()
        os.environ.update(before)
