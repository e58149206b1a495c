"""/local/users: people and machines for tests, with what they need to log in, by admins."""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.errors import invalid
from databricks_alerts.local_workspace.identity.models import ADMIN
from databricks_alerts.local_workspace.wire import Call, require_admin, route


def routes() -> list[Route]:
    """The routes of this room."""
    return [route("POST", "/local/users", add)]


def add(call: Call) -> dict[str, Any]:
    """Add {name, admin, service_principal}; answers its id, a token and client credentials.

    A service principal's `name` is what it is shown as; its application id is the client id.
    """
    require_admin(call)
    body = call.json()
    name, admin = body.get("name"), body.get("admin", False)
    machine = body.get("service_principal", False)
    if not isinstance(name, str) or not name.strip() or not name.isprintable() or name == ADMIN:
        raise invalid(f"name must be a string, and not {ADMIN}.")
    if not isinstance(admin, bool) or not isinstance(machine, bool):
        raise invalid("admin and service_principal must be true or false.")
    directory = call.workspace.directory
    if machine:
        user = directory.add_service_principal(name, admin=admin)
    else:
        user = directory.add(name, admin=admin)
    made = {"id": user.id, "name": user.name, "token": directory.new_token(user.name)}
    if machine:
        secret = directory.tokens.new_secret(user.name)
        made |= {"client_id": user.name, "client_secret": secret}
    return made
