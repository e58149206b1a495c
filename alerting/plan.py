"""What to declare: the pure decision between a validated snapshot and the resources of a run.

Every numbered rule of the design about deploying stands here as a function without side effects:
hold, skip or fail (4), the delete guard (5), adoption (6), trashed is gone (7).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from alerting.errors import GuardError
from alerting.inventory import ExistingAlert, ExistingDestination, Inventory, folder
from alerting.tables import ALERTS

_REMEDY = (
    "Delete alerts for good (databricks-alerts:purgeOnDelete), or spread the rules over workspaces"
)
_TOLD = 10
WORKSPACE_ALERT_LIMIT = 1000  # trashed ones included; facts of databricks/cli's history

Decision = Literal["deploy", "hold", "skip"]


@dataclass(frozen=True)
class Candidate:
    """A rule or destination that wants to be declared.

    `key` is alert_id or destination_id, `name` the display name, `known_id` the Databricks id
    written back into its row (empty: none), `valid` whether no finding speaks against it.
    """

    key: str
    name: str
    known_id: str
    valid: bool


@dataclass(frozen=True)
class Declared:
    """What becomes of one candidate.

    `existing` is the Databricks id that it has already (empty: none); `adopt` says that the stack
    does not manage that one yet, so it is imported. `replaces` is the Databricks id of the alert
    that was trashed or deleted outside and that this one stands in for (empty: none ever was).
    """

    key: str
    decision: Decision
    existing: str = ""
    adopt: bool = False
    replaces: str = ""


@dataclass(frozen=True)
class Deployed:
    """The last deployment of this stack: our ids to Databricks' ids, and the version applied.

    `config_version` is None when the stack was never deployed. `replaced` are the Databricks ids of
    alerts that were lost and deployed again, by our ids.
    """

    alerts: Mapping[str, str] = field(default_factory=dict)
    destinations: Mapping[str, str] = field(default_factory=dict)
    config_version: int | None = None
    replaced: Mapping[str, str] = field(default_factory=dict)


def deployed_from(outputs: dict[str, Any]) -> Deployed:
    """The last deployment as the stack's outputs tell it (components.outputs)."""
    version = outputs.get("configVersion")
    return Deployed(
        alerts=_ids(outputs.get("alerts")),
        destinations=_ids(outputs.get("destinations")),
        config_version=None if version is None else int(version),
        replaced=_ids(outputs.get("replaced")),
    )


def _ids(mapping: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in (mapping or {}).items() if value}


def decide_alerts(
    candidates: Sequence[Candidate],
    inventory: Inventory,
    deployed: Deployed,
    *,
    parent_path: str,
    adopt_existing: bool,
) -> list[Declared]:
    """Match every rule with the alert that it has, if any, then deploy, hold or skip it.

    An alert belongs to a rule when the stack deployed it for that rule; else, with
    `adopt_existing`, when the row names its id; else when its name stands in `parent_path`. The
    list of alerts leaves trashed ones out, so a trashed alert belongs to nobody. Databricks'
    provider takes it for living, so `replaces` tells the engine to deploy it again.
    """
    home = folder(parent_path)
    by_id = {alert.id: alert for alert in inventory.alerts}
    by_name = {alert.display_name: alert for alert in inventory.alerts if alert.parent_path == home}
    taken = _claimed(candidates, deployed.alerts, by_id)

    def match(candidate: Candidate) -> tuple[str, bool]:
        managed = deployed.alerts.get(candidate.key, "")
        if managed in by_id:
            return managed, False
        if not adopt_existing:
            return "", False
        noted = by_id.get(candidate.known_id)
        if noted is not None and noted.parent_path == home:
            return noted.id, True
        named = by_name.get(candidate.name)
        if named is not None and named.id not in taken:
            return named.id, True
        return "", False

    def declare(candidate: Candidate) -> Declared:
        managed = deployed.alerts.get(candidate.key, "")
        lost = managed if managed not in by_id else ""
        replaces = lost or deployed.replaced.get(candidate.key, "")
        return replace(_declare(candidate, *match(candidate)), replaces=replaces)

    return [declare(candidate) for candidate in candidates]


