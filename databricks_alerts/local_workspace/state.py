"""The workspace as its rooms see it: everything that lasts longer than a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from databricks_alerts.local_workspace.faults.book import FaultBook
from databricks_alerts.local_workspace.identity.models import Directory
from databricks_alerts.local_workspace.ids import ORG_ID, WAREHOUSE_ID
from databricks_alerts.local_workspace.requests_log import RequestLog
from databricks_alerts.local_workspace.store import Store
from databricks_alerts.local_workspace.system.journal import Journal
from databricks_alerts.local_workspace.warehouse import Warehouse
from databricks_alerts.local_workspace.warehouses.models import Power

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.alarms import Alarms

__all__ = ["ORG_ID", "WAREHOUSE_ID", "Workspace", "now"]


def now() -> dt.datetime:
    """The time, in UTC."""
    return dt.datetime.now(dt.UTC)


@dataclass
class Workspace:
    """Stores, engines and the clock that all rooms share; `host` is the base URL."""

    store: Store
    warehouse: Warehouse
    directory: Directory
    host: str = ""
    clock: Callable[[], dt.datetime] = now
    power: Power = field(default_factory=Power)
    faults: FaultBook = field(default_factory=FaultBook)
    requests: RequestLog = field(default_factory=RequestLog)
    alarms: Alarms | None = None
    journal: Journal | None = None
    """Where requests are kept for the audit log; None where there is none."""

    def timestamp(self) -> str:
        """The clock's time as the APIs write it (RFC 3339, UTC, milliseconds)."""
        return self.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
