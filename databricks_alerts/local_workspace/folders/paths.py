"""Paths of the workspace's tree: one normal form, whatever a client writes."""

from __future__ import annotations

from typing import Any

from databricks_alerts.local_workspace.errors import invalid

ROOT = "/Workspace"
_MOST = 1024


def asked(value: Any) -> str:
    """A path as a client must give it. Raises ApiError for none."""
    if not isinstance(value, str) or not value.startswith("/"):
        raise invalid("path is required, and begins with a slash.")
    return value


def normal(path: str) -> str:
    """`/Workspace/…` without a slash at its end. Raises ApiError for what leads nowhere."""
    segments = [part for part in path.split("/") if part]
    if len(path) > _MOST or not _legible(path) or {".", ".."} & set(segments):
        raise invalid(f"{path[:100]!r} is not a path of the workspace.")
    if segments[:1] != ["Workspace"]:
        segments = ["Workspace", *segments]
    return "/" + "/".join(segments)


def _legible(path: str) -> bool:
    """Whether every character is one; escapes that are no UTF-8 all come as the same U+FFFD."""
    return path.isprintable() and "\ufffd" not in path


def parents(path: str) -> list[str]:
    """A normal path and all folders above it, without the root."""
    segments = path.split("/")[2:]
    return [f"{ROOT}/" + "/".join(segments[: depth + 1]) for depth in range(len(segments))]


def is_below(path: str, folder: str) -> bool:
    """Whether a normal path is in a folder or in one below it."""
    return path.startswith(f"{folder}/")
