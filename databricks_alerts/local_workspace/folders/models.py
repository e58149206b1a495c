"""Folders and what is in them: made by name; those that hold an alert are there anyway."""

from __future__ import annotations

from databricks_alerts.local_workspace.alerts.models import ACL, Alerts
from databricks_alerts.local_workspace.alerts.models import KIND as ALERT
from databricks_alerts.local_workspace.errors import ApiError, forbidden, invalid, missing, taken
from databricks_alerts.local_workspace.files.models import Files, Upload
from databricks_alerts.local_workspace.folders.nodes import (
    alert_path,
    number,
    shown_alert,
    shown_file,
    shown_folder,
)
from databricks_alerts.local_workspace.folders.paths import ROOT, is_below, normal, parents
from databricks_alerts.local_workspace.identity.models import User
from databricks_alerts.local_workspace.store import Document, Store

KIND = "folder"
_ALWAYS = (ROOT, f"{ROOT}/Shared", f"{ROOT}/Users")


class Folders:
    """The tree of the workspace as one user sees it: everybody has a home below /Users."""

    def __init__(self, store: Store, user: User) -> None:
        self._store = store
        self._user = user
        self._files = Files(store)
        self._home = f"{ROOT}/Users/{user.name}"

    def make(self, path: str) -> None:
        """Make a folder and those above it; those that are there stay. Raises ApiError."""
        path = normal(path)
        with self._store.transaction():
            alerts = {alert_path(alert) for alert in self._alerts()}
            for folder in parents(path):
                if folder in alerts or self._files.find(folder):
                    raise taken(f"{folder} exists and is no folder.")
                self._store.put(KIND, folder, {"path": folder})

    def exists(self, path: str) -> bool:
        """Whether there is a folder at a normal path."""
        known = path in _ALWAYS or self._store.get(KIND, path) is not None
        return known or path in self._folders()

    def numbered(self, wanted: str) -> str:
        """The normal path of the folder that another API names by its object_id.

        Raises ApiError 404.
        """
        for folder in self._folders():
            if str(number(folder)) == wanted:
                return folder
        raise missing(f"Directory {wanted[:40]} does not exist.")

    def status(self, path: str) -> Document:
        """A folder, a file, a notebook or an alert's file. Raises ApiError 404."""
        wanted = normal(path)
        if self.exists(wanted):
            return shown_folder(wanted, path)
        file = self._files.find(wanted)
        if file is not None:
            return shown_file(file, path)
        for alert in self._alerts():
            if alert_path(alert) == wanted:
                return shown_alert(alert, path)
        raise missing(f"Path ({path[:200]}) doesn't exist.")

    def inside(self, path: str) -> list[Document]:
        """What is in a folder. Raises ApiError 404."""
        found = self.status(path)
        if found["object_type"] != "DIRECTORY":
            return [found]
        wanted = normal(path)
        folders = [
            shown_folder(folder, path)
            for folder in sorted(self._folders())
            if folder.rpartition("/")[0] == wanted
        ]
        files = [shown_file(file, path) for file in self._files.inside(wanted)]
        alerts = [
            shown_alert(alert, path) for alert in self._alerts() if alert["parent_path"] == wanted
        ]
        return [*folders, *files, *alerts]

    def write(self, upload: Upload, *, overwrite: bool, moment: int) -> None:
        """Keep a file in its folder; `moment` is the time in milliseconds.

        Raises ApiError 404 without that folder, others where something stands in the way.
        """
        folder = upload.path.rpartition("/")[0]
        with self._store.transaction():
            if self.exists(upload.path):
                raise taken(f"{upload.path} is a folder that already exists.")
            if not self.exists(folder):
                raise missing(f"The parent folder ({folder}) does not exist.")
            if any(alert_path(alert) == upload.path for alert in self._alerts()):
                raise taken(f"{upload.path} is an alert that already exists.")
            self._files.write(upload, overwrite=overwrite, moment=moment)

    def read(self, path: str) -> bytes:
        """What is in a file or a notebook. Raises ApiError 404, 400 for a folder."""
        content = self._files.content(normal(path))
        if content is None:
            kind = self.status(path)["object_type"]
            raise invalid(f"The local workspace exports files, and {path[:200]} is a {kind}.")
        return content

    def delete(self, path: str, *, recursive: bool, alerts: Alerts) -> None:
        """Delete a file or a folder; with `recursive` all in it, alerts to the trash.

        Raises ApiError.
        """
        wanted = normal(path)
        with self._store.transaction():
            if self._files.find(wanted):
                self._files.delete(wanted)
                return
            self._require_deletable(path, recursive=recursive)
            for alert in self._alerts():
                if alert["parent_path"] == wanted or is_below(alert["parent_path"], wanted):
                    alerts.delete(alert["id"], purge=False)
            self._files.delete_below(wanted)
            for folder in self._folders():
                if folder == wanted or is_below(folder, wanted):
                    self._store.delete(KIND, folder)
                    self._store.delete(ACL, acl_name(folder))

    def _require_deletable(self, path: str, *, recursive: bool) -> None:
        wanted = normal(path)
        if self.status(path)["object_type"] != "DIRECTORY":
            raise invalid("Delete an alert by /api/2.0/alerts.")
        if wanted in (*_ALWAYS, self._home):
            raise invalid(f"{path} cannot be deleted.")
        if recursive and not (self._user.admin or is_below(wanted, self._home)):
            raise forbidden(
                "Only workspace admins may delete folders outside their home with all that is in "
                "them."
            )
        if not recursive and self.inside(path):
            raise ApiError(400, "DIRECTORY_NOT_EMPTY", f"Folder ({path[:200]}) is not empty")

    def _folders(self) -> set[str]:
        made = [item["path"] for item in self._store.all(KIND)]
        filled = [alert["parent_path"] for alert in self._alerts()]
        every = {folder for path in [*made, *filled, self._home] for folder in parents(path)}
        return every | set(_ALWAYS)

    def _alerts(self) -> list[Document]:
        return [item for item in self._store.all(ALERT) if item["lifecycle_state"] == "ACTIVE"]


def acl_name(folder: str) -> str:
    """What the access control list of a folder is kept by."""
    return f"directories/{number(folder)}"


def home_owner(folder: str) -> str:
    """The user whose home a normal path is in; nobody (empty) outside of homes."""
    segments = folder.split("/")
    return segments[3] if segments[1:3] == ["Workspace", "Users"] and len(segments) > 3 else ""
