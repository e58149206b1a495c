"""Where the project is: the nearest folder upwards that holds Pulumi.yaml."""

from __future__ import annotations

from pathlib import Path

from databricks_alerts.errors import ConfigurationError


def find_project(start: Path | None = None) -> Path:
    """The project's folder, looked for from `start` (default: here) upwards, as pulumi does.

    Raises ConfigurationError when there is none.
    """
    here = (start or Path.cwd()).resolve()
    for folder in (here, *here.parents):
        if (folder / "Pulumi.yaml").is_file():
            return folder
    raise ConfigurationError(
        f"no Pulumi.yaml in {here} or above it: run alerts inside a project, or make one with "
        "`alerts new DIR`"
    )
