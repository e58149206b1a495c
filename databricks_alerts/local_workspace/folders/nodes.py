"""What the API shows of a node of the tree: a folder, a file, a notebook, an alert's file."""

from __future__ import annotations

import zlib

from databricks_alerts.local_workspace.folders.paths import ROOT
from databricks_alerts.local_workspace.store import Document


def number(path: str) -> int:
    """The number that names the node at a normal path in other APIs."""
    return zlib.crc32(path.encode("utf-8", "replace"))


def alert_path(alert: Document) -> str:
    """The normal path of an alert's file."""
    return f"{alert['parent_path']}/{alert['display_name']}.dbalert.json"


def shown_folder(path: str, asked: str) -> Document:
    """A folder at a normal path, for a client that asked for another spelling of a path."""
    return {"object_type": "DIRECTORY", **_named(path, asked)}


def shown_alert(alert: Document, asked: str) -> Document:
    """An alert's file."""
    named = _named(alert_path(alert), asked)
    return {"object_type": "FILE", **named, "resource_id": alert["id"]}


def shown_file(file: Document, asked: str) -> Document:
    """A file or a notebook."""
    shown = {
        "object_type": file["object_type"],
        **_named(file["path"], asked),
        "created_at": file["created_at"],
        "modified_at": file["modified_at"],
        "size": file["size"],
    }
    if file["language"]:
        return shown | {"language": file["language"], "repos_export_format": "SOURCE"}
    return shown


def _named(path: str, asked: str) -> Document:
    """With the /Workspace prefix for those who use it, without for those who do not."""
    spelled = path if asked.startswith(ROOT) else path.removeprefix(ROOT) or "/"
    return {"path": spelled, "object_id": number(path)}
