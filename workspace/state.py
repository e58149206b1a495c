"""The workspace as its rooms see it: everything that lasts longer than a request."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from dataclasses import dataclass

from workspace.identity.models import Directory
from workspace.store import Store
from workspace.warehouse import Warehouse

WAREHOUSE_ID = "0000000000000001"
ORG_ID = "1000000000000001"


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

    def timestamp(self) -> str:
        """The clock's time as the APIs write it (RFC 3339, UTC, milliseconds)."""
        return self.clock().isoformat(timespec="milliseconds").replace("+00:00", "Z")
