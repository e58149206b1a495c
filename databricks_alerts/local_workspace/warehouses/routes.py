"""/api/2.0/sql/warehouses."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from starlette.routing import Route

from databricks_alerts.local_workspace.errors import missing
from databricks_alerts.local_workspace.state import WAREHOUSE_ID
from databricks_alerts.local_workspace.wire import Call, require_admin, route

_BASE = "/api/2.0/sql/warehouses"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("GET", _BASE, listed),
        route("GET", f"{_BASE}/{{id}}", get),
        route("POST", f"{_BASE}/{{id}}/start", start),
        route("POST", f"{_BASE}/{{id}}/stop", stop),
    ]


def listed(call: Call) -> dict[str, Any]:
    """All warehouses."""
    return {"warehouses": [_warehouse(call)]}


def get(call: Call) -> dict[str, Any]:
    """One warehouse."""
    if call.path["id"] != WAREHOUSE_ID:
        raise missing(f"SQL warehouse {call.path['id']} does not exist.")
    return _warehouse(call)


def start(call: Call) -> dict[str, Any]:
    """Start it, if it does not run."""
    get(call)
    call.workspace.power.start()
    return {}


def stop(call: Call) -> dict[str, Any]:
    """Stop it until somebody starts it or sends SQL."""
    require_admin(call)
    get(call)
    call.workspace.power.stop()
    return {}


def _warehouse(call: Call) -> dict[str, Any]:
    address = urlsplit(call.workspace.host)
    return {
        "id": WAREHOUSE_ID,
        "name": "Local warehouse",
        "cluster_size": "2X-Small",
        "min_num_clusters": 1,
        "max_num_clusters": 1,
        "auto_stop_mins": 0,
        "state": call.workspace.power.state,
        "warehouse_type": "PRO",
        "enable_serverless_compute": True,
        "creator_name": "admin@local.test",
        "odbc_params": {
            "hostname": address.hostname,
            "path": f"/sql/1.0/warehouses/{WAREHOUSE_ID}",
            "protocol": address.scheme,
            "port": address.port,
        },
    }
