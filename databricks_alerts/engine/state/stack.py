"""One stack's state with all that belongs to it: file, journal, locks, history, backups."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from typing import Any

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.state import transfer
from databricks_alerts.engine.state.bucket import Bucket
from databricks_alerts.engine.state.checkpoint import Checkpoint, decode, encode
from databricks_alerts.engine.state.compression import wanted
from databricks_alerts.engine.state.fold import fold
from databricks_alerts.engine.state.history import History, UpdateRecord
from databricks_alerts.engine.state.journal import Journal, JournalContent, JournalFile, parse
from databricks_alerts.engine.state.lock import Lock, StackLocks
from databricks_alerts.engine.state.secrets import (
    NoSecrets,
    PassphraseSecrets,
    SecretsManager,
    open_secrets,
)
from databricks_alerts.engine.state.statefile import NO_STATE, StateFile, Stored, hash_of, to_text

_ROOT = ".pulumi"
_TRUE = ("1", "true", "t")


class StackStore:
    """The state of `project/stack` in a bucket, laid out as Pulumi's file backend does.

    `passphrase` opens its secrets (None: none was given). `salt` is the stack's `encryptionsalt`;
    a state written from now on uses it, one that was written under another is still read.
    """

    def __init__(
        self,
        bucket: Bucket,
        project: str,
        stack: str,
        *,
        passphrase: str | None,
        salt: str = "",
        environment: Mapping[str, str] | None = None,
        prepare: Callable[[], None] = lambda: None,
    ) -> None:
        environment = environment or {}
        compress = wanted(environment)
        name = f"{project}/{stack}"
        self.project, self.stack = project, stack
        self._passphrase, self._salt = passphrase, salt
        backups = f"{_ROOT}/backups/{name}"
        self._file = StateFile(bucket, f"{_ROOT}/stacks/{name}", backups, compress)
        self._journal_file = JournalFile(bucket, f"{_ROOT}/journal/{name}")
        self._locks = StackLocks(bucket, f"{_ROOT}/locks/organization/{name}", stack)
        self._history = History(bucket, f"{_ROOT}/history/{name}", stack, compress)
        disabled = environment.get("PULUMI_DIY_BACKEND_DISABLE_CHECKPOINT_BACKUPS", "")
        self._backups_wanted = disabled.lower() not in _TRUE
        self._current: Journal | None = None
        self._prepare = prepare

    @property
    def location(self) -> str:
        """Where a person finds the state file."""
        return self._file.location

    def exists(self) -> bool:
        """Whether the stack has a state."""
        return self._file.read() is not None

    def load(self) -> Checkpoint | None:
        """The state, a left-over journal folded in; None for a stack that has neither.

        Writes nothing. Raises StateError, SecretsError, UnsupportedError.
        """
        stored = self._file.read()
        content = self._left_over()
        if stored is None and content is None:
            return None
        checkpoint = self._decoded(stored)
        base = NO_STATE if stored is None else stored.hash
        if content is not None and not self._journal_file.was_folded(content.run, base):
            self._check_continues(content, base)
            fold(checkpoint, content)
        return checkpoint

    def save(self, checkpoint: Checkpoint) -> None:
        """Write the state, and end the journal. A state that did not change is not written."""
        self._use_salt(checkpoint)
        stored = self._file.read()
        text = to_text(encode(checkpoint))
        if stored is None or stored.text != text:
            checkpoint.stamp()
            text = to_text(encode(checkpoint))
            run = self._run_to_fold()
            if run:
                self._journal_file.mark(run, hash_of(text))
            self._prepare()
            self._file.write(text)
        self._journal_file.remove()
        self._current = None

    def lock(self) -> AbstractContextManager[None]:
        """Hold the stack's lock. Raises LockError."""
        self._prepare()
        return self._locks.hold()

    def locks(self) -> list[Lock]:
        """Who holds the stack."""
        return self._locks.held()

    def unlock_all(self) -> list[Lock]:
        """Remove every lock, as `pulumi cancel` does; answers those it removed."""
        return self._locks.remove_all()

    def journal(self, checkpoint: Checkpoint) -> Journal:
        """A journal that continues this state. Hold the lock.

        A left-over one is made part of the state file first.
        """
        if self._left_over() is not None:
            self.save(checkpoint)
        stored = self._file.read()
        self._use_salt(checkpoint)
        base = NO_STATE if stored is None else stored.hash
        self._current = Journal(self._journal_file, checkpoint.codec, base)
        return self._current

    def fold(self) -> bool:
        """Make an interrupted update's journal part of the state file; whether there was one.

        The pulumi CLI reads the state file alone. Hold the lock. Raises what `load` raises.
        """
        if self._left_over() is None:
            return False
        checkpoint = self.load()
        assert checkpoint is not None  # there is a journal
        self.save(checkpoint)
        return True

    def history(self, limit: int | None = None) -> list[UpdateRecord]:
        """The latest updates, the newest first."""
        return self._history.latest(limit)

    def add_history(self, record: UpdateRecord) -> None:
        """Remember an update, with the state as it is now; back the state up."""
        stored = self._file.read()
        self._history.add(record, stored.raw if stored else None)
        if self._backups_wanted:
            self._file.back_up()

    def export(self, *, show_secrets: bool = False) -> dict[str, Any]:
        """The state as `pulumi stack export` gives it. Raises StateError when there is none."""
        checkpoint = self.load()
        if checkpoint is None:
            raise StateError(f"stack {self.stack} has no state at {self.location}")
        return transfer.export(checkpoint, show_secrets=show_secrets)

    def import_(self, document: Any, *, force: bool = False) -> Checkpoint:
        """Take over a deployment that was exported; hold the lock.

        What was the state becomes the `.bak`. `force` takes one of another stack, too.
        """
        imported = transfer.import_(
            document, self._open, project=self.project, stack=self.stack, force=force
        )
        self._journal_file.remove()
        self.save(imported)
        return imported

    def discard_journal(self) -> None:
        """Forget an interrupted update's journal, when the state has gone on without it."""
        self._journal_file.remove()

    def remove(self) -> None:
        """Delete the stack's state and journal; a `.bak` stays."""
        self._journal_file.remove()
        self._file.remove()

    def _decoded(self, stored: Stored | None) -> Checkpoint:
        if stored is None:
            return Checkpoint(self.project, self.stack, secrets=self.new_secrets())
        return decode(
            self._file.parse(stored),
            self._open,
            project=self.project,
            stack=self.stack,
            source=self.location,
        )

    def _left_over(self) -> JournalContent | None:
        return parse(self._journal_file.read(), self._journal_file.location)

    def _run_to_fold(self) -> str:
        """The run whose journal the next state takes in; empty without one."""
        if self._current is not None and self._current.started:
            return self._current.run
        left_over = self._left_over()
        return left_over.run if left_over is not None else ""

    def _check_continues(self, content: JournalContent, base: str) -> None:
        if content.base == base:
            return
        raise StateError(
            f"an interrupted update left a journal, {self._journal_file.location}, but the state "
            f"{self.location} was changed since by something else (the pulumi CLI?). Nothing was "
            f"touched. The journal holds {len(content.records)} records that the state does not. "
            "Delete the journal and run a refresh to go on from the state as it is: what the "
            "records name may exist in the workspace without being in the state."
        )

    def new_secrets(self) -> SecretsManager:
        """The secrets manager for a state that this engine writes."""
        if self._salt and self._passphrase is not None:
            return PassphraseSecrets(self._salt, self._passphrase)
        return NoSecrets()

    def _open(self, kind: str, state: Any) -> SecretsManager:
        return open_secrets(kind, state, self._passphrase)

    def _use_salt(self, checkpoint: Checkpoint) -> None:
        secrets = self.new_secrets()
        if secrets.type and secrets != checkpoint.secrets:
            checkpoint.use(secrets)
