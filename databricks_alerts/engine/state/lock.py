"""One update of a stack at a time, by lock files as the CLI writes them (pkg/backend/diy/lock.go).

A process that died (kill -9, out of memory) leaves its lock. Ours say which run of which process
they are of, so that a dead one's lock on this machine falls by itself; any other lock stays until
somebody removes it, as with the CLI.

Object stores have no exclusive create: a lock is taken by listing, writing, and listing again. Of
two that come at once, both may give up; never do both go on.
"""

from __future__ import annotations

import getpass
import json
import os
import socket
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime

from databricks_alerts.engine.errors import LockError
from databricks_alerts.engine.state import processes
from databricks_alerts.engine.state.bucket import Bucket


@dataclass(frozen=True, slots=True)
class Lock:
    """A lock that somebody holds: who, where, since when."""

    key: str
    pid: int
    username: str
    hostname: str
    timestamp: str
    life: str = ""

    @property
    def dead(self) -> bool:
        """Whether its process certainly runs no more."""
        known = processes.life(self.pid) if self.life else ""
        here = self.life.rpartition("/")[0] == processes.machine() != ""
        return here and known != self.life

    def __str__(self) -> str:
        """As a message says it."""
        who = f"{self.username}@{self.hostname}" if self.username else "an unreadable lock file"
        return f"{who} (process {self.pid}) since {self.timestamp or 'an unknown time'}"


class StackLocks:
    """The locks of one stack, in `folder`; `stack` is its name, for messages."""

    def __init__(self, bucket: Bucket, folder: str, stack: str) -> None:
        self._bucket, self._folder, self._stack = bucket, folder, stack

    def held(self) -> list[Lock]:
        """All locks there are."""
        return [_read(self._bucket, key) for key in self._bucket.files(self._folder)]

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Hold the lock. Raises LockError naming who holds it."""
        key = f"{self._folder}/{uuid.uuid4()}.json"
        self._check(key)
        self._bucket.write(key, _content())
        try:
            self._check(key)
            yield
        finally:
            self._bucket.delete(key)

    def remove_all(self) -> list[Lock]:
        """Remove every lock (`pulumi cancel`); answers what was removed."""
        found = self.held()
        for lock in found:
            self._bucket.delete(lock.key)
        return found

    def _check(self, own: str) -> None:
        others = []
        for lock in self.held():
            if lock.key != own and lock.dead:
                self._bucket.delete(lock.key)
            elif lock.key != own:
                others.append(lock)
        if others:
            holders = "\n".join(f"  {lock}: {self._bucket.location(lock.key)}" for lock in others)
            raise LockError(
                f"stack {self._stack} is locked by another update:\n{holders}\n"
                "Wait for it to end. If it is dead, remove its lock: "
                f"alerts stack unlock --stack {self._stack}"
            )


def _content() -> bytes:
    document = {
        "pid": os.getpid(),
        "username": _username(),
        "hostname": socket.gethostname(),
        "timestamp": datetime.now(UTC).isoformat().replace("+00:00", "Z"),
        "life": processes.life(os.getpid()),
    }
    return json.dumps(document, separators=(",", ":")).encode()


def _username() -> str:
    try:
        return getpass.getuser()
    except (OSError, KeyError):  # a container's user without a name
        return str(os.getuid())


def _read(bucket: Bucket, key: str) -> Lock:
    try:
        document = json.loads(bucket.read(key) or b"{}")
    except ValueError:
        document = {}
    found = document if isinstance(document, dict) else {}
    return Lock(
        key,
        int(found.get("pid") or 0),
        str(found.get("username", "")),
        str(found.get("hostname", "")),
        str(found.get("timestamp", "")),
        str(found.get("life", "")),
    )
