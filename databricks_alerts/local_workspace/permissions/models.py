"""Access control lists: levels, who has which, and who therefore may.

Admins and an object's owner may everything. A level holds for all below it.
"""

from __future__ import annotations

from typing import Any

from databricks_alerts.local_workspace.alerts.models import ACL
from databricks_alerts.local_workspace.errors import forbidden, invalid, missing
from databricks_alerts.local_workspace.identity.models import ADMINS, Directory, User
from databricks_alerts.local_workspace.store import Document, Store

LEVELS = ("CAN_READ", "CAN_RUN", "CAN_EDIT", "CAN_MANAGE")
_ABOUT = {
    "CAN_READ": "Can view the {what}",
    "CAN_RUN": "Can view and run the {what}",
    "CAN_EDIT": "Can view, run and edit the {what}",
    "CAN_MANAGE": "Can view, run, edit, delete and manage permissions of the {what}",
}
_WHO = ("user_name", "group_name", "service_principal_name")

Entry = dict[str, str]  # one of _WHO, and "level"


class Permissions:
    """All lists. An object is named by its path, such as `alertsv2/<id>`."""

    def __init__(self, store: Store, directory: Directory) -> None:
        self._store = store
        self._directory = directory

    def level(self, user: User, name: str, owner: str) -> str | None:
        """The highest level that a user has on an object; None for none at all."""
        if user.admin or user.name == owner:
            return "CAN_MANAGE"
        groups = self._directory.groups_of(user)
        held = [
            entry["level"]
            for entry in self._entries(name)
            if user.name in (entry.get("user_name"), entry.get("service_principal_name"))
            or entry.get("group_name") in groups
        ]
        return max(held, key=LEVELS.index, default=None)

    def allows(self, user: User, name: str, owner: str, needed: str) -> bool:
        """Whether a user has at least this level."""
        held = self.level(user, name, owner)
        return held is not None and LEVELS.index(held) >= LEVELS.index(needed)

    def require(self, user: User, name: str, owner: str, needed: str) -> None:
        """Raises ApiError 403 where `allows` is false."""
        if not self.allows(user, name, owner, needed):
            verb = needed.removeprefix("CAN_").capitalize()
            raise forbidden(f"User {user.name} does not have {verb} permissions on {name}.")

    def shown(self, name: str, kind: str = "alertv2", heir: str = "") -> Document:
        """An object's list as the API shows it, what admins and an `heir` inherit included."""
        level = {"permission_level": "CAN_MANAGE", "inherited": True}
        inherited = [{**level, "inherited_from_object": ["/"]}]
        shown = {_key(entry): self._shown_entry(entry) for entry in self._entries(name)}
        user = self._directory.find(heir)
        if user is not None:
            field = "service_principal_name" if user.service_principal else "user_name"
            entry = self._shown_entry({field: heir, "level": "CAN_MANAGE"})
            shown[field, heir] = {**entry, "all_permissions": inherited}
        admins = {"group_name": ADMINS, "all_permissions": inherited}
        return {
            "object_id": f"/{name}",
            "object_type": kind,
            "access_control_list": [*shown.values(), admins],
        }

    def replace(self, name: str, body: dict[str, Any]) -> None:
        """Take over the whole list. Raises ApiError."""
        self._store.put(ACL, name, {"entries": self._read(body)})

    def merge(self, name: str, body: dict[str, Any]) -> None:
        """Set the levels of those named, leave the others. Raises ApiError."""
        with self._store.transaction():
            merged = {_key(entry): entry for entry in self._entries(name)}
            merged |= {_key(entry): entry for entry in self._read(body)}
            self._store.put(ACL, name, {"entries": list(merged.values())})

    def _entries(self, name: str) -> list[Entry]:
        document = self._store.get(ACL, name)
        return document["entries"] if document else []

    def _shown_entry(self, entry: Entry) -> Document:
        who = _key(entry)
        user = self._directory.find(who[1])
        name = user.display_name if user and user.display_name else who[1]
        return {
            who[0]: who[1],
            "display_name": name,
            "all_permissions": [{"permission_level": entry["level"], "inherited": False}],
        }

    def _read(self, body: dict[str, Any]) -> list[Entry]:
        given = body.get("access_control_list") or []
        if not isinstance(given, list):
            raise invalid("access_control_list must be a list.")
        entries = {_key(entry): entry for entry in map(self._read_entry, given)}
        return list(entries.values())

    def _read_entry(self, item: Any) -> Entry:
        if not isinstance(item, dict):
            raise invalid("access_control_list must hold objects.")
        named = {name: item[name] for name in _WHO if item.get(name)}
        if len(named) != 1:
            raise invalid(f"Each access control needs exactly one of {', '.join(_WHO)}.")
        ((kind, name),) = named.items()
        level = item.get("permission_level")
        if level not in LEVELS:
            allowed = ", ".join(LEVELS)
            raise invalid(f"permission_level must be one of {allowed}, not {str(level)[:40]!r}.")
        if not isinstance(name, str) or not self._exists(kind, name):
            raise missing(f"Principal {kind}={str(name)[:80]} does not exist.")
        return {kind: name, "level": level}

    def _exists(self, kind: str, name: str) -> bool:
        if kind == "group_name":
            return self._directory.has_group(name)
        user = self._directory.find(name)
        return user is not None and user.service_principal == (kind == "service_principal_name")


def levels(what: str = "alert") -> Document:
    """The levels that an alert or another object knows, as the API describes them."""
    described = [
        {"permission_level": name, "description": _ABOUT[name].format(what=what)} for name in LEVELS
    ]
    return {"permission_levels": described}


def _key(entry: Entry) -> tuple[str, str]:
    return next((name, entry[name]) for name in _WHO if name in entry)
