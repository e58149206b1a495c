"""Where the files of a project come from: the installed package, or a clone of this repository."""

from __future__ import annotations

from pathlib import Path

import databricks_alerts


def project_files() -> Path:
    """The folder with Pulumi.yaml, the program and its components."""
    package = Path(databricks_alerts.__file__).parent
    packaged = package / "project"  # put into the wheel by hatch_build.py
    return packaged if packaged.is_dir() else package.parent


def templates() -> Path:
    """The folder with what is written with a name put in."""
    return Path(__file__).parent / "templates"
