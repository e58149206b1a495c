"""/api/2.1/unity-catalog/permissions: the grants that the warehouse enforces."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.errors import forbidden, invalid
from databricks_alerts.local_workspace.unity_catalog.securables import Securable, find
from databricks_alerts.local_workspace.warehouse import Grant, Grants, SqlError
from databricks_alerts.local_workspace.warehouse.grants import ACCOUNT_USERS, PRIVILEGES
from databricks_alerts.local_workspace.wire import Call, route

_BASE = "/api/2.1/unity-catalog"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("GET", f"{_BASE}/permissions/{{kind}}/{{name}}", _get),
        route("PATCH", f"{_BASE}/permissions/{{kind}}/{{name}}", _change),
        route("GET", f"{_BASE}/effective-permissions/{{kind}}/{{name}}", _effective),
    ]


def _get(call: Call) -> dict[str, Any]:
    securable = find(call)
    grants = call.workspace.warehouse.grants
    return _assignments(_visible(call, securable, grants.on(securable.kind, securable.name)))


def _effective(call: Call) -> dict[str, Any]:
    securable = find(call)
    found = call.workspace.warehouse.grants.effective(securable.kind, securable.name)
    by_principal: dict[str, list[dict[str, str]]] = {}
    for grant in _visible(call, securable, found):
        privilege = {"privilege": _api(grant.privilege)}
        if grant.kind != securable.kind:
            privilege |= {"inherited_from_type": grant.kind, "inherited_from_name": grant.name}
        by_principal.setdefault(grant.principal, []).append(privilege)
    shown = [{"principal": name, "privileges": held} for name, held in by_principal.items()]
    return {"privilege_assignments": shown}


def _change(call: Call) -> dict[str, Any]:
    securable = find(call)
    grants = call.workspace.warehouse.grants
    if not _manages(call, securable):
        raise forbidden(
            f"User does not have MANAGE on {securable.kind.capitalize()} '{securable.name}'."
        )
    changes = call.json().get("changes") or []
    if not isinstance(changes, list):
        raise invalid("changes must be a list.")
    # All are read before any is done: a bad one changes nothing.
    for principal, add, remove in [_read(change) for change in changes]:
        _apply(grants, securable, principal, add, remove)
    return _assignments(grants.on(securable.kind, securable.name))


def _apply(
    grants: Grants, securable: Securable, principal: str, add: list[str], remove: list[str]
) -> None:
    try:
        grants.remove(securable.kind, securable.name, principal, remove)
        grants.add(securable.kind, securable.name, principal, add)
    except SqlError as error:
        raise invalid(str(error)) from error


def _read(change: Any) -> tuple[str, list[str], list[str]]:
    principal = change.get("principal") if isinstance(change, dict) else None
    if not isinstance(principal, str) or not principal:
        raise invalid("Each change needs a principal.")
    return principal, _privileges(change, "add"), _privileges(change, "remove")


def _privileges(change: dict[str, Any], name: str) -> list[str]:
    """Privileges in SQL's spelling. Raises ApiError for what is none."""
    given = change.get(name) or []
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise invalid(f"{name} must be a list of privileges.")
    found = [item.upper().replace("_", " ") for item in given]
    for privilege in found:
        if privilege not in PRIVILEGES:
            raise invalid(f"Privilege {privilege[:60].replace(' ', '_')} is not known.")
    return found


def _visible(call: Call, securable: Securable, found: Iterable[Grant]) -> list[Grant]:
    """All grants for who manages the securable, else one's own."""
    if _manages(call, securable):
        return list(found)
    return [grant for grant in found if grant.principal in (call.user.name, ACCOUNT_USERS)]


def _manages(call: Call, securable: Securable) -> bool:
    grants = call.workspace.warehouse.grants
    mine = call.user.name == securable.owner
    return mine or grants.allowed(call.user.name, "MANAGE", securable.kind, securable.name)


def _assignments(found: Iterable[Grant]) -> dict[str, Any]:
    by_principal: dict[str, list[str]] = {}
    for grant in found:
        by_principal.setdefault(grant.principal, []).append(_api(grant.privilege))
    shown = [{"principal": name, "privileges": held} for name, held in by_principal.items()]
    return {"privilege_assignments": shown}


def _api(privilege: str) -> str:
    return privilege.replace(" ", "_")