def left_elsewhere(
    candidates: Sequence[Candidate], declared: Sequence[Declared], inventory: Inventory
) -> str | None:
    """A warning about rows that name alerts of other folders: those are neither taken nor touched.

    An alert's folder cannot be changed by the API, and tables that were copied from another
    stack name that stack's alerts.
    """
    by_id = {alert.id: alert for alert in inventory.alerts}
    used = {item.existing for item in declared}
    left = [
        f"{item.key}: {by_id[item.known_id].parent_path}"
        for item in candidates
        if item.known_id in by_id and item.known_id not in used
    ]
    if not left:
        return None
    more = f" and {len(left) - _TOLD} more" if len(left) > _TOLD else ""
    return (
        f"the alerts that databricks_alert_id names stand outside parentPath and stay as they are "
        f"({', '.join(left[:_TOLD])}{more}); to adopt one instead, move it into parentPath first"
    )


def decide_destinations(
    candidates: Sequence[Candidate],
    types: Mapping[str, str],
    inventory: Inventory,
    deployed: Mapping[str, str],
    *,
    adopt_existing: bool,
) -> list[Declared]:
    """The same for destinations, which have no folder: matched by id, else by name and type.

    `types` maps destination_id to the API's destination type, where the row has one. An invalid
    one that the stack manages is held though no list shows it: that list is behind at times, and
    the engine deletes what is not declared.
    """
    by_id = {item.id: item for item in inventory.destinations}
    by_name = {(item.display_name, item.type): item for item in inventory.destinations}
    taken = _claimed(candidates, deployed, by_id)

    def match(candidate: Candidate) -> tuple[str, bool]:
        managed = deployed.get(candidate.key, "")
        if managed in by_id or (managed and not candidate.valid):
            return managed, False
        if not adopt_existing:
            return "", False
        noted = by_id.get(candidate.known_id)
        kind = types.get(candidate.key, "")
        if noted is not None and noted.type == kind:
            return noted.id, True
        named = by_name.get((candidate.name, kind))
        if named is not None and named.id not in taken:
            return named.id, True
        return "", False

    return [_declare(candidate, *match(candidate)) for candidate in candidates]


def still_needed(
    declared: Sequence[Declared],
    deployed: Mapping[str, str],
    alerts: Sequence[Declared],
    inventory: Inventory,
) -> list[Declared]:
    """Destinations to hold though no row declares them: held alerts notify them.

    A rule that names a destination whose row is gone or disabled is invalid, so its alert is held;
    without the destination it would fall silent.
    """
    by_id = {alert.id: alert for alert in inventory.alerts}
    held = [by_id[item.existing] for item in alerts if item.decision == "hold"]
    notified = {target for alert in held for target in alert.destination_ids}
    kept = {item.key for item in declared if item.decision != "skip"}
    return [
        Declared(key, "hold", identity)
        for key, identity in sorted(deployed.items())
        if key not in kept and identity in notified
    ]


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
            f"allowed: {_some(gone)}. If that is meant, set databricks-alerts:maxDeletes to "
            f"{len(gone)} for this stack, or put the rows back"
        )
    return gone


def delete_limit(deployed: int, max_deletes: int | float | None) -> int:
    """How many alerts one run may delete (see `guard_deletes`)."""
    if max_deletes is None:
        return max(5, math.floor(deployed * 0.2))
    if isinstance(max_deletes, float):
        return math.floor(deployed * max_deletes)
    return max_deletes


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


def _declare(candidate: Candidate, existing: str, adopt: bool) -> Declared:
    if candidate.valid:
        return Declared(candidate.key, "deploy", existing, adopt)
    if existing:
        return Declared(candidate.key, "hold", existing, adopt)
    return Declared(candidate.key, "skip")


def _claimed(
    candidates: Sequence[Candidate],
    deployed: Mapping[str, str],
    by_id: Mapping[str, ExistingAlert] | Mapping[str, ExistingDestination],
) -> set[str]:
    """Ids that belong to a rule by more than a name, so that no other rule may take them."""
    noted = {candidate.known_id for candidate in candidates if candidate.known_id in by_id}
    return noted | set(deployed.values())


def _some(keys: Sequence[Any], most: int = 10) -> str:
    shown = ", ".join(str(key) for key in keys[:most])
    return shown if len(keys) <= most else f"{shown} and {len(keys) - most} more"
