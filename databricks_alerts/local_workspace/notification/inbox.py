"""What arrived: posts to /inbox/<name> and e-mails, the last ones kept."""

from __future__ import annotations

import uuid
from typing import Any

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from databricks_alerts.local_workspace.store import Document, Store
from databricks_alerts.local_workspace.wire import answer

KIND = "received"
_KEPT = 500
_LARGEST = 256 * 1024
_MASKED = "[secret]"


class Inbox:
    """Received messages, newest first."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def add(self, name: str, via: str, at: str, body: Any) -> None:
        """Keep one; the oldest goes when there are too many."""
        key = str(uuid.uuid4())
        document = {"id": key, "name": name, "via": via, "at": at, "body": body}
        with self._store.transaction():
            self._store.put(KIND, key, document)
            for old in self._store.all(KIND)[:-_KEPT]:
                self._store.delete(KIND, old["id"])

    def messages(self, name: str | None = None) -> list[Document]:
        """All of them, or those for one name."""
        found = [item for item in self._store.all(KIND) if name in (None, item["name"])]
        return found[::-1]


def route() -> Route:
    """`POST /inbox/<name>`: takes what a webhook would; no token, as real receivers want none."""
    return Route("/inbox/{name}", _receive, methods=["POST"])


async def _receive(request: Request) -> Response:
    body = await request.body()
    if len(body) > _LARGEST:
        return answer({"error_code": "REQUEST_TOO_LARGE", "message": "at most 256 KiB"}, 413)
    try:
        document = await request.json()
    except ValueError:
        document = body.decode(errors="replace")
    if isinstance(document, dict) and "routing_key" in document:
        document = {**document, "routing_key": _MASKED}
    workspace = request.app.state.workspace
    if workspace.alarms is None:
        return answer({"error_code": "NOT_IMPLEMENTED", "message": "there is no inbox"}, 501)
    workspace.alarms.inbox.add(
        request.path_params["name"], "webhook", workspace.timestamp(), document
    )
    return answer({"status": "ok"}, 202)
