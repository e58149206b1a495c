"""/api/2.0/permissions/directories/{id}: kept and shown, so that bundles can declare them.

They guard nothing: who may do what in a folder depends on whose home it is in, not on its list.
"""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.folders.models import Folders, acl_name, home_owner
from databricks_alerts.local_workspace.identity.models import USERS
from databricks_alerts.local_workspace.permissions.models import Permissions, levels
from databricks_alerts.local_workspace.wire import Call, require_admin, route

_BASE = "/api/2.0/permissions/directories/{id}"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("GET", _BASE, _get),
        route("PUT", _BASE, _put),
        route("PATCH", _BASE, _patch),
        route("GET", f"{_BASE}/permissionLevels", _levels),
    ]


def _get(call: Call) -> dict[str, Any]:
    return _shown(call, _folder(call))


def _put(call: Call) -> dict[str, Any]:
    folder = _manageable(call)
    _permissions(call).replace(acl_name(folder), call.json())
    return _shown(call, folder)


def _patch(call: Call) -> dict[str, Any]:
    folder = _manageable(call)
    _permissions(call).merge(acl_name(folder), call.json())
    return _shown(call, folder)


def _levels(call: Call) -> dict[str, Any]:
    _folder(call)
    return levels("folder")


def _shown(call: Call, folder: str) -> dict[str, Any]:
    """Its list; outside of homes everybody manages, as in Databricks' folder Shared."""
    owner = home_owner(folder)
    found = _permissions(call).shown(acl_name(folder), "directory", owner)
    if not owner:
        level = {"permission_level": "CAN_MANAGE", "inherited": True}
        inherited = [{**level, "inherited_from_object": ["/"]}]
        listed = found["access_control_list"]
        everybody = next((item for item in listed if item.get("group_name") == USERS), None)
        if everybody is None:
            listed.append({"group_name": USERS, "all_permissions": inherited})
        else:
            everybody["all_permissions"] += inherited
    return found


def _folder(call: Call) -> str:
    """The folder that the path names. Raises ApiError 404."""
    return Folders(call.workspace.store, call.user).numbered(call.path["id"])


def _manageable(call: Call) -> str:
    """As `_folder`. Raises ApiError 403 for all but admins and the home's owner."""
    folder = _folder(call)
    if call.user.name != home_owner(folder):
        require_admin(call)
    return folder


def _permissions(call: Call) -> Permissions:
    return Permissions(call.workspace.store, call.workspace.directory)
