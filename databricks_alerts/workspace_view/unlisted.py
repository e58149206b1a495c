"""Alerts that rows name and the list lacks: a look at each tells whether it is gone for certain.

A list may be behind (databricks-api: that of destinations is), and deploying an alert again because
it was not listed would double it.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from databricks_alerts.snapshot import Snapshot
from databricks_alerts.workspace_view.inventory import (
    ExistingAlert,
    Inventory,
    existing_alert,
    look_at,
)

if TYPE_CHECKING:
    from databricks.sdk.core import Config

# More than so many are not one late list: they are looked at no more, and the list is believed.
_MOST = 50
_AT_ONCE = 10


def with_unlisted(config: Config, snapshot: Snapshot, inventory: Inventory) -> Inventory:
    """The inventory and what it lacked.

    Raises AuthenticationError for an alert that is there but may not be seen, WorkspaceError.
    """
    listed = {alert.id for alert in inventory.alerts}
    named = {rule.databricks_alert_id for rule in snapshot.rules if rule.is_enabled}
    named |= {row.databricks_id for row in snapshot.invalid_rules if row.is_enabled}
    lacking = sorted(key for key in named if key and key not in listed)
    if not lacking or len(lacking) > _MOST:
        return inventory
    with ThreadPoolExecutor(min(_AT_ONCE, len(lacking))) as pool:
        found = [item for item in pool.map(lambda key: _look(config, key), lacking) if item]
    return inventory.model_copy(update={"alerts": (*inventory.alerts, *found)})


def _look(config: Config, key: str) -> ExistingAlert | None:
    """The alert with this id; None if it is deleted or in the trash."""
    found = look_at(config, key)
    if found is None or found.get("lifecycle_state") == "DELETED":
        return None
    return existing_alert(found)
