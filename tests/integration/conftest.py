"""One local workspace for all integration tests of a worker."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from workspace import process


@pytest.fixture(scope="session")
def local_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Running]:
    """A real workspace process on loopback, stopped when the worker's tests are done."""
    directory = tmp_path_factory.mktemp("workspace")
    yield process.start(directory)
    process.stop(directory)
