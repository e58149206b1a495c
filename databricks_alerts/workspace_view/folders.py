"""The folders that the alerts live in: Databricks takes no alert whose folder is missing."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from databricks_alerts.workspace_view.inventory import translated_requests

if TYPE_CHECKING:
    from databricks.sdk.core import Config


def place_folder(config: Callable[[], Config], path: str) -> None:
    """Make a folder as `make_folder` does; `config` is asked only now."""
    make_folder(config(), path)


def make_folder(config: Config, path: str) -> list[str]:
    """Make the folder and those above it; answers what was done, a line each.

    Raises WorkspaceError, naming what to do, where that is not allowed, AuthenticationError.
    """
    from databricks.sdk.core import ApiClient
    from databricks.sdk.errors import NotFound

    client = ApiClient(config)
    with translated_requests(
        f"making the folder {path} on {config.host} (`databricks workspace mkdirs {path}`)"
    ):
        try:
            client.do("GET", "/api/2.0/workspace/get-status", query={"path": path})
        except NotFound:
            client.do("POST", "/api/2.0/workspace/mkdirs", body={"path": path})
            return [f"created folder {path}"]
    return []
