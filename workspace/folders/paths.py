"""Paths of the workspace's tree: one normal form, whatever a client writes."""

from __future__ import annotations

from workspace.errors import invalid

ROOT = "/Workspace"
_MOST = 1024


def normal(path: str) -> str:
    """`/Workspace/…` without a slash at its end. Raises ApiError for what leads nowhere."""
    segments = [part for part in path.split("/") if part]
    if len(path) > _MOST or not path.isprintable() or {".", ".."} & set(segments):
        raise invalid(f"{path[:100]!r} is not a path of the workspace.")
    if segments[:1] != ["Workspace"]:
        segments = ["Workspace", *segments]
    return "/" + "/".join(segments)


def parents(path: str) -> list[str]:
    """A normal path and all folders above it, without the root."""
    segments = path.split("/")[2:]
    return [f"{ROOT}/" + "/".join(segments[: depth + 1]) for depth in range(len(segments))]
