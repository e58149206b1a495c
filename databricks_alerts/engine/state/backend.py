"""Where stacks are: a backend URL made a bucket, and the stacks in it.

file:// (relative, `~` too), s3://, gs://, azblob://, abfss:// through fsspec, and Databricks
volumes as /Volumes/<catalog>/<schema>/<volume>[/folder].
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from databricks_alerts.engine.errors import ProjectError, StateError, UnsupportedError
from databricks_alerts.engine.state import compression
from databricks_alerts.engine.state.bucket import Bucket, FolderBucket
from databricks_alerts.engine.state.objects import open_objects, open_volume, schemes
from databricks_alerts.engine.state.stack import StackStore

_META = ".pulumi/meta.yaml"
_STACKS = ".pulumi/stacks"
_VERSION = 1
# tokens.ParseStackName and ValidateProjectName: both become parts of paths.
_NAME = re.compile(r"[A-Za-z0-9_.-]{1,100}")


class Backend:
    """All stacks at one URL."""

    def __init__(self, bucket: Bucket, url: str, environment: Mapping[str, str]) -> None:
        self.url = url
        self._bucket, self._environment = bucket, environment

    def stack(
        self, project: str, stack: str, *, passphrase: str | None, salt: str = ""
    ) -> StackStore:
        """A stack's state; it need not exist. Raises ProjectError for an impossible name."""
        for what, name in (("project", project), ("stack", stack)):
            if not _NAME.fullmatch(name) or name.strip(".") == "":
                raise ProjectError(
                    f"{name!r} cannot be the name of a {what}: letters, digits, `_`, `.` and `-`, "
                    "at most 100"
                )
        return StackStore(
            self._bucket,
            project,
            stack,
            passphrase=passphrase,
            salt=salt,
            environment=self._environment,
            prepare=self.prepare,
        )

    def stacks(self, project: str | None = None) -> list[tuple[str, str]]:
        """(project, stack) of every stack there is, sorted."""
        projects = self._bucket.folders(_STACKS) if project is None else [project]
        found = {
            (name, stack)
            for name in projects
            for key in self._bucket.files(f"{_STACKS}/{name}")
            if (stack := _stack_of(key)) is not None
        }
        return sorted(found)

    def prepare(self) -> None:
        """Make it a backend, if it is none yet: writes `meta.yaml`. Before the first write."""
        if self._bucket.read(_META) is None:
            self._bucket.write(_META, f"version: {_VERSION}\n".encode())

    def check(self) -> None:
        """Raises UnsupportedError for a layout without projects or of a newer CLI."""
        data = self._bucket.read(_META)
        if data is None:
            if any(_stack_of(key) is not None for key in self._bucket.files(_STACKS)):
                self._refuse("has the old layout without projects")
            return
        source = self._bucket.location(_META)
        try:
            document = YAML(typ="safe", pure=True).load(data.decode())
        except (YAMLError, UnicodeDecodeError) as error:
            raise StateError(f"{source} is damaged: {error}") from error
        version = document.get("version") if isinstance(document, dict) else None
        if not isinstance(version, int):
            raise StateError(f"{source} is damaged: it has no version")
        if version == 0:
            self._refuse("has the old layout without projects")
        if version > _VERSION:
            raise UnsupportedError(
                f"{source} says version {version}; this engine knows {_VERSION}: update this tool"
            )

    def _refuse(self, why: str) -> None:
        raise UnsupportedError(
            f"the state store {self.url} {why}: run `pulumi state upgrade` once, then try again"
        )


def open_backend(
    url: str, project_dir: Path, environment: Mapping[str, str] | None = None
) -> Backend:
    """The backend at a URL; relative ones are relative to the project, as the CLI runs there.

    Raises ProjectError for a URL that cannot be, UnsupportedError for a library that is not
    installed or a store this engine does not serve, StateError when the store does not answer.
    """
    environment = os.environ if environment is None else environment
    backend = Backend(_bucket(url, project_dir, environment), url, environment)
    backend.check()
    return backend


def _bucket(url: str, project_dir: Path, environment: Mapping[str, str]) -> Bucket:
    if not url:
        raise ProjectError(
            "no place for the state is given: set PULUMI_BACKEND_URL, or backend.url in "
            "Pulumi.yaml, for example to file://~"
        )
    volume = url.removeprefix("dbfs:")
    if volume.startswith("/Volumes/"):
        return open_volume(volume)
    parts = urlsplit(url)
    if parts.scheme == "file":
        return FolderBucket(_folder(url, project_dir))
    if parts.scheme == "memory" or parts.scheme in schemes():
        return open_objects(url, environment)
    if parts.scheme in ("http", "https") or url == "pulumi":
        raise UnsupportedError(
            f"{url} is a Pulumi Cloud backend, which only the pulumi CLI can use; the embedded "
            f"engine keeps state at file://, {', '.join(f'{name}://' for name in schemes())} and "
            "/Volumes/…"
        )
    raise ProjectError(
        f"{url!r} is not a backend URL: it must begin with file://, "
        f"{', '.join(f'{name}://' for name in schemes())} or /Volumes/"
    )


def _folder(url: str, project_dir: Path) -> Path:
    """As massageBlobPath in pkg/backend/diy/backend.go."""
    path = url.removeprefix("file://").split("?", 1)[0]
    if path.startswith("~"):
        return Path.home() / path[2:]
    return (project_dir / path).resolve()


def _stack_of(key: str) -> str | None:
    name = key.rsplit("/", 1)[-1]
    for suffix in reversed(compression.SUFFIXES):
        ending = f".json{suffix}"
        if name.endswith(ending):
            stack = name.removesuffix(ending)
            return stack if _NAME.fullmatch(stack) else None
    return None
