"""What rules name of their workspace beside alerts: warehouses, identities, folders."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from databricks_alerts.errors import AuthenticationError
from databricks_alerts.rules.words import is_address
from databricks_alerts.workspace_view.inventory import translated_requests

if TYPE_CHECKING:
    from databricks.sdk.core import Config

_SCIM = "/api/2.0/preview/scim/v2"


class WorkspaceSurroundings:
    """Looks at the workspace of `config`; None for what that may not see.

    All methods raise WorkspaceError where the workspace does not answer.
    """

    def __init__(self, config: Config) -> None:
        self._config = config

    def has_warehouse(self, key: str) -> bool | None:
        """Whether there is a SQL warehouse of that id."""
        found = self._get(f"/api/2.0/sql/warehouses/{_escaped(key)}")
        return None if found is None else bool(found)

    def has_identity(self, name: str) -> bool | None:
        """Whether there is a user of that name, or a service principal of that application id."""
        if '"' in name or "\\" in name:
            return False  # no name has these, and a filter would be another
        user = is_address(name)
        attribute = "userName" if user else "applicationId"
        found = self._get(
            f"{_SCIM}/{'Users' if user else 'ServicePrincipals'}",
            {"filter": f'{attribute} eq "{name}"', "attributes": attribute},
        )
        return None if found is None else bool(found.get("Resources"))

    def kind_at(self, path: str) -> str | None:
        """The type of what stands at a path of the workspace, empty for nothing."""
        found = self._get("/api/2.0/workspace/get-status", {"path": path})
        return None if found is None else str(found.get("object_type", ""))

    def _get(self, path: str, query: dict[str, Any] | None = None) -> dict[str, Any] | None:
        """An answer, empty for a 404; None where one may not look."""
        from databricks.sdk.core import ApiClient
        from databricks.sdk.errors import InvalidParameterValue, NotFound

        def ask() -> dict[str, Any]:
            try:
                answer: dict[str, Any] = ApiClient(self._config).do("GET", path, query=query)
            except (NotFound, InvalidParameterValue):  # the second: an id of another form
                return {}
            return answer

        return _unless_refused(ask, f"GET {path} on {self._config.host}")


def _unless_refused(ask: Callable[[], dict[str, Any]], where: str) -> dict[str, Any] | None:
    try:
        with translated_requests(where):
            return ask()
    except AuthenticationError:
        return None


def _escaped(text: str) -> str:
    from urllib.parse import quote

    return quote(text, safe="")
