"""What `alerts workspace …` and tests ask of a running workspace beside Databricks' own APIs."""

from __future__ import annotations

import json
import urllib.error
import urllib.request
from typing import Any
from urllib.parse import quote

from workspace.errors import WorkspaceProcessError
from workspace.process import DIRECT, Running


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
    except (OSError, ValueError) as error:
        raise WorkspaceProcessError(
            f"the local workspace at {running.url} does not answer: {error}"
        ) from error


def _words(error: urllib.error.HTTPError) -> str:
    try:
        return str(json.loads(error.read())["message"])
    except (ValueError, KeyError, TypeError):
        return f"the local workspace answered {error.code}"
