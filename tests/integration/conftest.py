"""One local workspace for all integration tests of a worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pyspark
import pytest
from project import Project, make_project, seeded_project

from databricks_alerts.local_workspace import process

# pyspark looks for its home beside the main script, and xdist's workers have none.
os.environ.setdefault("SPARK_HOME", str(Path(pyspark.__file__).parent))


@pytest.fixture(scope="session")
def local_workspace(tmp_path_factory: pytest.TempPathFactory) -> Iterator[process.Running]:
    """A real workspace process on loopback, stopped when the worker's tests are done."""
    directory = tmp_path_factory.mktemp("workspace")
    yield process.start(directory, spark=os.environ.get("ALERTS_TEST_SPARK"))
    process.stop(directory)


@pytest.fixture
def project(tmp_path: Path, local_workspace: process.Running) -> Iterator[Project]:
    """A project with 29 seeded rules on a schema of its own."""
    with seeded_project(tmp_path / "project", local_workspace) as made:
        yield made


@pytest.fixture
def bare_project(tmp_path: Path, local_workspace: process.Running) -> Project:
    """A project whose tables do not exist yet."""
    return make_project(tmp_path / "project", local_workspace)
