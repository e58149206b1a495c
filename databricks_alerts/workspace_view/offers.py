"""What a workspace offers to choose from when a stack is set up, as far as one may see it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from urllib.parse import quote as escaped

from databricks_alerts.workspace_view.inventory import get

if TYPE_CHECKING:
    from databricks.sdk.core import Config

_CATALOGS = "/api/2.1/unity-catalog/catalogs"
_SCHEMAS = "/api/2.1/unity-catalog/schemas"
_WAREHOUSES = "/api/2.0/sql/warehouses"
_DESTINATIONS = "/api/2.0/notification-destinations"
# Nobody keeps tables of their own in these.
_SYSTEM = frozenset({"system", "samples", "__databricks_internal", "information_schema"})


@dataclass(frozen=True)
class Offer:
    """Something to choose: what the settings call it, its name, and what else tells it apart."""

    value: str
    name: str
    about: str = ""


def catalogs(config: Config) -> list[Offer]:
    """The catalogs that may be used. All of these raise AuthenticationError or WorkspaceError."""
    return _named(_items(config, _CATALOGS, "catalogs"))


def schemas(config: Config, catalog: str) -> list[Offer]:
    """The schemas of a catalog."""
    return _named(_items(config, f"{_SCHEMAS}?catalog_name={escaped(catalog, safe='')}", "schemas"))


def warehouses(config: Config) -> list[Offer]:
    """The SQL warehouses."""
    return [
        Offer(
            str(item["id"]),
            str(item.get("name", "")),
            " ".join(str(item[key]) for key in ("cluster_size", "state") if item.get(key)),
        )
        for item in _items(config, _WAREHOUSES, "warehouses")
    ]


def destinations(config: Config) -> list[Offer]:
    """The notification destinations."""
    return [
        Offer(str(item["id"]), str(item.get("display_name", "")), str(item["destination_type"]))
        for item in _items(config, _DESTINATIONS, "results")
    ]


def _named(items: Iterator[dict[str, Any]]) -> list[Offer]:
    names = sorted(str(item["name"]) for item in items)
    return [Offer(name, name) for name in names if name not in _SYSTEM]


def _items(config: Config, path: str, key: str) -> Iterator[dict[str, Any]]:
    """Every item of a list that is paged where it is long."""
    token = ""
    while True:
        joint = "&" if "?" in path else "?"
        page = get(config, f"{path}{joint}page_token={escaped(token)}" if token else path)
        yield from page.get(key) or ()
        token = str(page.get("next_page_token") or "")
        if not token:
            return
