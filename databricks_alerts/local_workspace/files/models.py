"""Files: their facts are documents, what is in them is kept beside; no HTTP in here."""

from __future__ import annotations

from dataclasses import dataclass

from databricks_alerts.local_workspace.errors import ApiError, taken
from databricks_alerts.local_workspace.folders.paths import is_below
from databricks_alerts.local_workspace.store import Document, Store

KIND = "file"
MAX_SIZE = 10 * 1024 * 1024  # bytes, as Databricks takes and exports


@dataclass(frozen=True)
class Upload:
    """What a client wants kept at a normal path; a `language` makes it a notebook."""

    path: str
    content: bytes
    language: str = ""

    @property
    def object_type(self) -> str:
        """FILE or NOTEBOOK."""
        return "NOTEBOOK" if self.language else "FILE"


class Files:
    """The files of a workspace by normal path; what else has that path, the tree knows."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def find(self, path: str) -> Document | None:
        """The facts of a file, or None."""
        return self._store.get(KIND, path)

    def inside(self, folder: str) -> list[Document]:
        """The facts of the files in a folder, by name."""
        found = [item for item in self._store.all(KIND) if _folder(item) == folder]
        return sorted(found, key=lambda item: str(item["path"]))

    def content(self, path: str) -> bytes | None:
        """What is in a file; None if there is none."""
        return self._store.content(path)

    def write(self, upload: Upload, *, overwrite: bool, moment: int) -> None:
        """Keep a file; `moment` is the time in milliseconds.

        Raises ApiError for more than MAX_SIZE, and for what is there already.
        """
        if len(upload.content) > MAX_SIZE:
            raise ApiError(
                400, "MAX_NOTEBOOK_SIZE_EXCEEDED", f"A file holds at most {MAX_SIZE} bytes."
            )
        with self._store.transaction():
            old = self.find(upload.path)
            if old is not None:
                _require_same(old, upload, overwrite=overwrite)
            document = {
                "path": upload.path,
                "object_type": upload.object_type,
                "language": upload.language,
                "size": len(upload.content),
                "created_at": old["created_at"] if old else moment,
                "modified_at": moment,
            }
            self._store.put(KIND, upload.path, document)
            self._store.put_content(upload.path, upload.content)

    def delete(self, path: str) -> None:
        """Forget a file; one that is gone stays gone."""
        with self._store.transaction():
            self._store.delete(KIND, path)
            self._store.delete_content(path)

    def delete_below(self, folder: str) -> None:
        """Forget all files in a folder and in those below it."""
        with self._store.transaction():
            for item in self._store.all(KIND):
                if is_below(item["path"], folder):
                    self.delete(item["path"])


def _folder(item: Document) -> str:
    return str(item["path"]).rpartition("/")[0]


def _require_same(old: Document, upload: Upload, *, overwrite: bool) -> None:
    """Raises ApiError unless what is there may be written over."""
    if overwrite and old["object_type"] == upload.object_type:
        return
    if overwrite:
        asked, there = upload.object_type, old["object_type"]
        raise taken(f"{upload.path} cannot be overwritten by a {asked}: it is a {there}.")
    message = f"{upload.path} already exists."
    if old["object_type"] == "NOTEBOOK":
        raise taken(message)
    # Databricks' conflict of files, unlike that of notebooks, is a 409.
    raise ApiError(409, "RESOURCE_ALREADY_EXISTS", message)
