"""A project of one's own: the program, its stacks, one pack, pipelines, requirements."""

from __future__ import annotations

import re
import shutil
from importlib.metadata import version
from pathlib import Path
from string import Template

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.loader import find_pack
from databricks_alerts.scaffold.origin import project_files, templates
from databricks_alerts.scaffold.pack import require_pack_name, write_pack

DISTRIBUTION = "databricks-alerts"
_COPIED = (
    *("__main__.py", "components", "stacks", "pipelines", "policy-pack", "bundle"),
    "pulumi-cli",
)
_FROM_CLONE = "python -m pip install --quiet --no-deps --editable ."
_LEFT_OUT = shutil.ignore_patterns("__pycache__", "venv", "*.pyc", "build")


def write_project(directory: Path, pack: str, *, copies: bool) -> None:
    """Write a project into `directory`, which must be missing or empty.

    `pack` is the name of its first pack: a new one, or with `copies` one that this package brings.
    Raises ConfigurationError before anything is written.
    """
    directory = directory.resolve()
    require_pack_name(pack)
    if directory.exists() and (not directory.is_dir() or any(directory.iterdir())):
        raise ConfigurationError(f"{directory} is not empty: name a folder that is not there yet")
    origin = project_files()
    brought = find_pack(pack, origin / "packs") if copies else None
    directory.mkdir(parents=True, exist_ok=True)
    for name in _COPIED:
        _copy(origin / name, directory / name)
    _write_settings(origin, directory, pack)
    if brought:
        _copy(brought, directory / "packs" / pack)
    else:
        write_pack(directory / "packs", pack)
    shutil.copyfile(origin / "packs" / "README.md", directory / "packs" / "README.md")


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, ignore=_LEFT_OUT)
    else:
        shutil.copyfile(source, target)


def _write_settings(origin: Path, directory: Path, pack: str) -> None:
    """What differs from the files of the clone: names, and where the package comes from."""
    project = re.sub(r"[^A-Za-z0-9_.-]+", "-", directory.name).strip("-.") or DISTRIBUTION
    for name in ("Pulumi.yaml", "databricks.yml"):
        text = (origin / name).read_text(encoding="utf-8")
        text = re.sub(rf"(?m)^(\s*name: ){DISTRIBUTION}$", rf"\g<1>{project}", text)
        (directory / name).write_text(text, encoding="utf-8")
    for path in (directory / "pipelines").rglob("*.yml"):
        text = path.read_text(encoding="utf-8")
        lines = [
            line.replace("alerts seed health_monitor", f"alerts seed {pack}")
            for line in text.splitlines(keepends=True)
            if _FROM_CLONE not in line
        ]
        path.write_text("".join(lines), encoding="utf-8")
    for source, target in (("README.md", "README.md"), ("gitignore", ".gitignore")):
        template = Template((templates() / source).read_text(encoding="utf-8"))
        text = template.substitute(project=project, pack=pack)
        (directory / target).write_text(text, encoding="utf-8")
    requirements = (
        f"{DISTRIBUTION}[local]=={version(DISTRIBUTION)}\n"
        f"pulumi=={version('pulumi')} # `alerts pulumi build` makes the CLI of this version\n"
    )
    (directory / "requirements.txt").write_text(requirements, encoding="utf-8")
