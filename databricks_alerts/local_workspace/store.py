"""Documents of every API, durable across kill -9: SQLite with a write-ahead log.

A write is on disk when `put` returns; inside a transaction, when that ends, whole or not at all.
Reads of documents come from memory; contents, which may be large, stay on disk.
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from databricks_alerts.local_workspace.database import open_database

Document = dict[str, Any]


class Store:
    """Documents by kind and id; safe for many threads. Documents are never changed in place."""

    def __init__(self, path: Path) -> None:
        path.parent.mkdir(parents=True, exist_ok=True)
        self._lock = threading.RLock()
        path.touch(mode=0o600)  # tokens' hashes, secrets
        # A commit in the log survives the death of this process; only a power cut could lose it.
        self._db = open_database(path, "NORMAL")
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS documents "
            "(kind TEXT, id TEXT, body TEXT, revision INTEGER, PRIMARY KEY (kind, id))"
        )
        columns = [row[1] for row in self._db.execute("PRAGMA table_info(documents)")]
        if "revision" not in columns:  # a store of an older version
            self._db.execute("ALTER TABLE documents ADD COLUMN revision INTEGER")
        self._db.execute("CREATE TABLE IF NOT EXISTS contents (id TEXT PRIMARY KEY, body BLOB)")
        self._documents: dict[str, dict[str, Document]] = {}
        self._revisions: dict[tuple[str, str], int] = {}
        self._depth = 0
        self._before: list[tuple[str, str, Document | None, int]] = []
        rows = self._db.execute("SELECT kind, id, body, revision FROM documents ORDER BY rowid")
        for kind, key, body, revision in rows:
            self._documents.setdefault(kind, {})[key] = json.loads(body)
            self._revisions[kind, key] = revision or 0
        self._last = max(self._revisions.values(), default=0)

    def get(self, kind: str, key: str) -> Document | None:
        """The document, or None."""
        with self._lock:
            return self._documents.get(kind, {}).get(key)

    def all(self, kind: str) -> list[Document]:
        """Every document of a kind, oldest first."""
        with self._lock:
            return list(self._documents.get(kind, {}).values())

    def written_since(self, kind: str, revision: int) -> tuple[list[Document], int]:
        """A kind's documents written after a revision, in that order, and the newest revision.

        A revision grows with each write, whatever the clocks that documents speak of do.
        """
        with self._lock:
            found = [
                (self._revisions[kind, key], key)
                for key in self._documents.get(kind, {})
                if self._revisions[kind, key] > revision
            ]
            documents = [self._documents[kind][key] for _, key in sorted(found)]
        return documents, max((number for number, _ in found), default=revision)

    def put(self, kind: str, key: str, document: Document) -> None:
        """Write a document."""
        with self.transaction():
            # The time, so that the number of a document that was deleted is not given again.
            self._last = max(self._last + 1, time.time_ns())
            self._db.execute(
                "INSERT INTO documents (kind, id, body, revision) VALUES (?, ?, ?, ?) ON CONFLICT "
                "(kind, id) DO UPDATE SET body = excluded.body, revision = excluded.revision",
                (kind, key, json.dumps(document), self._last),
            )
            known = self._documents.setdefault(kind, {})
            before = self._revisions.get((kind, key), 0)
            self._before.append((kind, key, known.get(key), before))
            self._revisions[kind, key] = self._last
            known[key] = document

    def delete(self, kind: str, key: str) -> None:
        """Forget a document; one that is gone stays gone."""
        with self.transaction():
            self._db.execute("DELETE FROM documents WHERE kind = ? AND id = ?", (kind, key))
            before = self._revisions.get((kind, key), 0)
            known = self._documents.get(kind, {})
            self._before.append((kind, key, known.pop(key, None), before))

    def delete_where(self, kind: str, wanted: Callable[[Document], bool]) -> None:
        """Forget every document of a kind that is `wanted`."""
        with self.transaction():
            known = self._documents.get(kind, {})
            for key in [key for key, document in known.items() if wanted(document)]:
                self.delete(kind, key)

    def content(self, key: str) -> bytes | None:
        """The bytes kept under a key, or None."""
        with self._lock:
            row = self._db.execute("SELECT body FROM contents WHERE id = ?", (key,)).fetchone()
        return bytes(row[0]) if row else None

    def put_content(self, key: str, content: bytes) -> None:
        """Keep bytes under a key."""
        with self.transaction():
            self._db.execute("INSERT OR REPLACE INTO contents VALUES (?, ?)", (key, content))

    def delete_content(self, key: str) -> None:
        """Forget the bytes under a key."""
        with self.transaction():
            self._db.execute("DELETE FROM contents WHERE id = ?", (key,))

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Check, then write, alone: `with store.transaction(): …`; an exception undoes all of it.

        One inside another is a part of it.
        """
        with self._lock:
            self._depth += 1
            try:
                yield
                if self._depth == 1:
                    self._db.commit()
            except BaseException:
                if self._depth == 1:
                    self._undo()
                raise
            finally:
                self._depth -= 1
                if self._depth == 0:
                    self._before.clear()

    def _undo(self) -> None:
        self._db.rollback()
        for kind, key, document, revision in reversed(self._before):
            self._revisions[kind, key] = revision
            if document is None:
                self._documents[kind].pop(key, None)
            else:
                self._documents[kind][key] = document

    def close(self) -> None:
        """Close the database."""
        with self._lock:
            self._db.close()
