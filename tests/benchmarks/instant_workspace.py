"""A workspace that answers at once and holds any number of alerts: what peers were measured on."""

from __future__ import annotations

import json
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

ALERTS: dict[str, dict[str, Any]] = {}
DESTINATIONS: dict[str, dict[str, Any]] = {}
PAGE = 100


class Handler(BaseHTTPRequestHandler):
    """Alerts and destinations in memory."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1

    def do_GET(self) -> None:
        """List or one."""
        path = urlsplit(self.path)
        name = path.path.rstrip("/").rsplit("/", 1)[-1]
        if path.path == "/api/2.0/alerts":
            start = int(parse_qs(path.query).get("page_token", ["0"])[0])
            found = list(ALERTS.values())[start : start + PAGE]
            token = {"next_page_token": str(start + PAGE)} if start + PAGE < len(ALERTS) else {}
            self._answer({"alerts": found, **token})
        elif path.path == "/api/2.0/notification-destinations":
            self._answer({"results": list(DESTINATIONS.values())})
        elif name in ALERTS or name in DESTINATIONS:
            self._answer(ALERTS.get(name) or DESTINATIONS[name])
        elif name == "Me":
            self._answer({"id": "1", "userName": "a@b.co"})
        else:
            self._answer({"error_code": "RESOURCE_DOES_NOT_EXIST", "message": name}, 404)

    def do_POST(self) -> None:
        """Create."""
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        key = str(uuid.uuid4())
        if self.path.startswith("/api/2.0/alerts"):
            body |= {"id": key, "lifecycle_state": "ACTIVE", "owner_user_name": "a@b.co"}
            body["effective_run_as"] = {"user_name": "a@b.co"}
            body["create_time"] = body["update_time"] = "2026-01-01T00:00:00Z"
            body["evaluation"]["state"] = "UNKNOWN"
            ALERTS[key] = body
        else:
            body |= {"id": key, "destination_type": "EMAIL"}
            DESTINATIONS[key] = body
        self._answer(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Quiet."""

    def _answer(self, document: dict[str, Any], status: int = 200) -> None:
        content = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.send_header("X-Databricks-Org-Id", "1")
        self.end_headers()
        self.wfile.write(content)


def main() -> None:
    """Serve on a free loopback port, which is printed first."""
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    print(f"http://127.0.0.1:{server.server_address[1]}", flush=True)
    server.serve_forever()


if __name__ == "__main__":
    main()
