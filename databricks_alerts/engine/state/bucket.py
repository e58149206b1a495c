"""Where state files are kept: a folder, or an object store. Keys are paths with slashes."""

from __future__ import annotations

import contextlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Protocol

from databricks_alerts.engine.errors import StateError

# Pulumi's file backend keeps checksums beside its files; a stale one must not outlive a write.
_SIDECAR = ".attrs"


class Bucket(Protocol):
    """Files by key. All methods raise StateError when the store does not answer."""

    @property
    def appends(self) -> bool:
        """Whether `append` costs what it adds, not what is there."""

    def read(self, key: str) -> bytes | None:
        """The file, None when there is none."""

    def write(self, key: str, data: bytes) -> None:
        """Put the file there at once and durably: a reader sees the old one or the new one."""

    def append(self, key: str, data: bytes) -> None:
        """Add to the file durably; only where `appends`."""

    def delete(self, key: str) -> None:
        """Remove the file; no error when there is none."""

    def files(self, folder: str) -> list[str]:
        """The keys of the files right in a folder, sorted."""

    def folders(self, folder: str) -> list[str]:
        """The names of the folders right in a folder, sorted."""

    def modified(self, key: str) -> float:
        """When the file was written, Unix seconds; 0 when unknown or missing."""

    def location(self, key: str) -> str:
        """How a person finds the file."""


class FolderBucket:
    """Files under a local folder. Writes go to a temporary file that is renamed."""

    appends = True

    def __init__(self, root: Path) -> None:
        self.root = root

    def read(self, key: str) -> bytes | None:
        """The file, None when there is none."""
        with self._failing("read", key):
            try:
                return self._path(key).read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                return None

    def write(self, key: str, data: bytes) -> None:
        """Temporary file, fsync, rename, fsync of the folder."""
        path = self._path(key)
        with self._failing("write", key):
            path.parent.mkdir(parents=True, exist_ok=True)
            handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
            try:
                with os.fdopen(handle, "wb") as file:
                    file.write(data)
                    file.flush()
                    os.fsync(file.fileno())
                Path(temporary).replace(path)
            except BaseException:
                Path(temporary).unlink(missing_ok=True)
                raise
            path.with_name(path.name + _SIDECAR).unlink(missing_ok=True)
            _sync_folder(path.parent)

    def append(self, key: str, data: bytes) -> None:
        """Write at the end and fsync."""
        path = self._path(key)
        with self._failing("write", key):
            is_new = not path.exists()
            if is_new:
                path.parent.mkdir(parents=True, exist_ok=True)
            handle = os.open(path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            try:
                with os.fdopen(handle, "ab", closefd=False) as file:
                    file.write(data)
                os.fsync(handle)
            finally:
                os.close(handle)
            if is_new:
                _sync_folder(path.parent)

    def delete(self, key: str) -> None:
        """Remove the file and its checksum."""
        path = self._path(key)
        with self._failing("delete", key):
            path.unlink(missing_ok=True)
            path.with_name(path.name + _SIDECAR).unlink(missing_ok=True)
            if path.parent.is_dir():
                _sync_folder(path.parent)

    def files(self, folder: str) -> list[str]:
        """The files' keys; temporary files and checksums are none."""
        return sorted(
            f"{folder}/{entry.name}"
            for entry in self._entries(folder)
            if entry.is_file() and not entry.name.startswith(".") and entry.suffix != _SIDECAR
        )

    def folders(self, folder: str) -> list[str]:
        """The folders' names."""
        return sorted(entry.name for entry in self._entries(folder) if entry.is_dir())

    def modified(self, key: str) -> float:
        """The file's time."""
        try:
            return self._path(key).stat().st_mtime
        except OSError:
            return 0.0

    def location(self, key: str) -> str:
        """The path."""
        return str(self._path(key))

    def _path(self, key: str) -> Path:
        return self.root / PurePosixPath(key)

    def _entries(self, folder: str) -> list[Path]:
        with self._failing("list", folder):
            try:
                return list(self._path(folder).iterdir())
            except (FileNotFoundError, NotADirectoryError):
                return []

    @contextmanager
    def _failing(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise StateError(
                f"cannot {what} the state at {self._path(key)}: {error.strerror or error}"
            ) from error


def _sync_folder(folder: Path) -> None:
    # Not every system lets a folder be opened (Windows) or synced (some network drives).
    with contextlib.suppress(OSError):
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
