"""For all tests: one line says which were not run for want of the real engine."""

from __future__ import annotations

import pytest


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
