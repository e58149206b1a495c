"""The real engine beside the embedded one, where it is built."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from parity_engines import Embedded, Real, built, plugins_running, program_environment

from databricks_alerts.local_workspace.process import Running


@pytest.fixture(scope="session")
def real(local_workspace: Running, tmp_path_factory: pytest.TempPathFactory) -> Real:
    """The real engine as people run it; tests that want it are skipped where it is not built."""
    _require()
    environment = program_environment(local_workspace.config_file)
    return Real(environment, tmp_path_factory.mktemp("pulumi-home"))


@pytest.fixture(scope="session")
def attached(local_workspace: Running, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Real]:
    """The real engine with plugins that run already, for all runs of a worker."""
    _require()
    environment = program_environment(local_workspace.config_file)
    with plugins_running(environment) as variables:
        yield Real(environment, tmp_path_factory.mktemp("pulumi-home"), variables)


@pytest.fixture(scope="session")
def embedded(local_workspace: Running) -> Embedded:
    """The embedded engine."""
    return Embedded(program_environment(local_workspace.config_file))


def _require() -> None:
    if not built():
        pytest.skip("the real engine is not built: `make pulumi` builds it where Go is")
