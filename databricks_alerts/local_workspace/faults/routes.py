"""/local/faults: faults for tests and drills, by admins.

GET                 the rules in force, with how many requests each matched and struck
POST {kind, …}      a rule more (`rules.Fault` says what it may hold)
DELETE [/{id}]      lift one, or all
"""

from __future__ import annotations

from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.faults.rules import WAREHOUSE_KINDS, Fault, Seen
from databricks_alerts.local_workspace.wire import Call, require_admin, route

_BASE = "/local/faults"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("GET", _BASE, _list),
        route("POST", _BASE, _add),
        route("DELETE", _BASE, _clear),
        route("DELETE", f"{_BASE}/{{id}}", _remove),
    ]


def _list(call: Call) -> dict[str, Any]:
    require_admin(call)
    return {"faults": [_shown(fault, seen) for fault, seen in call.workspace.faults.all()]}


def _add(call: Call) -> dict[str, Any]:
    require_admin(call)
    fault = call.workspace.faults.add(call.json())
    if fault.kind == "warehouse_stopped":
        call.workspace.power.stop(start_seconds=fault.seconds)
    elif fault.kind == "warehouse_starting":
        call.workspace.power.start(fault.seconds)
    return _shown(fault, Seen())


def _clear(call: Call) -> dict[str, Any]:
    require_admin(call)
    call.workspace.faults.clear()
    call.workspace.power.start(0)
    return {}


def _remove(call: Call) -> dict[str, Any]:
    require_admin(call)
    if call.workspace.faults.remove(call.path["id"]).kind in WAREHOUSE_KINDS:
        call.workspace.power.start(0)
    return {}


def _shown(fault: Fault, seen: Seen) -> dict[str, Any]:
    return {**fault.document(), "matched": seen.matched, "struck": seen.struck}
