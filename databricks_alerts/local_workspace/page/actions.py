"""What the page's buttons do."""

from __future__ import annotations

from typing import TYPE_CHECKING

from databricks_alerts.local_workspace.alerts.models import Alerts
from databricks_alerts.local_workspace.identity.models import ADMIN
from databricks_alerts.local_workspace.page import facts

if TYPE_CHECKING:
    from databricks_alerts.local_workspace.state import Workspace


def run(workspace: Workspace, key: str) -> None:
    """Evaluate an alert now; one that is gone is left alone."""
    found = facts.find(workspace, key)
    if found is not None:
        facts.alarms_of(workspace).runner.run(found, workspace.clock(), "MANUAL")


def pause(workspace: Workspace, key: str) -> None:
    """Let an alert's schedule rest."""
    _set(workspace, key, "PAUSED")


def resume(workspace: Workspace, key: str) -> None:
    """Let it run by its schedule again."""
    _set(workspace, key, "UNPAUSED")


def _set(workspace: Workspace, key: str, status: str) -> None:
    """As an update over the API would; an alert that is gone is left alone."""
    user = workspace.directory.find(ADMIN)
    assert user is not None, "the local workspace's admin cannot be removed"
    if facts.find(workspace, key) is not None:
        body = {"schedule": {"pause_status": status}}
        alerts = Alerts(workspace.store, workspace.timestamp)
        alerts.update(user, key, body, "schedule.pause_status")
