"""For all tests: one line says which were not run for want of the real engine."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from unittest import mock

import hypothesis
import pytest
import warm_programs

from databricks_alerts.engine import language_host

# How long an example takes is a matter of what else the machine does.
hypothesis.settings.register_profile("suite", deadline=None)
hypothesis.settings.load_profile("suite")


@pytest.fixture(scope="session", autouse=True)
def _programs_are_forked() -> Iterator[None]:
    """Start programs from a process that has imported what they import."""
    with mock.patch.object(language_host, "_spawn", warm_programs.start_warm):
        yield
    warm_programs.close()


@pytest.fixture
def cold_start() -> Iterator[None]:
    """Start programs as users do: a process of its own, from nothing."""
    with mock.patch.object(language_host, "_spawn", warm_programs.SPAWN):
        yield


def pytest_collection_finish() -> None:
    """Let the collector leave alone what is there: all modules and thousands of tests.

    To go through them takes half a second each time, and none of them is garbage.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(20_000, 20, 50)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """The last lines of a run."""
    skipped = [
        report
        for report in terminalreporter.getreports("skipped")
        if "real_engine" in report.keywords
    ]
    if skipped:
        terminalreporter.write_line(
            f"{len(skipped)} tests of the real engine were not run: it is not built; "
            "`make pulumi` builds it where Go is"
        )
