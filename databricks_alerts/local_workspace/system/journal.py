"""What happened in the workspace and no system table has yet: rows that wait, kept in SQLite.

Adding costs a few microseconds: rows go to disk by the hundred, when somebody reads, and at the
end; a process that dies loses the last ones. Nobody may ever ask for them, so the oldest go.
"""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

from databricks_alerts.local_workspace.database import open_database

_AT_ONCE = 200
_MOST = 20_000  # rows that wait, of all tables

Row = dict[str, Any]


class Journal:
    """Rows by table, in the order in which they were added; safe for many threads."""

    def __init__(self, path: Path) -> None:
        self._lock = threading.Lock()
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        self._db = open_database(path, "NORMAL")
        # AUTOINCREMENT: a number is never given again, also after its row was dropped.
        self._db.execute(
            "CREATE TABLE IF NOT EXISTS rows "
            "(number INTEGER PRIMARY KEY AUTOINCREMENT, name TEXT, body TEXT)"
        )
        self._new: list[tuple[str, Row]] = []

    def add(self, name: str, row: Row) -> None:
        """Keep one row for the table `schema.table`; its values are what JSON has."""
        with self._lock:
            self._new.append((name, row))
            if len(self._new) >= _AT_ONCE:
                self._flush()

    def after(self, name: str, number: int) -> tuple[list[Row], int]:
        """The table's rows behind `number`, and the last one's number; earlier ones are dropped."""
        with self._lock:
            self._flush()
            with self._db:
                self._db.execute("DELETE FROM rows WHERE name = ? AND number <= ?", (name, number))
            query = "SELECT number, body FROM rows WHERE name = ? ORDER BY number"
            found = self._db.execute(query, (name,)).fetchall()
        return [json.loads(body) for _, body in found], found[-1][0] if found else number

    def close(self) -> None:
        """Write what waits, and end."""
        with self._lock:
            self._flush()
            self._db.close()

    def _flush(self) -> None:
        if not self._new:
            return
        rows = [(name, json.dumps(row)) for name, row in self._new]
        with self._db:
            self._db.executemany("INSERT INTO rows (name, body) VALUES (?, ?)", rows)
            self._db.execute(
                "DELETE FROM rows WHERE number <= (SELECT max(number) FROM rows) - ?", (_MOST,)
            )
        self._new = []
