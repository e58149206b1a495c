"""All that is about who somebody is."""

from __future__ import annotations

from starlette.routing import Route

from databricks_alerts.local_workspace.identity import local, oauth, scim


def routes() -> list[Route]:
    """The routes of this room."""
    return [*scim.routes(), *oauth.routes(), *local.routes()]
