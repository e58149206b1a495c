"""Buckets in object stores and volumes."""

from __future__ import annotations

import io
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import fsspec
import pytest
from databricks.sdk.errors import NotFound, PermissionDenied

from databricks_alerts.engine.errors import ProjectError, StateError
from databricks_alerts.engine.state.backend import open_backend
from databricks_alerts.engine.state.checkpoint import Checkpoint
from databricks_alerts.engine.state.objects import ObjectBucket, VolumeBucket


class Files:
    """The Files API over a folder: what a volume answers."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def _path(self, path: str) -> Path:
        return self.root / path.strip("/")

    def create_directory(self, path: str) -> None:
        self._path(path).mkdir(parents=True, exist_ok=True)

    def upload(self, path: str, contents: io.BytesIO, overwrite: bool) -> None:
        assert overwrite
        self._path(path).write_bytes(contents.read())

    def download(self, path: str) -> Any:
        if not self._path(path).is_file():
            raise NotFound(path)
        return SimpleNamespace(contents=io.BytesIO(self._path(path).read_bytes()))

    def delete(self, path: str) -> None:
        if not self._path(path).is_file():
            raise NotFound(path)
        self._path(path).unlink()

    def list_directory_contents(self, path: str) -> Any:
        if not self._path(path).is_dir():
            raise NotFound(path)
        for entry in self._path(path).iterdir():
            modified = int(entry.stat().st_mtime * 1000)
            yield SimpleNamespace(
                name=entry.name, is_directory=entry.is_dir(), last_modified=modified
            )


@pytest.fixture
def volume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Files:
    files = Files(tmp_path)
    monkeypatch.setattr(
        "databricks_alerts.engine.state.backend.open_volume", lambda root: VolumeBucket(files, root)
    )
    return files


@pytest.mark.parametrize("prefix", ["", "dbfs:"])
def test_a_volume_holds_a_stack_through_the_files_api(
    volume: Files, tmp_path: Path, prefix: str
) -> None:
    backend = open_backend(f"{prefix}/Volumes/main/ops/state", tmp_path, {})
    store = backend.stack("proj", "dev", passphrase=None)
    assert store.load() is None
    with store.lock():
        store.save(Checkpoint("proj", "dev"))
    assert store.locks() == []
    assert store.location == "/Volumes/main/ops/state/.pulumi/stacks/proj/dev.json"
    assert (tmp_path / "Volumes/main/ops/state/.pulumi/stacks/proj/dev.json").is_file()
    assert backend.stacks() == [("proj", "dev")]
    store.remove()
    assert store.load() is None


def test_what_the_files_api_refuses_is_a_state_error_with_the_path(
    volume: Files, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(_path: str) -> None:
        raise PermissionDenied("no WRITE VOLUME")

    monkeypatch.setattr(volume, "create_directory", refuse)
    store = open_backend("/Volumes/main/ops/state", tmp_path, {}).stack(
        "proj", "dev", passphrase=None
    )
    with pytest.raises(StateError, match=r"cannot write the state at /Volumes/main.*WRITE VOLUME"):
        store.save(Checkpoint("proj", "dev"))


@pytest.mark.parametrize(
    ("url", "options", "location"),
    [
        ("s3://b/p", {}, "s3://b/p/k"),
        (
            "s3://b?region=eu-1&profile=ops&awssdk=v2",
            {"client_kwargs": {"region_name": "eu-1"}, "profile": "ops"},
            "s3://b/k",
        ),
        ("s3://b?endpoint=minio:9000&disableSSL=true", {"endpoint_url": "http://minio:9000"}, ""),
        ("azblob://c?storage_account=acc", {"account_name": "acc"}, "azblob://c/k"),
        ("azblob://c/p", {"account_name": "from-env"}, "azblob://c/p/k"),
        ("abfss://c@acc.dfs.core.windows.net/p", {"account_name": "acc"}, "abfss://c/p/k"),
        ("gs://b/p", {}, "gs://b/p/k"),
    ],
)
def test_urls_of_the_cli_become_options_of_the_library(
    monkeypatch: pytest.MonkeyPatch, url: str, options: dict[str, Any], location: str
) -> None:
    from databricks_alerts.engine.state.objects import open_objects

    seen: list[dict[str, Any]] = []
    monkeypatch.setattr(fsspec, "filesystem", lambda _name, **given: seen.append(given))
    bucket = open_objects(url, {"AZURE_STORAGE_ACCOUNT": "from-env"})
    assert seen == [options]
    assert bucket.location("k").endswith(location)


def test_unknown_options_of_a_url_are_refused(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="does not know: colour"):
        open_backend("s3://b?colour=red", tmp_path, {})


def test_a_store_that_does_not_answer_is_a_state_error() -> None:
    class Broken:
        def cat_file(self, _path: str) -> bytes:
            raise ConnectionError("connection refused")

    bucket = ObjectBucket(Broken(), "b", "s3")
    with pytest.raises(StateError, match="cannot read the state at s3://b/k: connection refused"):
        bucket.read("k")


def test_objects_and_files_in_volumes_do_not_grow(tmp_path: Path) -> None:
    for bucket in (ObjectBucket(None, "b", "s3"), VolumeBucket(Files(tmp_path), "/Volumes/x")):
        assert not bucket.appends
        with pytest.raises(StateError, match="append"):
            bucket.append("k", b"x")
