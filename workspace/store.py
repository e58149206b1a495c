"""Documents of every API, durable across kill -9: SQLite with a write-ahead log.

Each write is one transaction that is on disk when `put` returns. Reads come from memory.
"""

from __future__ import annotations

import json
import sqlite3
import threading
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

Document = dict[str, Any]


class Store:
    """Documents by kind and id; safe for many threads. Documents are never changed in place."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        path.touch(mode=0o600)  # tokens' hashes, secrets
        self._db = sqlite3.connect(path, check_same_thread=False)
        self._db.execute("PRAGMA journal_mode=WAL")
        # A commit in the log survives the death of this process; only a power cut could lose it.
        self._db.execute("PRAGMA synchronous=NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents "
            "(kind TEXT, id TEXT, body TEXT, PRIMARY KEY (kind, id))"
        )
        self._documents: dict[str, dict[str, Document]] = {}
        rows = self._db.execute("SELECT kind, id, body FROM documents ORDER BY rowid")
        for kind, key, body in rows:
            self._documents.setdefault(kind, {})[key] = json.loads(body)

    def get(self, kind: str, key: str) -> Document | None:
        """The document, or None."""
        with self._lock:
            return self._documents.get(kind, {}).get(key)

    def all(self, kind: str) -> list[Document]:
        """Every document of a kind, oldest first."""
        with self._lock:
            return list(self._documents.get(kind, {}).values())

    def put(self, kind: str, key: str, document: Document) -> None:
        """Write a document; it is durable when this returns."""
        with self._lock, self._db:
            self._db.execute(
                "INSERT INTO documents VALUES (?, ?, ?) "
                "ON CONFLICT (kind, id) DO UPDATE SET body = excluded.body",
                (kind, key, json.dumps(document)),
            )
            self._documents.setdefault(kind, {})[key] = document

    def delete(self, kind: str, key: str) -> None:
        """Forget a document; one that is gone stays gone."""
        with self._lock, self._db:
            self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, key))
            self._documents.get(kind, {}).pop(key, None)

    def delete_where(self, kind: str, wanted: Callable[[Document], bool]) -> None:
        """Forget every document of a kind that is `wanted`."""
        with self._lock:
            known = self._documents.get(kind, {})
            for key in [key for key, document in known.items() if wanted(document)]:
                self.delete(kind, key)

    def transaction(self) -> AbstractContextManager[bool]:
        """A lock for check-then-write: `with store.transaction(): …`."""
        return self._lock

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
