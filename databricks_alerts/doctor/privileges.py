"""What Unity Catalog and the workspace say that an identity may do, and what gives it the rest."""

from __future__ import annotations

import json
import re
from collections.abc import Collection
from typing import TYPE_CHECKING, Literal
from urllib.parse import quote as escaped

from databricks_alerts.errors import AlertsError
from databricks_alerts.sql.identifiers import qualified, quote
from databricks_alerts.workspace_view.inventory import get

if TYPE_CHECKING:
    from databricks.sdk.core import Config

Kind = Literal["catalog", "schema", "table"]

FORBIDDEN = re.compile(r"PERMISSION_DENIED|INSUFFICIENT_PERMISSIONS|\b403\b|42501")
# Unity Catalog's words for a missing privilege; the name is not quoted inside.
_LACKING = re.compile(r"does not have ([A-Z][A-Z ]+?) on (Catalog|Schema|Table|View) '([^']+)'")
_EVERYTHING = frozenset({"ALL_PRIVILEGES", "MANAGE", "OWNER"})
_ADMINS = frozenset({"admins", "account users admins"})
# Databricks counts everybody among these, whether or not they are told of one.
_EVERYBODY = frozenset({"users", "account users"})
_WRITING = frozenset({"CAN_EDIT", "CAN_MANAGE"})


class Privileges:
    """What `me`, who belongs to `groups`, may do."""

    def __init__(self, config: Config, me: str, groups: Collection[str]) -> None:
        self._config, self.me = config, me
        self._groups = frozenset(groups) | _EVERYBODY
        self.is_admin = bool(_ADMINS & self._groups)

    def lacking(self, kind: Kind, name: str, needed: Collection[str]) -> list[str]:
        """Those of the needed privileges that no grant gives; owners and admins have all.

        Grants to groups count as far as Unity Catalog tells of them. Raises AuthenticationError or
        WorkspaceError where one may not look.
        """
        if self.is_admin:
            return []
        place = f"/api/2.1/unity-catalog/{kind}s/{escaped(name)}"
        if str(get(self._config, place).get("owner", "")) in {self.me, *self._groups}:
            return []
        asked = f"/api/2.1/unity-catalog/effective-permissions/{kind}/{escaped(name)}"
        found = get(self._config, f"{asked}?principal={escaped(self.me)}")
        held = {
            str(item.get("privilege")).upper().replace(" ", "_")
            for assignment in found.get("privilege_assignments", [])
            for item in assignment.get("privileges", [])
        }
        if held & _EVERYTHING:
            return []
        return [item for item in needed if item.replace(" ", "_") not in held]

    def lacking_if_seen(self, kind: Kind, name: str, needed: Collection[str]) -> list[str]:
        """The same; all of them where one may not look: to grant twice does no harm."""
        try:
            return self.lacking(kind, name, needed)
        except AlertsError:
            return list(needed)

    def grant(self, privileges: Collection[str], kind: Kind, name: str) -> str:
        """The statement that gives privileges on a catalog, a schema or a table."""
        place = qualified(*name.split("."))
        return f"GRANT {', '.join(privileges)} ON {kind.upper()} {place} TO {quote(self.me)}"

    def writes_to_folder(self, number: str) -> bool:
        """Whether the folder's list lets us make alerts in it. Raises as `lacking` does."""
        if self.is_admin:
            return True
        listed = get(self._config, f"/api/2.0/permissions/directories/{escaped(number)}")
        return any(
            permission.get("permission_level") in _WRITING
            for entry in listed.get("access_control_list", [])
            if {entry.get("user_name"), entry.get("service_principal_name")} & {self.me}
            or entry.get("group_name") in self._groups
            for permission in entry.get("all_permissions", [])
        )

    def permitting(self, kind: str, number: str, level: str) -> str:
        """The command that gives a permission on what is no securable of Unity Catalog."""
        who = "user_name" if "@" in self.me else "service_principal_name"
        entry = {"access_control_list": [{who: self.me, "permission_level": level}]}
        return f"databricks permissions update {kind} {number} --json '{json.dumps(entry)}'"


def granting(message: str, who: str) -> str:
    """The GRANT that Unity Catalog's refusal asks for; empty where it names no privilege."""
    lacking = _LACKING.search(message)
    if lacking is None:
        return ""
    privilege, kind, name = lacking.groups()
    place = "TABLE" if kind == "View" else kind.upper()  # GRANT knows views as tables
    return f"GRANT {privilege} ON {place} {qualified(*name.split('.'))} TO {quote(who)}"
