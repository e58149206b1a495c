"""Freeing a display name that another alert takes over in the same run."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pulumi

from databricks_alerts.workspace_view.inventory import ExistingAlert

# The Databricks id of an alert and its new display name.
Rename = Callable[[str, str], None]


def name_release(alert: ExistingAlert, rename: Rename) -> pulumi.ResourceHook:
    """A hook that gives an alert a name for the time being.

    Two alerts that swap names cannot be renamed one after the other, and an alert that goes is
    deleted only at the end of a run. The alert gets its own new name, or is deleted, later in the
    same run; should that be cut short, the next one does it.
    """

    async def release(_: pulumi.ResourceHookArgs) -> None:
        await asyncio.to_thread(rename, alert.id, f"{alert.display_name} ({alert.id})")

    return pulumi.ResourceHook(f"alerts-free-{alert.id}", release)
