"""`alerts version`: which versions are at work."""

from __future__ import annotations

import platform
from importlib import metadata

from databricks_alerts.cli import console
from databricks_alerts.cli.options import Json
from databricks_alerts.scaffold.project import DISTRIBUTION

_SHOWN = (DISTRIBUTION, "pulumi", "pulumi-databricks", "databricks-sdk", "databricks-sql-connector")


def version(json: Json = False) -> None:
    """Print the versions of this package, of Python and of what a deployment is made with.

    Example: alerts version
    """
    found = {name: metadata.version(name) for name in _SHOWN}
    found["python"] = platform.python_version()
    if json:
        console.print_json(found)
        return
    for name, number in found.items():
        console.out.print(f"{name} {number}", highlight=False)
