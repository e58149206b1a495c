"""What only this workspace has: run an alert now, set the clock, look at what happened."""

from __future__ import annotations

import datetime as dt
from typing import Any

from starlette.routing import Route

from databricks_alerts.local_workspace.alarms import Alarms
from databricks_alerts.local_workspace.alerts.routes import require_alert
from databricks_alerts.local_workspace.errors import ApiError, invalid
from databricks_alerts.local_workspace.evaluation.clock import Clock
from databricks_alerts.local_workspace.wire import Call, require_admin, route

_ALERT = "/local/alerts/{id}"


def routes() -> list[Route]:
    """The routes of this room."""
    return [
        route("POST", f"{_ALERT}/run", _run),
        route("GET", f"{_ALERT}/evaluations", _evaluations),
        route("GET", "/local/deliveries", _deliveries),
        route("GET", "/local/inbox", _inbox),
        route("GET", "/local/clock", _clock),
        route("POST", "/local/clock", _set_clock),
    ]


def _run(call: Call) -> dict[str, Any]:
    alert = require_alert(call, "CAN_RUN")
    if alert["lifecycle_state"] != "ACTIVE":
        raise invalid(f"Alert {alert['id']} is in the trash.")
    return _alarms(call).runner.run(alert, call.workspace.clock(), "MANUAL").document()


def _evaluations(call: Call) -> dict[str, Any]:
    alert = require_alert(call, "CAN_READ")
    return {"evaluations": _alarms(call).evaluations.latest(alert["id"])}


def _deliveries(call: Call) -> dict[str, Any]:
    require_admin(call)
    return {"deliveries": _alarms(call).notifier.deliveries(call.query("alert_id") or None)}


def _inbox(call: Call) -> dict[str, Any]:
    require_admin(call)
    return {"messages": _alarms(call).inbox.messages(call.query("name") or None)}


def _clock(call: Call) -> dict[str, Any]:
    clock = call.workspace.clock
    speed = clock.speed if isinstance(clock, Clock) else 1.0
    return {"time": call.workspace.timestamp(), "speed": speed}


def _set_clock(call: Call) -> dict[str, Any]:
    require_admin(call)
    clock, body = call.workspace.clock, call.json()
    if not isinstance(clock, Clock):
        raise ApiError(501, "NOT_IMPLEMENTED", "The clock of this workspace cannot be set.")
    speed = body.get("speed", clock.speed)
    if isinstance(speed, bool) or not isinstance(speed, int | float) or not 0 < speed <= 100_000:
        raise invalid("speed must be a number above 0 and at most 100000.")
    try:
        moment = dt.datetime.fromisoformat(str(body.get("time", call.workspace.timestamp())))
    except ValueError:
        raise invalid("time must be an RFC 3339 time.") from None
    if moment.tzinfo is None:
        raise invalid("time must name its zone, such as Z.")
    clock.set(moment.astimezone(dt.UTC), float(speed))
    return _clock(call)


def _alarms(call: Call) -> Alarms:
    alarms = call.workspace.alarms
    if alarms is None:
        raise ApiError(501, "NOT_IMPLEMENTED", "This workspace evaluates no alerts.")
    return alarms
