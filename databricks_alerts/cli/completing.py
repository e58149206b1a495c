"""What a shell asks when somebody presses tab: answered by typer, with the names that it lacks.

The shell runs `alerts` with `_ALERTS_COMPLETE` set (see `alerts completion`).
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from typer.completion import completion_init  # type: ignore[attr-defined]

from databricks_alerts.cli.project import find_project
from databricks_alerts.engine.project import stacks_in
from databricks_alerts.errors import AlertsError
from databricks_alerts.packs.loader import packs_in

VARIABLE = "_ALERTS_COMPLETE"


def prepare() -> None:
    """Teach typer the shells: it does so by itself only where its own options are on."""
    completion_init()


def stacks(incomplete: str) -> list[str]:
    """The project's stacks; none where there is no project."""
    return _named(stacks_in, "stacks", incomplete)


def packs(incomplete: str) -> list[str]:
    """The project's packs."""
    return _named(packs_in, "packs", incomplete)


def _named(names_in: Callable[[Path], list[str]], folder: str, incomplete: str) -> list[str]:
    try:
        found = names_in(find_project() / folder)
    except AlertsError:
        return []
    return [name for name in found if name.startswith(incomplete)]
