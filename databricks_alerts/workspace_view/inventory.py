"""What stands in the workspace already: alerts and destinations, by paged lists.

One list answers for every rule, so that adoption and the quota cost a few requests, not one a
rule. Trashed alerts are left out of the list by the API (see `trash`).
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import cached_property
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, Field

from databricks_alerts.errors import AuthenticationError, WorkspaceError

if TYPE_CHECKING:
    from databricks.sdk.core import Config

_PAGE_SIZE = 100
ME = "/api/2.0/preview/scim/v2/Me"
# What a client may say of an alert; the rest of the body is the server's.
_INPUTS = (
    "display_name",
    "query_text",
    "warehouse_id",
    "custom_summary",
    "custom_description",
    "custom_template_format",
    "parameters",
    "parent_path",
    "run_as",
    "schedule",
)

# What the workspace adds to an alert, or keeps for older clients.
_OUTPUTS = frozenset(
    {
        "id",
        "create_time",
        "update_time",
        "owner_user_name",
        "effective_run_as",
        "run_as_user_name",
        "lifecycle_state",
        "evaluation",
    }
)


class ExistingAlert(BaseModel):
    """An alert of the workspace; `parent_path` as `folder` gives it.

    `state` is that of the last evaluation, `update_time` when somebody changed it last.
    `arguments` is what a client says of the alert: the API's body without what the server adds.
    `unknown` are the names of fields that are neither. `runs_as` is whom it runs as.
    """

    model_config = ConfigDict(frozen=True)

    id: str
    display_name: str
    parent_path: str
    state: str = ""
    update_time: dt.datetime | None = None
    last_evaluated_at: dt.datetime | None = None
    runs_as: str = ""
    arguments: dict[str, Any] = Field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    @property
    def destination_ids(self) -> list[str]:
        """The Databricks ids of the destinations that it notifies."""
        notification = self.arguments.get("evaluation", {}).get("notification") or {}
        subscribed = notification.get("subscriptions") or ()
        return [item["destination_id"] for item in subscribed if item.get("destination_id")]


class ExistingDestination(BaseModel):
    """A notification destination of the workspace; `type` as the API names it."""

    model_config = ConfigDict(frozen=True)

    id: str
    display_name: str
    type: str


class Inventory(BaseModel):
    """Everything of ours or not that stands in the workspace, trashed alerts excepted."""

    model_config = ConfigDict(frozen=True)

    alerts: tuple[ExistingAlert, ...] = ()
    destinations: tuple[ExistingDestination, ...] = ()

    def alert(self, key: str) -> ExistingAlert:
        """The alert with this id, which must be there."""
        return self.by_id[key]

    def find(self, key: str) -> ExistingAlert | None:
        """The alert with this id, if it is listed."""
        return self.by_id.get(key)

    @cached_property
    def by_id(self) -> dict[str, ExistingAlert]:
        """The alerts by their ids."""
        return {alert.id: alert for alert in self.alerts}


def take_inventory(config: Config) -> Inventory:
    """List alerts and destinations.

    Raises AuthenticationError or WorkspaceError with the API's message and the request.
    """
    return Inventory(
        alerts=tuple(existing_alert(item) for item in _pages(config, "/api/2.0/alerts", "alerts")),
        destinations=tuple(
            _destination(item)
            for item in _pages(config, "/api/2.0/notification-destinations", "results")
        ),
    )


def destination_types(inventory: Inventory) -> dict[str, str]:
    """The API types of the workspace's destinations, by Databricks id."""
    return {item.id: item.type for item in inventory.destinations}


def folder(path: str) -> str:
    """A workspace folder in one spelling: `/Shared/a/` is `/Workspace/Shared/a`."""
    trimmed = path.rstrip("/")
    if trimmed == "/Workspace" or trimmed.startswith("/Workspace/"):
        return trimmed
    return f"/Workspace{trimmed}"


def existing_alert(item: dict[str, Any]) -> ExistingAlert:
    """An alert from the API's body."""
    return ExistingAlert(
        id=item["id"],
        display_name=item.get("display_name", ""),
        parent_path=folder(item.get("parent_path", "")),
        state=item.get("evaluation", {}).get("state", ""),
        update_time=_moment(item.get("update_time")),
        last_evaluated_at=_moment(item.get("evaluation", {}).get("last_evaluated_at")),
        runs_as=str(next(iter((item.get("effective_run_as") or {}).values()), "")),
        arguments=_arguments(item),
        unknown=tuple(
            name
            for name, value in sorted(item.items())
            if name not in _OUTPUTS and name not in _INPUTS and value not in (None, "", [], {})
        ),
    )


