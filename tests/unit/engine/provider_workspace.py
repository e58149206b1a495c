"""A tiny workspace on loopback that fails on demand, for provider tests.

`faults` holds one entry for each coming request, used up in order: None (serve), a Fault, or a
method and a Fault to wait for that method.
"""

from __future__ import annotations

import datetime
import itertools
import json
import threading
import urllib.parse
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from databricks_alerts.engine.providers.databricks.provider import DatabricksProvider
from databricks_alerts.engine.providers.databricks.retries import Clock

ALERT = "databricks:index/alertV2:AlertV2"
DESTINATION = "databricks:index/notificationDestination:NotificationDestination"
PERMISSIONS = "databricks:index/permissions:Permissions"
GRANTS = "databricks:index/grants:Grants"
GRANT = "databricks:index/grant:Grant"
TOKEN = "the-token-nobody-may-see"
URN = "urn:pulumi:s::p::t::n"


@dataclass
class Fault:
    """How a request fails: `after` it had effect or before; status 0 drops the connection."""

    status: int = 0
    after: bool = False
    headers: dict[str, str] = field(default_factory=dict)
    body: dict[str, Any] | None = None
    method: str = ""


class TestClock(Clock):
    """Real time plus what was waited for; waiting takes none."""

    __test__ = False

    def __init__(self) -> None:
        super().__init__()
        self.waits: list[float] = []

    def now(self) -> float:
        return super().now() + sum(self.waits)

    def wait(self, seconds: float) -> None:
        self.waits.append(seconds)


