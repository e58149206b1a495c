"""What a shell asks when somebody presses tab: answered by typer, with the names that it lacks.

The shell runs `alerts` with `_ALERTS_COMPLETE` set (see `alerts completion`).
"""

from __future__ import annotations

from typer.completion import completion_init  # type: ignore[attr-defined]

from databricks_alerts.cli.project import find_project
from databricks_alerts.errors import AlertsError

VARIABLE = "_ALERTS_COMPLETE"


def prepare() -> None:
    """Teach typer the shells: it does so by itself only where its own options are on."""
    completion_init()


def stacks(incomplete: str) -> list[str]:
    """The project's stacks; none where there is no project."""
    return _names("stacks", "Pulumi.*.yaml", incomplete)


def packs(incomplete: str) -> list[str]:
    """The project's packs."""
    return _names("packs", "*/pack.yaml", incomplete)


def _names(folder: str, pattern: str, incomplete: str) -> list[str]:
    try:
        paths = (find_project() / folder).glob(pattern)
    except AlertsError:
        return []
    names = (
        path.parent.name
        if path.name == "pack.yaml"
        else path.name.removeprefix("Pulumi.").removesuffix(".yaml")
        for path in paths
    )
    return sorted(name for name in names if name.startswith(incomplete))
