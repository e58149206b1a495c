"""Six clusters and a warehouse, and how busy they are."""

from __future__ import annotations

import numpy as np

from databricks_alerts.local_workspace.ids import WAREHOUSE_ID
from databricks_alerts.local_workspace.system.samples.window import (
    DAY,
    DAYS,
    Rows,
    Window,
    days,
    micros,
    names,
    noise,
    ours,
    person,
)

_CLUSTERS = 6


def clusters(window: Window) -> Rows:
    """All-purpose and job clusters, made before all that time."""
    made = np.full(_CLUSTERS, (window.today - DAYS - 30) * DAY, dtype=np.int64)
    return _CLUSTERS, {
        **ours(),
        "cluster_id": names("cluster-{}", range(_CLUSTERS)),
        "cluster_name": names("Shared {}", range(_CLUSTERS)),
        "owned_by": [person(number) for number in range(_CLUSTERS)],
        "create_time": micros(made),
        "driver_node_type": "i3.xlarge",
        "worker_node_type": "i3.xlarge",
        "worker_count": 4,
        "auto_termination_minutes": [0 if number == 5 else 60 for number in range(_CLUSTERS)],
        "enable_elastic_disk": True,
        "tags": [{"team": f"team-{number % 3}"} for number in range(_CLUSTERS)],
        "cluster_source": ["UI" if number == 0 else "JOB" for number in range(_CLUSTERS)],
        "dbr_version": "16.4.x-scala2.12",
        "change_time": micros(made),
        "change_date": days(made),
        "data_security_mode": "USER_ISOLATION",
    }


def node_timeline(window: Window) -> Rows:
    """Every half hour a minute of each cluster's driver; cluster-5 idles."""
    slots, cluster = window.slots(1800, _CLUSTERS)
    number = slots * _CLUSTERS + cluster
    return len(slots), {
        **ours(),
        "cluster_id": names("cluster-{}", cluster),
        "instance_id": names("i-{:08}", cluster),
        "start_time": micros(slots * 1800),
        "end_time": micros(slots * 1800 + 60),
        "driver": True,
        "cpu_user_percent": np.where(cluster == 5, 6.0, 40.0 + 8 * cluster + noise(number, 10) / 2),
        "cpu_system_percent": np.where(cluster == 5, 1.0, 5.0),
        "cpu_wait_percent": 0.5,
        "mem_used_percent": 55.0 + noise(number, 20),
        "mem_swap_percent": 0.0,
        "network_sent_bytes": noise(number, 1_000_000),
        "network_received_bytes": noise(number + 1, 1_000_000),
        "node_type": "i3.xlarge",
    }


def warehouses(window: Window) -> Rows:
    """The workspace's SQL warehouse."""
    made = np.full(1, (window.today - DAYS - 30) * DAY, dtype=np.int64)
    return 1, {
        **ours(),
        "warehouse_id": WAREHOUSE_ID,
        "warehouse_name": "local",
        "warehouse_type": "PRO",
        "warehouse_channel": "CURRENT",
        "warehouse_size": "SMALL",
        "min_clusters": 1,
        "max_clusters": 2,
        "auto_stop_minutes": 30,
        "tags": [{}],
        "change_time": micros(made),
    }


def warehouse_events(window: Window) -> Rows:
    """The warehouse starts at seven and stops at nineteen o'clock, UTC."""
    day, stops = window.slots(DAY, 2)
    times = day * DAY + 3600 * (7 + 12 * stops)
    happened = times < window.end
    stops, times = stops[happened], times[happened]
    return len(times), {
        **ours(),
        "warehouse_id": WAREHOUSE_ID,
        "event_type": ["STOPPED" if item else "RUNNING" for item in stops.tolist()],
        "cluster_count": 1 - stops,
        "event_time": micros(times),
    }
