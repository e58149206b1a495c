"""A workspace in process, without a socket or a warehouse, for tests of REST rooms."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from databricks_alerts.local_workspace.identity.models import ADMIN, Directory
from databricks_alerts.local_workspace.server import application
from databricks_alerts.local_workspace.state import Workspace
from databricks_alerts.local_workspace.store import Store

ALERT: dict[str, Any] = {
    "display_name": "one",
    "query_text": "SELECT 1 AS c",
    "warehouse_id": "1",
    "parent_path": "/Shared/a",
    "evaluation": {
        "source": {"name": "c"},
        "comparison_operator": "GREATER_THAN",
        "threshold": {"value": {"double_value": 0.0}},
    },
    "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC"},
}


class Rest:
    """Asks as different people: `rest("GET", path, who="eve@local.test")`."""

    def __init__(self, workspace: Workspace, client: TestClient) -> None:
        self.workspace = workspace
        self.client = client

    def __call__(self, method: str, path: str, body: Any = None, who: str = ADMIN) -> Any:
        """The status and the document of one request."""
        directory = self.workspace.directory
        if directory.find(who) is None:
            directory.add(who)
        directory.keep_token(who, f"token of {who}")
        headers = {"Authorization": f"Bearer token of {who}"}
        answer = self.client.request(method, path, json=body, headers=headers)
        return answer.status_code, answer.json() if answer.content else {}

    def ok(self, method: str, path: str, body: Any = None, who: str = ADMIN) -> Any:
        """The document of a request that must succeed."""
        status, document = self(method, path, body, who)
        assert 200 <= status < 300, document
        return document

    def refusal(self, method: str, path: str, body: Any = None, who: str = ADMIN) -> Any:
        """The status and error code of a request that must be refused."""
        status, document = self(method, path, body, who)
        assert set(document) == {"error_code", "message", "details"}, document
        return status, document["error_code"]

    def alert(self, who: str = ADMIN, **changes: Any) -> dict[str, Any]:
        """A new alert."""
        made: dict[str, Any] = self.ok("POST", "/api/2.0/alerts", {**ALERT, **changes}, who)
        return made


@contextmanager
def serving(directory: Path) -> Iterator[Rest]:
    """A workspace whose data are in `directory`."""
    store = Store(directory / "w.sqlite")
    # No route of these tests reaches SQL.
    workspace = Workspace(store, None, Directory(store), "http://testserver")  # type: ignore[arg-type]
    with TestClient(application(workspace), raise_server_exceptions=False) as client:
        made = Rest(workspace, client)
        made.ok("POST", "/api/2.0/workspace/mkdirs", {"path": ALERT["parent_path"]})
        yield made
    store.close()
