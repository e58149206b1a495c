"""SQLite files that a workspace starts from: one that is damaged is set aside, not fatal."""

from __future__ import annotations

import datetime as dt
import logging
import sqlite3
from pathlib import Path

_log = logging.getLogger("databricks_alerts.local_workspace")


def open_database(path: Path, synchronous: str) -> sqlite3.Connection:
    """Open, or make, a database for many threads, with a write-ahead log.

    A file that is no database any more is kept beside under another name, said so in the log, and
    begun anew. `synchronous` is SQLite's pragma: FULL or NORMAL.
    """
    try:
        return _opened(path, synchronous)
    except sqlite3.DatabaseError as error:
        if isinstance(error, sqlite3.OperationalError):
            raise  # the disk is full, the folder is not ours: nothing is wrong with the file
        aside = _set_aside(path)
        _log.error("%s is damaged (%s): it is set aside as %s, and begun anew", path, error, aside)
        return _opened(path, synchronous)


def _opened(path: Path, synchronous: str) -> sqlite3.Connection:
    database = sqlite3.connect(path, check_same_thread=False)
    try:
        database.execute("PRAGMA journal_mode=WAL")
        database.execute(f"PRAGMA synchronous={synchronous}")
        _require_sound(database)
    except sqlite3.DatabaseError:
        database.close()
        raise
    return database


def _require_sound(database: sqlite3.Connection) -> None:
    (verdict,) = database.execute("PRAGMA quick_check(1)").fetchone()
    if verdict != "ok":
        raise sqlite3.DatabaseError(str(verdict))


def _set_aside(path: Path) -> Path:
    """Rename the file and its log; answers the new name."""
    mark = dt.datetime.now(dt.UTC).strftime("%Y%m%dT%H%M%S%fZ")
    for ending in ("", "-wal", "-shm"):
        file = path.with_name(path.name + ending)
        if file.exists():
            file.rename(path.with_name(f"{path.name}.damaged-{mark}{ending}"))
    return path.with_name(f"{path.name}.damaged-{mark}")