def _moment(text: Any) -> dt.datetime | None:
    """An RFC 3339 time; None for none, or for another form."""
    try:
        found = dt.datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return found if found.tzinfo is not None else found.replace(tzinfo=dt.UTC)


def _arguments(body: dict[str, Any]) -> dict[str, Any]:
    item = _said(body)
    kept = {name: item[name] for name in _INPUTS if item.get(name) not in (None, "", [])}
    evaluation = {
        name: value
        for name, value in item.get("evaluation", {}).items()
        if name not in ("state", "last_evaluated_at")
    }
    if "notification" in evaluation:
        evaluation["notification"] = {
            name: value
            for name, value in evaluation["notification"].items()
            if not name.startswith("effective_")
        }
    return kept | {"evaluation": evaluation}


def _said(value: Any) -> Any:
    """Without nulls, at any depth: they say as much as absent fields."""
    if isinstance(value, dict):
        return {name: _said(item) for name, item in value.items() if item is not None}
    return [_said(item) for item in value] if isinstance(value, list) else value


def _destination(item: dict[str, Any]) -> ExistingDestination:
    return ExistingDestination(
        id=item["id"],
        display_name=item.get("display_name", ""),
        type=item.get("destination_type", ""),
    )


def _pages(config: Config, path: str, key: str) -> Iterator[dict[str, Any]]:
    """Every item of a paged list; the last page has no next_page_token."""
    from databricks.sdk.core import ApiClient

    client = ApiClient(config)
    query: dict[str, Any] = {"page_size": _PAGE_SIZE}
    while True:
        page = _get(client, config, path, query)
        yield from page.get(key) or ()
        if not page.get("next_page_token"):
            return
        query = {**query, "page_token": page["next_page_token"]}


def _get(client: Any, config: Config, path: str, query: dict[str, Any]) -> dict[str, Any]:
    with translated_requests(f"GET {path} on {config.host}"):
        answer: dict[str, Any] = client.do("GET", path, query=query)
        return answer


def get(config: Config, path: str) -> dict[str, Any]:
    """GET one thing. Raises AuthenticationError or WorkspaceError."""
    from databricks.sdk.core import ApiClient

    return _get(ApiClient(config), config, path, {})


def rename_alert(config: Callable[[], Config], alert_id: str, name: str) -> None:
    """Give an alert another display name. Raises AuthenticationError or WorkspaceError."""
    from databricks.sdk.core import ApiClient

    asked = config()
    path = f"/api/2.0/alerts/{alert_id}"
    with translated_requests(f"PATCH {path} on {asked.host}"):
        ApiClient(asked).do(
            "PATCH", path, query={"update_mask": "display_name"}, body={"display_name": name}
        )


def user_name(config: Config) -> str:
    """The name of the identity in use. Raises AuthenticationError or WorkspaceError."""
    return str(get(config, ME).get("userName", ""))


def is_trashed(config: Config, alert_id: str) -> bool:
    """Whether an alert that no list shows is in the trash (it answers there for 30 days)."""
    found = look_at(config, alert_id)
    return found is not None and found.get("lifecycle_state") == "DELETED"


def look_at(config: Config, alert_id: str) -> dict[str, Any] | None:
    """The API's body of one alert, trashed ones too; None where there is none of that id."""
    from databricks.sdk.core import ApiClient
    from databricks.sdk.errors import InvalidParameterValue, NotFound

    path = f"/api/2.0/alerts/{alert_id}"
    with translated_requests(f"GET {path} on {config.host}"):
        try:
            found: dict[str, Any] = ApiClient(config).do("GET", path)
        except (NotFound, InvalidParameterValue):  # the second: an id of another kind
            return None
    return found


def destination_exists(config: Config, identity: str) -> bool:
    """Whether a destination that no list shows is there all the same.

    Raises AuthenticationError or WorkspaceError.
    """
    from databricks.sdk.core import ApiClient
    from databricks.sdk.errors import InvalidParameterValue, NotFound

    path = f"/api/2.0/notification-destinations/{identity}"
    with translated_requests(f"GET {path} on {config.host}"):
        try:
            ApiClient(config).do("GET", path)
        except (NotFound, InvalidParameterValue):  # the second: an id of another kind
            return False
    return True


@contextmanager
def translated_requests(where: str) -> Iterator[None]:
    """Turn the SDK's errors into ours, with the request that `where` names."""
    from databricks.sdk.errors import PermissionDenied, Unauthenticated
    from databricks.sdk.errors.base import DatabricksError

    try:
        yield
    except (Unauthenticated, PermissionDenied) as error:
        raise AuthenticationError(f"{where}: {error}. Check the stack's credentials") from error
    except (DatabricksError, OSError, TimeoutError, ValueError) as error:
        raise WorkspaceError(f"{where}: {error}") from error
