"""Where a rule was written, if it came from a pack of the checkout."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from databricks_alerts.errors import AlertsError
from databricks_alerts.gate.model import Place
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.rules.rows import Rule


def places_of(rules: Iterable[Rule], packs: Path, root: Path) -> dict[str, Place]:
    """alert_id → file below `root` and line, for rules whose row names a pack that is here."""
    wanted = {rule.alert_id: (rule.source_artifact_name or "").partition("/")[0] for rule in rules}
    found: dict[str, Place] = {}
    for name in sorted({name for name in wanted.values() if name}):
        folder = packs / name
        if not (folder / "pack.yaml").is_file():
            continue
        try:
            pack = load_pack(folder)
        except AlertsError:
            continue  # `alerts test` and `alerts seed` say what is wrong with it
        for key in (key for key, named in wanted.items() if named == name):
            written = pack.written(key)
            if written is not None:
                # A folder may be a link: the place is told as the checkout has it.
                inside = written.source.path.resolve().relative_to(folder.resolve())
                file = folder.relative_to(root) / inside
                found[key] = Place(file=file.as_posix(), line=written.source.line)
    return found
