"""The engine's storage on a Pulumi backend: checkpoint, journal, lock and history."""

from __future__ import annotations

import json
import time
from contextlib import AbstractContextManager
from typing import Any

from databricks_alerts.engine import commits
from databricks_alerts.engine import project as projects
from databricks_alerts.engine.errors import SecretsError, StateError
from databricks_alerts.engine.options import DeploymentResult
from databricks_alerts.engine.project import Project, StackSettings
from databricks_alerts.engine.state.backend import Backend, open_backend
from databricks_alerts.engine.state.checkpoint import Checkpoint
from databricks_alerts.engine.state.history import UpdateRecord
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.state.secrets import PassphraseSecrets, new_salt
from databricks_alerts.engine.state.stack import StackStore
from databricks_alerts.engine.steps.recorder import Recorder
from databricks_alerts.engine.storage import StackState

_KINDS = {"up": "update"}


class StackStorage:
    """One stack at a backend URL. `passphrase` None: none was given."""

    def __init__(self, project: Project, stack: str, url: str, passphrase: str | None) -> None:
        self._project, self._stack, self._passphrase = project, stack, passphrase
        self._backend: Backend = open_backend(url, project.directory)
        self._settings: StackSettings = projects.load_settings(project, stack)
        self._store = self._open(project.name, stack, self._settings.encryption_salt)
        self._checkpoint: Checkpoint | None = None

    def decrypt(self, ciphertext: str) -> str:
        """Open a `secure` setting. Raises SecretsError."""
        salt = self._settings.encryption_salt
        if not salt:
            raise SecretsError(
                f"{self._settings.path} holds an encrypted value but no encryptionsalt: it cannot "
                "be decrypted; set the value again with `pulumi config set --secret`"
            )
        if self._passphrase is None:
            return self._store.new_secrets().decrypt(ciphertext)
        return PassphraseSecrets(salt, self._passphrase).decrypt(ciphertext)

    def locked(self) -> AbstractContextManager[None]:
        """Hold the stack's lock."""
        self._backend.prepare()
        self._ensure_salt()
        return self._store.lock()

    def load(self) -> StackState:
        """The state as it was last saved, a left-over journal folded in."""
        checkpoint = self._store.load()
        if checkpoint is None:
            checkpoint = Checkpoint(
                self._project.name, self._stack, secrets=self._store.new_secrets()
            )
        self._checkpoint = checkpoint
        return StackState(checkpoint.resources, checkpoint.pending)

    def recorder(self) -> Recorder:
        """The stack's journal."""
        return self._store.journal(self._loaded())

    def save(self, state: StackState) -> None:
        """Write the checkpoint; the journal is folded in and gone."""
        checkpoint = self._loaded()
        checkpoint.resources, checkpoint.pending = state.resources, state.pending
        self._store.save(checkpoint)

    def add_history(self, result: DeploymentResult, message: str, config: dict[str, Any]) -> None:
        """Remember the update as the CLI does."""
        end = time.time()
        commit = commits.describe(self._project.directory)
        self._store.add_history(
            UpdateRecord(
                kind=_KINDS.get(result.operation, result.operation),
                start_time=int(end - result.duration),
                end_time=int(end),
                result="succeeded" if result.succeeded else "failed",
                message=message or commit.get("git.message", ""),
                environment={
                    "exec.kind": "cli",
                    **{key: text for key, text in commit.items() if key != "git.message"},
                },
                config={
                    key: _setting(self._settings.config.get(key), value)
                    for key, value in config.items()
                },
                resource_changes=dict(result.changes),
            )
        )

    def other_resources(self, name: str) -> list[ResourceState]:
        """The resources of another stack of this backend. Raises StateError."""
        parts = name.split("/")
        project = parts[-2] if len(parts) > 1 else self._project.name
        checkpoint = self._open(project, parts[-1], "").load()
        if checkpoint is None:
            raise StateError(f"there is no stack {project}/{parts[-1]} at {self._backend.url}")
        return checkpoint.resources

    def _open(self, project: str, stack: str, salt: str) -> StackStore:
        return self._backend.stack(project, stack, passphrase=self._passphrase, salt=salt)

    def _ensure_salt(self) -> None:
        """Give a new stack its `encryptionsalt`, once a passphrase is known."""
        if self._settings.encryption_salt or self._passphrase is None:
            return
        known = self._store.load()
        state = known.secrets.state if known is not None else None
        salt = state["salt"] if isinstance(state, dict) else new_salt(self._passphrase)
        projects.write_salt(self._settings, salt)
        self._settings = projects.load_settings(self._project, self._stack)
        self._store = self._open(self._project.name, self._stack, salt)

    def _loaded(self) -> Checkpoint:
        assert self._checkpoint is not None, "load() comes first"
        return self._checkpoint


def _setting(raw: Any, shown: Any) -> Any:
    """A configuration value as history files have it: text, or `{secure: …}` as in the settings."""
    if isinstance(raw, dict) and "secure" in raw:
        return {"secure": raw["secure"]}
    if shown == "[secret]":
        return {"secure": ""}  # given on the command line: there is no encrypted form to keep
    return shown if isinstance(shown, str) else json.dumps(shown)
