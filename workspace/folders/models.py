"""Folders: made by name; those that hold an alert are there whatever became of their own."""

from __future__ import annotations

import zlib

from workspace.alerts.models import KIND as ALERT
from workspace.alerts.models import Alerts
from workspace.errors import ApiError, invalid, missing
from workspace.folders.paths import ROOT, normal, parents
from workspace.identity.models import User
from workspace.store import Document, Store

KIND = "folder"
_ALWAYS = (ROOT, f"{ROOT}/Shared", f"{ROOT}/Users")


class Folders:
    """The tree of the workspace as one user sees it: everybody has a home below /Users."""

    def __init__(self, store: Store, user: User) -> None:
        self._store = store
        self._user = user

    def make(self, path: str) -> None:
        """Make a folder and those above it; those that are there stay. Raises ApiError."""
        path = normal(path)
        taken = {_file(alert) for alert in self._alerts()}
        for folder in parents(path):
            if folder in taken:
                raise ApiError(400, "RESOURCE_ALREADY_EXISTS", f"{folder} exists and is no folder.")
            self._store.put(KIND, folder, {"path": folder})

    def exists(self, path: str) -> bool:
        """Whether there is a folder at a normal path."""
        known = path in _ALWAYS or self._store.get(KIND, path) is not None
        return known or path in self._folders()

    def status(self, path: str) -> Document:
        """A folder, or an alert's file. Raises ApiError 404."""
        wanted = normal(path)
        if wanted in self._folders():
            return _shown(wanted, path)
        for alert in self._alerts():
            if _file(alert) == wanted:
                return _shown_alert(alert, path)
        raise missing(f"Path ({path[:200]}) doesn't exist.")

    def inside(self, path: str) -> list[Document]:
        """What is in a folder. Raises ApiError 404."""
        found = self.status(path)
        if found["object_type"] != "DIRECTORY":
            return [found]
        wanted = normal(path)
        folders = [
            _shown(folder, path)
            for folder in sorted(self._folders())
            if folder.rpartition("/")[0] == wanted
        ]
        return folders + [
            _shown_alert(alert, path) for alert in self._alerts() if alert["parent_path"] == wanted
        ]

    def delete(self, path: str, *, recursive: bool, alerts: Alerts) -> None:
        """Delete a folder; with `recursive` all in it, alerts to the trash. Raises ApiError."""
        wanted = normal(path)
        if self.status(path)["object_type"] != "DIRECTORY":
            raise invalid("Delete an alert by /api/2.0/alerts.")
        if wanted in _ALWAYS or wanted == f"{ROOT}/Users/{self._user.name}":
            raise ApiError(400, "INVALID_PARAMETER_VALUE", f"{path} cannot be deleted.")
        if self.inside(path) and not recursive:
            raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path[:200]}) is not empty")
        for alert in self._alerts():
            if f"{alert['parent_path']}/".startswith(f"{wanted}/"):
                alerts.delete(alert["id"], purge=False)
        prefix = f"{wanted}/"
        self._store.delete_where(KIND, lambda item: f"{item['path']}/".startswith(prefix))

    def _folders(self) -> set[str]:
        made = [item["path"] for item in self._store.all(KIND)]
        filled = [alert["parent_path"] for alert in self._alerts()]
        home = f"{ROOT}/Users/{self._user.name}"
        every = {folder for path in [*made, *filled, home] for folder in parents(path)}
        return every | set(_ALWAYS)

    def _alerts(self) -> list[Document]:
        return [item for item in self._store.all(ALERT) if item["lifecycle_state"] == "ACTIVE"]


def _file(alert: Document) -> str:
    return f"{alert['parent_path']}/{alert['display_name']}.dbalert.json"


def _as_asked(path: str, asked: str) -> str:
    """With the /Workspace prefix for those who use it, without for those who do not."""
    return path if asked.startswith(ROOT) else path.removeprefix(ROOT) or "/"


def _shown(path: str, asked: str) -> Document:
    number = zlib.crc32(path.encode("utf-8", "replace"))
    return {"object_type": "DIRECTORY", "path": _as_asked(path, asked), "object_id": number}


def _shown_alert(alert: Document, asked: str) -> Document:
    shown = _shown(_file(alert), asked)
    return {**shown, "object_type": "FILE", "resource_id": alert["id"]}
