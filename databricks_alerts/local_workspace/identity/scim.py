"""/api/2.0/preview/scim/v2: users, service principals, groups, and who the caller is.

Read by everybody, changed by admins. Filters: `userName|applicationId|displayName eq "…"`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.errors import invalid, missing, taken
from databricks_alerts.local_workspace.identity.models import ADMINS, Group, User
from databricks_alerts.local_workspace.wire import Call, answer, require_admin, route, whole_number

_BASE = "/api/2.0/preview/scim/v2"
_FILTER = re.compile(r'\s*(\w+)\s+eq\s+"?([^"]*)"?\s*', re.IGNORECASE)
_MOST = 10_000


def routes() -> list[Route]:
    """The routes of this room."""
    people = [
        made
        for kind in ("Users", "ServicePrincipals")
        for made in (
            route("GET", f"{_BASE}/{kind}", _list_people),
            route("POST", f"{_BASE}/{kind}", _add_person),
            route("GET", f"{_BASE}/{kind}/{{id}}", lambda call: _person(call, _found(call))),
            route("DELETE", f"{_BASE}/{kind}/{{id}}", _remove_person),
        )
    ]
    return [
        route("GET", f"{_BASE}/Me", lambda call: _person(call, call.user)),
        *people,
        route("GET", f"{_BASE}/Groups", _list_groups),
        route("POST", f"{_BASE}/Groups", _add_group),
        route("GET", f"{_BASE}/Groups/{{id}}", lambda call: _group(call, _found_group(call))),
        route("PUT", f"{_BASE}/Groups/{{id}}", _replace_group),
        route("DELETE", f"{_BASE}/Groups/{{id}}", _remove_group),
    ]


def _person(call: Call, user: User) -> dict[str, Any]:
    """A user or service principal as SCIM describes it."""
    groups = call.workspace.directory.groups_of(user)
    named: dict[str, Any] = {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
        "userName": user.name,
        "emails": [{"value": user.name, "primary": True, "type": "work"}],
    }
    if user.service_principal:
        schema = "urn:ietf:params:scim:schemas:core:2.0:ServicePrincipal"
        # Me shows a service principal as a user whose name is its application id.
        named = {"schemas": [schema], "applicationId": user.name, "userName": user.name}
    return {
        **named,
        "id": user.id,
        "displayName": user.display_name or user.name,
        "active": True,
        "groups": [{"display": name, "value": key} for name, key in groups.items()],
        "entitlements": [{"value": "databricks-sql-access"}, {"value": "workspace-access"}],
    }


def _list_people(call: Call) -> dict[str, Any]:
    users = call.workspace.directory.users(service_principals=_machines(call))
    names = {"username": "name", "applicationid": "name", "displayname": "display_name"}
    wanted = [user for user in users if _passes(call, user, names)]
    return _listed(call, [_person(call, user) for user in wanted])


def _add_person(call: Call) -> Any:
    require_admin(call)
    body, directory = call.json(), call.workspace.directory
    machine = _machines(call)
    name = body.get("applicationId" if machine else "userName")
    shown = _text(body.get("displayName", ""), "displayName")
    admin = any(group == "2" for group in _values(body, "groups"))
    if machine and not name:
        return answer(_person(call, directory.add_service_principal(shown, admin=admin)), 201)
    name = _text(name, "applicationId" if machine else "userName")
    if not name:
        raise invalid("userName is required.")
    if directory.find(name) is not None:
        raise taken(f"User with username {name} already exists.")
    user = directory.add(name, admin=admin, service_principal=machine, display_name=shown)
    return answer(_person(call, user), 201)


def _remove_person(call: Call) -> Any:
    require_admin(call)
    call.workspace.directory.remove(_found(call).name)
    return answer({}, 204)


def _found(call: Call) -> User:
    machine = _machines(call)
    for user in call.workspace.directory.users(service_principals=machine):
        if user.id == call.path["id"]:
            return user
    kind = "Service principal" if machine else "User"
    raise missing(f"{kind} with id {call.path['id'][:40]} not found.")


def _machines(call: Call) -> bool:
    return call.url_path.startswith(f"{_BASE}/ServicePrincipals")


def _group(call: Call, group: Group) -> dict[str, Any]:
    directory = call.workspace.directory
    members = [user for name in group.members if (user := directory.find(name)) is not None]
    return {
        "schemas": ["urn:ietf:params:scim:schemas:core:2.0:Group"],
        "id": group.id,
        "displayName": group.name,
        "members": [{"value": user.id, "display": user.display_name} for user in members],
        "meta": {"resourceType": "WorkspaceGroup"},
    }


def _all_groups(call: Call) -> list[Group]:
    directory = call.workspace.directory
    everybody = [
        user for kind in (False, True) for user in directory.users(service_principals=kind)
    ]
    admins = tuple(user.name for user in everybody if user.admin)
    built_in = [
        Group("1", "users", tuple(user.name for user in everybody)),
        Group("2", ADMINS, admins),
    ]
    return built_in + directory.groups()


def _list_groups(call: Call) -> dict[str, Any]:
    groups = [group for group in _all_groups(call) if _passes(call, group, {"displayname": "name"})]
    return _listed(call, [_group(call, group) for group in groups])


def _add_group(call: Call) -> Any:
    require_admin(call)
    body = call.json()
    name = _text(body.get("displayName"), "displayName")
    if not name:
        raise invalid("displayName is required.")
    group = call.workspace.directory.add_group(name, _members(call, body))
    return answer(_group(call, group), 201)


def _replace_group(call: Call) -> dict[str, Any]:
    require_admin(call)
    name = _found_group(call).name
    return _group(call, call.workspace.directory.set_members(name, _members(call, call.json())))


def _remove_group(call: Call) -> Any:
    require_admin(call)
    call.workspace.directory.remove_group(_found_group(call).name)
    return answer({}, 204)


def _found_group(call: Call) -> Group:
    for group in _all_groups(call):
        if group.id == call.path["id"]:
            return group
    raise missing(f"Group with id {call.path['id'][:40]} not found.")


def _members(call: Call, body: dict[str, Any]) -> tuple[str, ...]:
    directory = call.workspace.directory
    names = {
        user.id: user.name
        for kind in (False, True)
        for user in directory.users(service_principals=kind)
    }
    return tuple(names.get(key, key) for key in _values(body, "members"))


def _values(body: dict[str, Any], name: str) -> list[str]:
    found = body.get(name) or []
    if not isinstance(found, list) or not all(isinstance(item, dict) for item in found):
        raise invalid(f"{name} must be a list of objects.")
    return [_text(item.get("value"), f"{name}.value") for item in found]


def _text(value: Any, name: str) -> str:
    if not isinstance(value, str) or len(value) > 500 or not value.isprintable():
        raise invalid(f"{name} must be a string of at most 500 printable characters.")
    return value


def _passes(call: Call, item: Any, names: dict[str, str]) -> bool:
    """Whether the query's filter lets this one through."""
    if not call.query("filter"):
        return True
    match = _FILTER.fullmatch(call.query("filter"))
    if match is None or match[1].lower() not in names:
        raise invalid(f"filter must be one of {', '.join(names)} eq a value.")
    return str(getattr(item, names[match[1].lower()])).lower() == match[2].lower()


def _listed(call: Call, found: Sequence[dict[str, Any]]) -> dict[str, Any]:
    start = max(whole_number(call.query("startIndex") or "1", "startIndex"), 1)
    count = max(min(whole_number(call.query("count") or str(_MOST), "count"), _MOST), 0)
    shown = found[start - 1 : start - 1 + count]
    return {
        "schemas": ["urn:ietf:params:scim:api:messages:2.0:ListResponse"],
        "totalResults": len(found),
        "startIndex": start,
        "itemsPerPage": len(shown),
        "Resources": shown,
    }
