"""State in object stores, through fsspec, and in Databricks volumes, through the Files API."""

from __future__ import annotations

import importlib
import io
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import SplitResult, parse_qsl, urlsplit

from databricks_alerts.engine.errors import ProjectError, StateError, UnsupportedError

# URL scheme: what fsspec calls it, and the package that serves it.
_SCHEMES = {
    "s3": ("s3", "s3fs"),
    "gs": ("gs", "gcsfs"),
    "azblob": ("az", "adlfs"),
    "abfss": ("abfss", "adlfs"),
    "memory": ("memory", "fsspec"),
}
# Options of the CLI's own library.
_WITHOUT_MEANING = {"awssdk", "s3ForcePathStyle", "use_path_style", "disableSSL", "disable_https"}


class ObjectBucket:
    """Files in an object store, under a prefix `bucket/folder`."""

    appends = False

    def __init__(self, filesystem: Any, prefix: str, scheme: str) -> None:
        self._fs, self._prefix, self._scheme = filesystem, prefix.strip("/"), scheme

    def read(self, key: str) -> bytes | None:
        """The object, None when there is none."""
        with self._failing("read", key):
            try:
                found: bytes = self._fs.cat_file(self._path(key))
            except FileNotFoundError:
                return None
            return found

    def write(self, key: str, data: bytes) -> None:
        """Object stores replace an object at once."""
        with self._failing("write", key):
            self._fs.pipe_file(self._path(key), data)

    def append(self, key: str, data: bytes) -> None:
        """Objects cannot grow: the journal writes one a record instead."""
        raise StateError(f"{self.location(key)}: an object cannot be appended to")

    def delete(self, key: str) -> None:
        """Remove the object."""
        with self._failing("delete", key):
            try:
                self._fs.rm_file(self._path(key))
            except FileNotFoundError:
                return

    def files(self, folder: str) -> list[str]:
        """The objects right under a prefix."""
        names = (entry["name"] for entry in self._entries(folder) if entry["type"] == "file")
        return sorted(f"{folder}/{name.rsplit('/', 1)[-1]}" for name in names)

    def folders(self, folder: str) -> list[str]:
        """The prefixes right under a prefix."""
        return sorted(
            entry["name"].rstrip("/").rsplit("/", 1)[-1]
            for entry in self._entries(folder)
            if entry["type"] == "directory"
        )

    def modified(self, key: str) -> float:
        """When the object was written."""
        try:
            return float(self._fs.modified(self._path(key)).timestamp())
        except (FileNotFoundError, NotImplementedError, KeyError):
            return 0.0

    def location(self, key: str) -> str:
        """The object's URL."""
        return f"{self._scheme}://{self._path(key)}"

    def _path(self, key: str) -> str:
        return f"{self._prefix}/{key}"

    def _entries(self, folder: str) -> list[dict[str, Any]]:
        with self._failing("list", folder):
            try:
                # Never from fsspec's own cache: another process may have locked the stack.
                self._fs.invalidate_cache()
                return list(self._fs.ls(self._path(folder), detail=True))
            except FileNotFoundError:
                return []

    @contextmanager
    def _failing(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except StateError:
            raise
        except Exception as error:  # rim: every store's library raises errors of its own
            raise StateError(f"cannot {what} the state at {self.location(key)}: {error}") from error


class VolumeBucket:
    """Files in a Databricks volume, under `/Volumes/<catalog>/<schema>/<volume>/…`.

    `files` is the `files` service of a databricks-sdk WorkspaceClient.
    """

    appends = False

    def __init__(self, files: Any, root: str) -> None:
        self._files, self._root = files, root.rstrip("/")

    def read(self, key: str) -> bytes | None:
        """The file, None when there is none."""
        with self._failing("read", key):
            answer = self._unless_missing(lambda: self._files.download(self.location(key)))
            if answer is None:
                return None
            with answer.contents as contents:
                found: bytes = contents.read()
            return found

    def write(self, key: str, data: bytes) -> None:
        """An upload takes the file's place when it is complete."""
        with self._failing("write", key):
            self._files.create_directory(self.location(key).rsplit("/", 1)[0])
            self._files.upload(self.location(key), io.BytesIO(data), overwrite=True)

    def append(self, key: str, data: bytes) -> None:
        """Files in volumes cannot grow: the journal writes one a record instead."""
        raise StateError(f"{self.location(key)}: a file in a volume cannot be appended to")

    def delete(self, key: str) -> None:
        """Remove the file."""
        with self._failing("delete", key):
            self._unless_missing(lambda: self._files.delete(self.location(key)))

    def files(self, folder: str) -> list[str]:
        """The files right in a folder."""
        names = (entry.name for entry in self._entries(folder) if not entry.is_directory)
        return sorted(f"{folder}/{name}" for name in names)

    def folders(self, folder: str) -> list[str]:
        """The folders right in a folder."""
        return sorted(entry.name for entry in self._entries(folder) if entry.is_directory)

    def modified(self, key: str) -> float:
        """When the file was written."""
        folder, _, name = key.rpartition("/")
        found = [entry for entry in self._entries(folder) if entry.name == name]
        return (found[0].last_modified or 0) / 1000 if found else 0.0

    def location(self, key: str) -> str:
        """The file's path in the volume."""
        return f"{self._root}/{key}"

    def _entries(self, folder: str) -> list[Any]:
        with self._failing("list", folder):
            path = self.location(folder)
            found = self._unless_missing(lambda: list(self._files.list_directory_contents(path)))
            return found or []

    @staticmethod
    def _unless_missing(call: Any) -> Any:
        from databricks.sdk.errors import NotFound

        try:
            return call()
        except NotFound:
            return None

    @contextmanager
    def _failing(self, what: str, key: str) -> Iterator[None]:
        try:
            yield
        except Exception as error:  # rim: HTTP, DNS and API errors of the SDK alike
            raise StateError(f"cannot {what} the state at {self.location(key)}: {error}") from error


def open_objects(url: str, environment: Mapping[str, str]) -> ObjectBucket:
    """The bucket at `scheme://bucket/folder?options`, with the options that the CLI knows.

    Raises ProjectError for an option it does not know, UnsupportedError naming the package to
    install.
    """
    parts = urlsplit(url)
    name, package = _SCHEMES[parts.scheme]
    container, prefix = _options(parts, environment)
    try:
        fsspec = importlib.import_module("fsspec")
        filesystem = fsspec.filesystem(name, **container)
    except ImportError as error:
        raise UnsupportedError(
            f"state at {parts.scheme}:// needs the package {package}: pip install {package}"
        ) from error
    return ObjectBucket(filesystem, prefix, parts.scheme)


def _options(parts: SplitResult, environment: Mapping[str, str]) -> tuple[dict[str, Any], str]:
    """The library's options, and `bucket/folder`."""
    given = dict(parse_qsl(parts.query))
    netloc, options = parts.netloc, {}
    if parts.scheme == "s3":
        options = _s3_options(given)
    elif parts.scheme in ("azblob", "abfss"):
        account = given.pop("storage_account", environment.get("AZURE_STORAGE_ACCOUNT", ""))
        if "@" in netloc:
            netloc, _, host = netloc.partition("@")
            account = host.split(".", 1)[0]
        options = {"account_name": account} if account else {}
    unknown = sorted(set(given) - _WITHOUT_MEANING)
    if unknown:
        raise ProjectError(
            f"the backend URL has options that the embedded engine does not know: "
            f"{', '.join(unknown)}"
        )
    return options, netloc + parts.path


def _s3_options(given: dict[str, str]) -> dict[str, Any]:
    options: dict[str, Any] = {}
    if "profile" in given:
        options["profile"] = given.pop("profile")
    if "region" in given:
        options["client_kwargs"] = {"region_name": given.pop("region")}
    if "endpoint" in given:
        endpoint = given.pop("endpoint")
        plain = given.pop("disableSSL", given.pop("disable_https", "")).lower() == "true"
        scheme = "http" if plain else "https"
        options["endpoint_url"] = endpoint if "://" in endpoint else f"{scheme}://{endpoint}"
    return options


def open_volume(root: str) -> VolumeBucket:
    """A folder in a volume of the workspace that databricks-sdk finds by itself."""
    from databricks.sdk import WorkspaceClient

    return VolumeBucket(WorkspaceClient().files, root)


def schemes() -> list[str]:
    """The URL schemes of object stores."""
    return [name for name in _SCHEMES if name != "memory"]
