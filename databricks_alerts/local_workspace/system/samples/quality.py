"""What Databricks finds out about tables, and does to them, by itself."""

from __future__ import annotations

import numpy as np

from databricks_alerts.local_workspace.ids import METASTORE_ID
from databricks_alerts.local_workspace.system.samples.window import (
    DAY,
    Rows,
    Window,
    micros,
    names,
    ours,
)


def table_results(window: Window) -> Rows:
    """Forty tables, looked at every six hours; two of them are stale."""
    slots, number = window.slots(21_600, 40)
    stale = (number < 2).tolist()
    status = ["Unhealthy" if item else "Healthy" for item in stale]
    times = micros(slots * 21_600)
    fresh = np.where(number < 2, times - 3 * DAY * 1_000_000, times)
    return len(slots), {
        "event_time": times,
        "catalog_name": "main",
        "schema_name": ["sales" if item < 20 else "marts" for item in number.tolist()],
        "table_name": names("table_{}", number),
        "table_id": names("table-{}", number),
        "status": status,
        "freshness": {
            "status": status,
            "commit_freshness": {"status": status, "last_value": fresh, "predicted_value": times},
        },
        "completeness": {"status": "Healthy"},
        "downstream_impact": {"impact_level": 0, "num_downstream_tables": number % 5},
    }


def optimizations(window: Window) -> Rows:
    """Five tables are compacted a day."""
    day, number = window.slots(DAY, 5)
    ended = day * DAY + 600 * number + 120 < window.end
    day, number = day[ended], number[ended]
    begins = day * DAY + 600 * number
    return len(day), {
        **ours(),
        "start_time": micros(begins),
        "end_time": micros(begins + 120),
        "metastore_name": "local",
        "metastore_id": METASTORE_ID,
        "catalog_name": "main",
        "schema_name": "marts",
        "table_name": names("mart_{}", number),
        "table_id": names("mart-{}", number),
        "operation_type": "COMPACTION",
        "operation_id": names("optimization-{}", day * 5 + number),
        "operation_status": "SUCCESSFUL",
        "operation_metrics": [{"number_of_compacted_files": "12"} for _ in range(len(day))],
        "usage_unit": "ESTIMATED_DBU",
        "usage_quantity": (0.1 + number % 5 / 10).astype(np.float64),
    }