class Workspace:
    """What it holds and what it was asked."""

    def __init__(self) -> None:
        self.alerts: dict[str, dict[str, Any]] = {}
        self.destinations: dict[str, dict[str, Any]] = {}
        self.acl: dict[str, list[dict[str, Any]]] = {}
        self.grants: dict[str, dict[str, list[str]]] = {}
        self.faults: list[Fault | None] = []
        self.requests: list[tuple[str, str, Any]] = []
        self.hidden: set[str] = set()  # destinations that the list does not show yet
        self.lock = threading.RLock()
        self.numbers = itertools.count(1)
        self.url = ""

    def fault(self, method: str) -> Fault | None:
        with self.lock:
            if self.faults:
                head = self.faults[0]
                if head is None or not head.method or head.method == method:
                    return self.faults.pop(0)
            return None

    def asked(self, method: str, path: str = "") -> list[Any]:
        return [body for verb, where, body in self.requests if verb == method and path in where]

    def answer(self, method: str, path: str, query: dict[str, str], body: Any) -> tuple[int, Any]:
        with self.lock:
            self.requests.append((method, path, {**query, "body": body}))
            parts = path.strip("/").split("/")
            if path.startswith("/api/2.0/alerts"):
                return self.alert(method, parts[3:], query, body)
            if path.startswith("/api/2.0/notification-destinations"):
                return self.destination(method, parts[3:], query, body)
            if path.startswith("/api/2.0/permissions/"):
                if method == "PUT":
                    self.acl[path] = body["access_control_list"]
                return 200, {"access_control_list": [_acl(item) for item in self.acl[path]]}
            if path.startswith("/api/2.1/unity-catalog/permissions/"):
                return self.grant(method, path, body)
            if path.endswith("/Me"):
                return 200, {"userName": "me@x.test"}
            return 404, {"error_code": "ENDPOINT_NOT_FOUND", "message": path}

    def alert(
        self, method: str, rest: list[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        now = datetime.datetime.now(datetime.UTC).isoformat().replace("+00:00", "Z")
        if method == "POST":
            key = f"alert-{next(self.numbers)}"
            home = "/Workspace/" + body.get("parent_path", "Users/me").removeprefix(
                "/Workspace"
            ).strip("/")
            self.alerts[key] = {
                **body,
                "id": key,
                "parent_path": home,
                "create_time": now,
                "update_time": now,
                "lifecycle_state": "ACTIVE",
                "owner_user_name": "me@x.test",
                "effective_run_as": {"user_name": "me@x.test"},
                "run_as_user_name": "me@x.test",
            }
            self.alerts[key]["schedule"] = {"pause_status": "UNPAUSED", **body["schedule"]}
            return 200, self.alerts[key]
        if not rest:
            found = [item for item in self.alerts.values() if item["lifecycle_state"] == "ACTIVE"]
            start, size = int(query.get("page_token", 0)), int(query["page_size"])
            more = {"next_page_token": str(start + size)} if start + size < len(found) else {}
            return 200, {"alerts": found[start : start + size], **more}
        if rest[0] not in self.alerts:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "no such alert"}
        alert = self.alerts[rest[0]]
        if method == "PATCH":
            for name in query["update_mask"].split(","):
                alert.pop(name, None)
                alert |= {name: body[name]} if name in body else {}
        if method == "DELETE":
            alert["lifecycle_state"] = "DELETED"
            if query.get("purge"):
                del self.alerts[rest[0]]
        return 200, alert

    def destination(
        self, method: str, rest: list[str], query: dict[str, str], body: Any
    ) -> tuple[int, Any]:
        if method == "POST":
            key = f"destination-{next(self.numbers)}"
            self.destinations[key] = {"id": key, **body}
            return 200, _shown(self.destinations[key])
        if not rest:
            found = [
                {key: value for key, value in _shown(item).items() if key != "config"}
                for item in self.destinations.values()
                if item["id"] not in self.hidden
            ]
            return 200, {"results": found}
        if rest[0] not in self.destinations:
            return 404, {"error_code": "RESOURCE_DOES_NOT_EXIST", "message": "none such"}
        if method == "DELETE":
            return 200, self.destinations.pop(rest[0]) and {}
        if method == "PATCH":
            self.destinations[rest[0]] |= body
        return 200, _shown(self.destinations[rest[0]])

    def grant(self, method: str, path: str, body: Any) -> tuple[int, Any]:
        found = self.grants.setdefault(path, {})
        for change in (body or {}).get("changes", []):
            has = set(found.get(change["principal"], []))
            found[change["principal"]] = sorted((has | set(change["add"])) - set(change["remove"]))
        return 200, {
            "privilege_assignments": [
                {"principal": key, "privileges": value} for key, value in found.items() if value
            ]
        }


def _acl(item: dict[str, Any]) -> dict[str, Any]:
    who = {key: value for key, value in item.items() if key != "permission_level"}
    return {**who, "all_permissions": [{"permission_level": item["permission_level"]}]}


def _shown(item: dict[str, Any]) -> dict[str, Any]:
    ((kind, block),) = item["config"].items()
    names = {"generic_webhook": "WEBHOOK"}
    shown = block if kind == "email" else {f"{key}_set": True for key in block}
    kind_name = names.get(kind, kind.upper())
    return {**item, "destination_type": kind_name, "config": {kind: shown}}


def _handler(workspace: Workspace) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def log_message(self, *arguments: Any) -> None:
            pass

        def serve(self) -> None:
            length = int(self.headers.get("Content-Length") or 0)
            text = self.rfile.read(length)
            url = urllib.parse.urlsplit(self.path)
            query = dict(urllib.parse.parse_qsl(url.query))
            if url.path.startswith("/.well-known"):
                self.send(404, {}, {})
                return
            fault = workspace.fault(self.command)
            body = json.loads(text) if text else None
            status, answer = 200, {}
            if fault is None or fault.after:
                status, answer = workspace.answer(self.command, url.path, query, body)
            if fault is None:
                self.send(status, answer, {})
            elif fault.status:
                self.send(fault.status, fault.body, fault.headers)
            else:
                self.close_connection = True

        def send(self, status: int, body: Any, headers: dict[str, str]) -> None:
            data = b"" if body is None else json.dumps(body).encode()
            self.send_response(status)
            for name, value in {**headers, "Content-Length": str(len(data))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)

    for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
        setattr(Handler, f"do_{method}", Handler.serve)
    return Handler


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 64


@contextmanager
def serving() -> Iterator[Workspace]:
    """A workspace on a free loopback port."""
    workspace = Workspace()
    server = _Server(("127.0.0.1", 0), _handler(workspace))
    workspace.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
    thread.start()
    try:
        yield workspace
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def provider_for(workspace: Workspace, clock: Clock | None = None) -> DatabricksProvider:
    """A provider of this workspace."""
    provider = DatabricksProvider(clock or TestClock())
    provider.configure({"host": workspace.url, "token": TOKEN})
    return provider


def alert(name: str = "a", **more: Any) -> dict[str, Any]:
    """An alert's inputs."""
    return {
        "displayName": name,
        "queryText": "SELECT 1 AS x",
        "warehouseId": "w",
        "parentPath": "/Shared/alerts",
        "evaluation": {
            "comparisonOperator": "GREATER_THAN",
            "source": {"name": "x"},
            "threshold": {"value": {"doubleValue": 0}},
        },
        "schedule": {"quartzCronSchedule": "0 0 9 * * ?", "timezoneId": "UTC"},
        **more,
    }


def slack(name: str = "d", url: str = "https://hooks.test/secret-path") -> dict[str, Any]:
    """A Slack destination's inputs."""
    return {"displayName": name, "config": {"slack": {"url": url}}}
