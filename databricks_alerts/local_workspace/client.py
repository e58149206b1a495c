"""What `alerts workspace …` and tests ask of a running workspace beside Databricks' own APIs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from http.client import HTTPException
from typing import Any
from urllib.parse import quote

from databricks_alerts.local_workspace.errors import WorkspaceProcessError
from databricks_alerts.local_workspace.process import DIRECT, Running


def faults(running: Running) -> list[dict[str, Any]]:
    """The faults in force, each with what it `matched` and `struck`."""
    found: list[dict[str, Any]] = _ask(running, "GET", "/local/faults")["faults"]
    return found


def add_fault(running: Running, kind: str, **fields: Any) -> dict[str, Any]:
    """Add a fault (`faults.rules.Fault` has the fields); answers it with its id.

    Raises WorkspaceProcessError with the workspace's own words for a field that is wrong.
    """
    made: dict[str, Any] = _ask(running, "POST", "/local/faults", {"kind": kind, **fields})
    return made


def remove_fault(running: Running, key: str) -> None:
    """Lift one fault. Raises WorkspaceProcessError if there is none of that id."""
    _ask(running, "DELETE", f"/local/faults/{quote(key, safe='')}")


def clear_faults(running: Running) -> None:
    """Lift all faults; a stopped warehouse runs again."""
    _ask(running, "DELETE", "/local/faults")


def requests(running: Running) -> list[dict[str, Any]]:
    """Counts of the requests so far: method, path (ids left out), count."""
    found: list[dict[str, Any]] = _ask(running, "GET", "/local/requests")["requests"]
    return found


def forget_requests(running: Running) -> None:
    """Begin to count anew."""
    _ask(running, "DELETE", "/local/requests")


def alerts(running: Running) -> list[dict[str, Any]]:
    """Every alert, by pages."""
    found: list[dict[str, Any]] = []
    token = ""
    while True:
        path = f"/api/2.0/alerts?page_size=100&page_token={quote(token, safe='')}"
        page = _ask(running, "GET", path if token else "/api/2.0/alerts?page_size=100")
        found += page.get("alerts", [])
        token = page.get("next_page_token", "")
        if not token:
            return found


def run_alert(running: Running, alert_id: str) -> dict[str, Any]:
    """Evaluate an alert now; answers the evaluation."""
    made: dict[str, Any] = _ask(running, "POST", f"/local/alerts/{quote(alert_id, safe='')}/run")
    return made


def evaluations(running: Running, alert_id: str) -> list[dict[str, Any]]:
    """An alert's last evaluations, newest first."""
    path = f"/local/alerts/{quote(alert_id, safe='')}/evaluations"
    found: list[dict[str, Any]] = _ask(running, "GET", path)["evaluations"]
    return found


def deliveries(running: Running) -> list[dict[str, Any]]:
    """Notifications and how they went, newest first."""
    found: list[dict[str, Any]] = _ask(running, "GET", "/local/deliveries")["deliveries"]
    return found


def inbox(running: Running) -> list[dict[str, Any]]:
    """What webhooks and mailboxes here received, newest first."""
    found: list[dict[str, Any]] = _ask(running, "GET", "/local/inbox")["messages"]
    return found


def set_clock(running: Running, **fields: Any) -> dict[str, Any]:
    """Set `time` (RFC 3339) and `speed` of the workspace's clock."""
    made: dict[str, Any] = _ask(running, "POST", "/local/clock", fields)
    return made


def sign_in_link(running: Running) -> str:
    """A link that signs a browser in, once."""
    made: dict[str, str] = _ask(running, "POST", "/local/signin")
    return made["url"]


def add_user(
    running: Running, name: str, *, admin: bool = False, service_principal: bool = False
) -> dict[str, str]:
    """Add a user; answers id, name, token and, for a service principal, its client credentials."""
    body = {"name": name, "admin": admin, "service_principal": service_principal}
    made: dict[str, str] = _ask(running, "POST", "/local/users", body)
    return made


def _ask(running: Running, method: str, path: str, body: Any = None) -> Any:
    request = urllib.request.Request(  # noqa: S310 - our own loopback address
        running.url + path,
        method=method,
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": f"Bearer {running.token}"},
    )
    try:
        with DIRECT.open(request, timeout=30) as response:
            return json.loads(response.read())
    except urllib.error.HTTPError as error:
        raise WorkspaceProcessError(_words(error)) from error
    except (OSError, HTTPException, ValueError) as error:
        raise WorkspaceProcessError(
            f"the local workspace at {running.url} does not answer: {error}"
        ) from error


def _words(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError):
        return f"the local workspace answered {error.code}"
