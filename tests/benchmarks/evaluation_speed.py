"""500 evaluations in the local workspace: scheduled on a fast clock, and by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2

from databricks_alerts.local_workspace import client, process
from databricks_alerts.local_workspace.process import Running
from tests.benchmarks.measurement import Measurement, report

_ALERTS = 10
_FIRES = 50  # of each alert
_DEADLINE = 180.0
_BAR = 30.0


def measure(folder: Path) -> Iterator[Measurement]:
    """Seconds of 500 evaluations of a small query by schedule, and of one by hand."""
    running = process.start(folder / "evaluations")
    try:
        keys = _alerts(running)
        started = time.perf_counter()
        # Each alert fires every second: 50 seconds of the clock pass at once. A clock faster than
        # usual lets every fire take place; on a usual one a late alert would fire once.
        client.set_clock(running, time="2027-01-10T00:00:50Z", speed=1.000001)
        _until_all_ran(running, keys)
        yield report("workspace: 500 scheduled evaluations", time.perf_counter() - started, _BAR)
        started = time.perf_counter()
        for number in range(100):
            client.run_alert(running, keys[number % _ALERTS])
        seconds = (time.perf_counter() - started) / 100
        yield report("workspace: one evaluation by hand", seconds * 1000, 60, "ms")
    finally:
        process.stop(folder / "evaluations")


def _alerts(running: Running) -> list[str]:
    """Alerts that will fire at every second of one minute of a time to come."""
    client.set_clock(running, time="2027-01-10T00:00:00Z", speed=0.000001)
    sdk = WorkspaceClient(profile="local", config_file=str(running.config_file))
    made = [
        sdk.alerts_v2.create_alert(
            AlertV2.from_dict(
                {
                    "display_name": f"alert {number}",
                    "query_text": f"SELECT {number} AS value",
                    "warehouse_id": running.warehouse_id,
                    "evaluation": {
                        "source": {"name": "value"},
                        "comparison_operator": "GREATER_THAN",
                        "threshold": {"value": {"double_value": 5}},
                        "empty_result_state": "OK",
                    },
                    "schedule": {
                        "quartz_cron_schedule": f"1-{_FIRES} 0 0 10 1 ? 2027",
                        "timezone_id": "UTC",
                        "pause_status": "UNPAUSED",
                    },
                }
            )
        )
        for number in range(_ALERTS)
    ]
    time.sleep(1.0)  # the scheduler looks twice a second
    return [str(alert.id) for alert in made]


def _until_all_ran(running: Running, keys: list[str]) -> None:
    deadline = time.monotonic() + _DEADLINE
    while any(len(client.evaluations(running, key)) < _FIRES for key in keys):
        if time.monotonic() > deadline:
            raise TimeoutError(f"500 evaluations did not end in {_DEADLINE:.0f} s")
        time.sleep(0.1)
