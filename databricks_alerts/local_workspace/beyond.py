"""What clients ask of Databricks that no local workspace can do for them."""

from __future__ import annotations

from typing import Any, NoReturn

from starlette.routing import Route

from databricks_alerts.local_workspace.errors import ApiError
from databricks_alerts.local_workspace.wire import Call, route

_METHODS = ("GET", "POST", "PUT", "PATCH", "DELETE")


def routes() -> list[Route]:
    """The routes of this room."""
    jobs = "/api/{version}/jobs/{call:path}"
    return [
        route("POST", "/telemetry-ext", _drop_telemetry),
        *(route(method, jobs, _refuse_jobs) for method in _METHODS),
    ]


def _drop_telemetry(call: Call) -> dict[str, Any]:
    """Events are taken and forgotten; the CLI would try three times to get rid of them."""
    events = call.json().get("protoLogs")
    return {"errors": [], "numProtoSuccess": len(events) if isinstance(events, list) else 0}


def _refuse_jobs(call: Call) -> NoReturn:
    raise ApiError(
        501,
        "NOT_IMPLEMENTED",
        f"Jobs are not supported by the local workspace ({call.url_path[:100]}); deploy them to a "
        "Databricks workspace.",
    )
