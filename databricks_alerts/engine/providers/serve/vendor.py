"""Where Pulumi's own databricks plugin is installed, which always goes before ours.

The CLI takes `pulumi-resource-databricks` from PATH before it looks into its plugin cache
(getPluginInfoAndPath in sdk/go/common/workspace/plugins.go), so that an executable of ours on PATH
would hide an installed one. Ours therefore looks where the CLI would have looked, and gives way.

Standard library only: it runs before anything else is imported.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

EXECUTABLE = "pulumi-resource-databricks"
# What an executable of ours contains, a script of a few lines; the vendor's is a binary.
_OURS = b"databricks_alerts.engine.providers.serve"
_LARGEST_SCRIPT = 16 * 1024
_CACHED = re.compile(r"resource-databricks-v(\d+(?:\.\d+)*)")
_Version = tuple[int, ...]


def installed(version: str, environment: Mapping[str, str]) -> Path | None:
    """The vendor's plugin that a run with this environment should use; None without any.

    First one on PATH that is not ours, as the CLI prefers; then from the CLI's plugin cache that
    of `version`, else the oldest newer one, else the newest. With PULUMI_IGNORE_AMBIENT_PLUGINS
    the CLI does not look at PATH, and neither does this.
    """
    if not environment.get("PULUMI_IGNORE_AMBIENT_PLUGINS"):
        for path in _on_path(environment):
            return path
    cached = dict(_in_cache(environment))
    wanted = _parsed(version)
    newer = [found for found in cached if found >= wanted]
    if newer:
        return cached[min(newer)]
    return cached[max(cached)] if cached else None


def _on_path(environment: Mapping[str, str]) -> Iterator[Path]:
    for folder in environment.get("PATH", "").split(os.pathsep):
        path = Path(folder) / EXECUTABLE
        if folder and _is_executable(path) and not _is_ours(path):
            yield path


def _in_cache(environment: Mapping[str, str]) -> Iterator[tuple[_Version, Path]]:
    home = environment.get("PULUMI_HOME") or Path(environment.get("HOME", "")) / ".pulumi"
    folder = Path(home) / "plugins"
    for entry in folder.glob("resource-databricks-v*") if folder.is_dir() else ():
        # A download that was cut off leaves its marker behind, and the CLI passes over it.
        partial = entry.with_name(f"{entry.name}.partial").exists()
        match = _CACHED.fullmatch(entry.name)
        if match and not partial and _is_executable(entry / EXECUTABLE):
            yield _parsed(match[1]), entry / EXECUTABLE


def _is_executable(path: Path) -> bool:
    return path.is_file() and os.access(path, os.X_OK)


def _is_ours(path: Path) -> bool:
    try:
        if path.stat().st_size > _LARGEST_SCRIPT:
            return False
        return _OURS in path.read_bytes()
    except OSError:
        return False


def _parsed(version: str) -> _Version:
    return tuple(int(part) for part in re.findall(r"\d+", version)[:3])
