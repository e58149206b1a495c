"""A first pack: one rule with its tests, over a view of a system table."""

from __future__ import annotations

import re
from pathlib import Path
from string import Template

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.scaffold.origin import templates
from databricks_alerts.scaffold.schemas import schema_text, schemas

_NAME = re.compile(r"[a-z][a-z0-9_]{0,40}")


def require_pack_name(name: str) -> None:
    """Raise ConfigurationError for a name that no pack can have."""
    if not _NAME.fullmatch(name):
        raise ConfigurationError(
            f"{name!r} cannot be a pack's name: lower-case letters, digits and _, a letter first"
        )


def write_pack(packs: Path, name: str) -> list[Path]:
    """Write the pack `name` under `packs`, and the schemas that editors check it by.

    Raises ConfigurationError if it is there already, before anything is written.
    """
    require_pack_name(name)
    folder = packs / name
    if folder.exists():
        raise ConfigurationError(f"{folder} is there already: choose another name")
    folder.mkdir(parents=True)
    values = {"name": name, "id": name.upper().replace("_", "-")}
    written = [
        _write(folder / target, _filled(source, values))
        for source, target in (
            ("pack.yaml", "pack.yaml"),
            ("rules.yaml", "cost.yaml"),
            ("views.sql", "views.sql"),
        )
    ]
    known = schemas()
    return written + [
        _write(packs / file, schema_text(known[file]))
        for file in ("pack.schema.json", "rules.schema.json")
    ]


def _filled(source: str, values: dict[str, str]) -> str:
    return Template((templates() / source).read_text(encoding="utf-8")).substitute(values)


def _write(path: Path, text: str) -> Path:
    path.write_text(text, encoding="utf-8")
    return path
