"""Fetching evaluations beside a deployment never fails it, and never holds it up for long."""

from __future__ import annotations

import threading
from contextlib import nullcontext
from pathlib import Path
from typing import Any, cast

import pytest

from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.history import HistoryBeside
from databricks_alerts.errors import WarehouseError
from databricks_alerts.rules.settings import Settings


class _Stack:
    """A stack whose warehouse does what a test wants of it."""

    stack = "prod"
    project_dir = Path()

    def __init__(self, warehouse: Any, every: str = "1h") -> None:
        self._warehouse = warehouse
        self.settings = Settings.model_validate(
            {
                **{"catalog": "c", "goldSchema": "g", "warehouseId": "w", "parentPath": "/a"},
                "history": {"every": every},
            }
        )

    def warehouse(self, connections: int) -> Any:
        return nullcontext(self._warehouse)


class _Asked:
    def __init__(self, answer: Any) -> None:
        self.answer, self.count = answer, 0

    def query(self, sql: str, parameters: Any = None) -> Any:
        self.count += 1
        return self.answer()


def beside(warehouse: Any, every: str = "1h") -> HistoryBeside:
    return HistoryBeside(cast(StackContext, _Stack(warehouse, every))).start()


@pytest.mark.parametrize("error", [WarehouseError("no SELECT on it"), RuntimeError("broken")])
def test_whatever_goes_wrong_is_a_warning(error: Exception) -> None:
    def refuse() -> None:
        raise error

    [line] = beside(_Asked(refuse)).finish(60).lines()
    assert line.startswith("warning: alert_history was not brought up to date: ")
    assert str(error) in line
    assert "alerts doctor" in line
    assert "every: never" in line


def test_a_warehouse_that_does_not_answer_is_not_waited_for() -> None:
    release = threading.Event()
    work = beside(_Asked(release.wait))
    try:
        [line] = work.finish(0.01).lines()
    finally:
        release.set()
    assert line.startswith("warning: alert_history was not brought up to date in time")
    assert "alerts history sync -s prod" in line


def test_never_asks_nothing() -> None:
    asked = _Asked(dict)
    assert beside(asked, "never").finish(60).lines() == []
    assert asked.count == 0
