"""What stops a run before anything changes: too many deletes, an older table, a full workspace.

Pure; each guard raises GuardError, which says how to allow what it refused.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence

from databricks_alerts.deployed import Deployed
from databricks_alerts.errors import GuardError
from databricks_alerts.listing import some
from databricks_alerts.plan.decisions import Declared
from databricks_alerts.rules.tables import ALERTS
from databricks_alerts.workspace_view.inventory import Inventory

_REMEDY = (
    "Delete alerts for good (databricks-alerts:purgeOnDelete), or spread the rules over workspaces"
)
WORKSPACE_ALERT_LIMIT = 1000  # trashed ones included; facts of databricks/cli's history


def guard_deletes(
    declared: Iterable[str],
    deployed: Mapping[str, str],
    *,
    rows: int,
    max_deletes: int | float | None,
    table: str = ALERTS,
) -> list[str]:
    """The alert_ids (or, with that `table`, destination_ids) that will go, in order.

    `rows` is how many rows the table has, enabled or not. `max_deletes` is a count, a share of the
    deployed (a float below 1), or None for the default: 5 or 20 %, whichever is more.

    Raises GuardError when the table is empty though its things are deployed, or when more would go.
    """
    things = "alerts" if table == ALERTS else "destinations"
    gone = sorted(set(deployed) - set(declared))
    if deployed and not rows:
        raise GuardError(
            f"{table} is empty but this stack has deployed {len(deployed)} {things}: "
            "was it truncated, or is the catalog the right one? To delete them all on purpose, "
            "run `alerts destroy`"
        )
    limit = delete_limit(len(deployed), max_deletes)
    if len(gone) > limit:
        raise GuardError(
            f"{len(gone)} of {len(deployed)} deployed {things} would be deleted, {limit} are "
            f"allowed: {some(gone)}. If that is meant, set databricks-alerts:maxDeletes to "
            f"{len(gone)} for this stack, or put the rows back"
        )
    return gone


def guard_members(removed: Sequence[str], rows: int, *, max_deletes: int | float | None) -> None:
    """Refuse a seeding by which more of `rows` families' members would go than alerts may.

    Raises GuardError: each row's alert is deleted by the next deployment.
    """
    limit = delete_limit(rows, max_deletes)
    if len(removed) > limit:
        raise GuardError(
            f"{len(removed)} of {rows} rules of families would be deleted, since their members are "
            f"gone, {limit} are allowed: {some(removed)}. If that is meant, set "
            f"databricks-alerts:maxDeletes to {len(removed)} for this stack; if not, look at "
            "for_each in the pack (members whose key changed: for_each.renamed_from)"
        )


def delete_limit(deployed: int, max_deletes: int | float | None) -> int:
    """How many alerts one run may delete (see `guard_deletes`)."""
    if max_deletes is None:
        return max(5, math.floor(deployed * 0.2))
    if isinstance(max_deletes, float):
        return math.floor(deployed * max_deletes)
    return max_deletes


def guard_state(deployed: Deployed) -> None:
    """Refuse a state in which two resources stand for one alert or destination.

    Raises GuardError: deploying would delete what the other one needs.
    """
    if deployed.twice:
        raise GuardError(
            f"the state holds {some(deployed.twice)} under two URNs each, so deleting one would "
            "delete what the other stands for. Take one out of the state: `pulumi stack export` "
            "shows the URNs, `pulumi state delete URN` forgets one and deletes nothing"
        )


def guard_version(version: int, deployed: Deployed, *, pinned: bool) -> None:
    """Refuse a table older than the one applied last, unless its version is pinned on purpose.

    Raises GuardError: the table was restored, recreated, or is another one.
    """
    applied = deployed.config_version
    if applied is not None and version < applied and not pinned:
        raise GuardError(
            f"alert_configurations is at version {version}, but version {applied} was deployed "
            "already: was the table restored or recreated, or is the catalog the right one? To "
            f"deploy this version on purpose, set databricks-alerts:configVersion to {version}"
        )


def quota_is_near(inventory: Inventory, rows: int) -> bool:
    """Whether alerts in the trash could matter for the workspace's limit."""
    return len(inventory.alerts) + rows >= WORKSPACE_ALERT_LIMIT / 2


def guard_quota(declared: Iterable[Declared], inventory: Inventory, trashed: int = 0) -> str | None:
    """A warning from 90 % of the workspace's limit of 1,000 alerts, None below.

    Raises GuardError when the new alerts cannot fit. Trashed alerts hold places for 30 days, but no
    list shows them: `trashed`, those that our own runs put there, are counted for the warning
    only, since somebody may have restored or purged them.
    """
    new = sum(1 for item in declared if item.decision == "deploy" and not item.existing)
    total = len(inventory.alerts) + new
    if new and total > WORKSPACE_ALERT_LIMIT:
        raise GuardError(
            f"{new} new alerts do not fit: the workspace has {len(inventory.alerts)} and holds "
            f"{WORKSPACE_ALERT_LIMIT}, trashed ones included. {_REMEDY}"
        )
    if total + trashed >= WORKSPACE_ALERT_LIMIT * 0.9:
        binned = (
            f"and {trashed} that were deleted in the last 30 days are still in its trash"
            if trashed
            else "trashed ones not counted"
        )
        return (
            f"the workspace will have {total} alerts of at most {WORKSPACE_ALERT_LIMIT}, {binned}. "
            f"{_REMEDY}"
        )
    return None
