"""What to declare: the pure decision between a validated snapshot and the resources of a run.

Hold, skip or deploy (rule 4 of the design), adoption (6), trashed is gone (7), keys and names that
move (12).
"""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence, Set
from dataclasses import dataclass, field, replace
from typing import Literal

from databricks_alerts.deployed import Deployed
from databricks_alerts.listing import some
from databricks_alerts.plan.names import Place, Wish, name_moves
from databricks_alerts.plan.ownership import Candidate, Claim, Ownership, View
from databricks_alerts.rules.resources import below
from databricks_alerts.workspace_view.inventory import Inventory, folder

_TOLD = 10

# "refer": what somebody else manages, and this stack only names.
Decision = Literal["deploy", "hold", "skip", "refer"]


@dataclass(frozen=True)
class Declared:
    """What becomes of one candidate.

    `existing` is the Databricks id that it has already (empty: none); `adopt` says that the stack
    does not manage that one yet, so it is imported; `former_key` or `former_urn` that the state
    holds it under another name. `replaces` is the Databricks id of the alert that this one stands
    in for, since that was trashed, deleted outside or stood in another folder (empty: none ever
    was). `leaves` is the folder that it stands in where that is not its rule's.

    `after` is the key whose alert must give up this one's name first, `frees` the id of an alert
    that has to be called something else for as long as this one's step takes. `blocked` says why a
    valid rule is held or skipped all the same. `in_place`: what exists stands in parentPath, so
    that one of the same name cannot be made beside it.
    """

    key: str
    decision: Decision
    existing: str = ""
    adopt: bool = False
    replaces: str = ""
    former_key: str = ""
    former_urn: str = ""
    after: str = ""
    frees: str = ""
    blocked: str = ""
    leaves: str = ""
    in_place: bool = field(default=False, compare=False)

    @property
    def is_ours(self) -> bool:
        """Whether the program declares a resource for it: what others manage is only named."""
        return self.decision in ("deploy", "hold")


def decide_alerts(
    candidates: Sequence[Candidate],
    inventory: Inventory,
    deployed: Deployed,
    *,
    parent_path: str,
    adopt_existing: bool,
    disabled: Mapping[str, str] | None = None,
) -> list[Declared]:
    """Match every rule with the alert that it has, if any, then deploy, hold or skip it.

    An alert belongs to a rule when the state holds it for that rule; else when the row names its
    id, or its name stands in its folder: taken over from a rule that is gone, or, with
    `adopt_existing`, imported. The list of alerts leaves trashed ones out, so a trashed alert
    belongs to nobody. Databricks' provider takes it for living, so `replaces` tells the engine to
    deploy it again. `disabled` maps disabled rules to the alerts that their rows name: they give
    up their names too.
    """
    by_id = inventory.by_id
    holders = {(alert.parent_path, alert.display_name): alert.id for alert in inventory.alerts}
    homes = {item.key: folder(below(parent_path, item.folder)) for item in candidates}

    def stands_there(key: str, identity: str) -> bool:
        return identity in by_id and by_id[identity].parent_path == homes[key]

    view = View(
        exists=by_id.__contains__,
        listed=by_id.__contains__,
        fits=lambda candidate, identity: stands_there(candidate.key, identity),
        named=lambda candidate: holders.get((homes[candidate.key], candidate.name), ""),
    )
    ownership = Ownership(
        candidates, deployed.alerts, deployed.stray_alerts, view, adopt=adopt_existing
    )
    declared = [
        _with_replacement(
            _declare(item, ownership.claim(item.key)), deployed, by_id.keys(), homes[item.key]
        )
        for item in candidates
    ]
    declared = [replace(item, in_place=stands_there(item.key, item.existing)) for item in declared]
    ours = _held(deployed) | set((disabled or {}).values())
    return _with_moves(declared, candidates, homes, holders, ours)


def replaced_in_folders(declared: Sequence[Declared], inventory: Inventory) -> list[str]:
    """Why alerts are replaced whose rules name another folder, a line each."""
    by_id = inventory.by_id
    return [
        f"{item.key}: its folder is no longer {item.leaves}. Databricks takes an alert's folder "
        f"only when the alert is made, so {by_id[item.existing].display_name!r} is replaced: it "
        "gets another id, and its state begins anew"
        for item in declared
        if item.leaves and item.decision == "deploy"
    ]


def left_elsewhere(
    candidates: Sequence[Candidate], declared: Sequence[Declared], inventory: Inventory
) -> str | None:
    """A warning about rows that name alerts of other folders: those are neither taken nor touched.

    An alert's folder cannot be changed by the API, and tables that were copied from another
    stack name that stack's alerts.
    """
    by_id = inventory.by_id
    used = {item.existing for item in declared}
    left = [
        f"{item.key}: {by_id[item.known_id].parent_path}"
        for item in candidates
        if item.known_id in by_id and item.known_id not in used
    ]
    if not left:
        return None
    return (
        "the alerts that databricks_alert_id names stand in other folders than their rules and "
        f"stay as they are ({some(left, _TOLD)}); to adopt one instead, move it there first"
    )


def left_running(
    disabled: Mapping[str, str], inventory: Inventory, deployed: Deployed
) -> str | None:
    """A warning about alerts of disabled rules that the state does not hold.

    No engine deletes those; a lost or older state leaves them. `disabled` maps alert_id to the
    databricks_alert_id in its row.
    """
    there = {alert.id for alert in inventory.alerts} - _held(deployed)
    left = [f"{key}: {identity}" for key, identity in disabled.items() if identity in there]
    if not left:
        return None
    return (
        f"the alerts of disabled rules still run, since the state does not hold them: "
        f"{some(left, _TOLD)}. Delete them in the workspace, or enable the rules for one `up`"
    )


def running_though_paused(declared: Sequence[Declared], inventory: Inventory) -> str | None:
    """A warning about alerts that run though their stack is paused: those that are held."""
    by_id = inventory.by_id
    running = [
        item.key
        for item in declared
        if item.decision == "hold"
        if (by_id[item.existing].arguments.get("schedule") or {}).get("pause_status") != "PAUSED"
    ]
    if not running:
        return None
    return (
        "the stack is paused, but alerts that are held stay as they are deployed and run: "
        f"{some(running, _TOLD)}. Correct their rules, and the next run pauses them"
    )


def held_though_muted(declared: Sequence[Declared], muted: Container[str]) -> str | None:
    """A warning about alerts that go on though they are muted: those that are held."""
    held = [item.key for item in declared if item.decision == "hold" and item.key in muted]
    if not held:
        return None
    return (
        "a mute does not reach alerts that are held: they stay as they are deployed: "
        f"{some(held, _TOLD)}. Correct their rules, or pause the alerts in the workspace"
    )


def decide_destinations(
    candidates: Sequence[Candidate],
    types: Mapping[str, str],
    inventory: Inventory,
    deployed: Deployed,
    *,
    adopt_existing: bool,
) -> list[Declared]:
    """The same for destinations, which have no folder: matched by id, else by name and type.

    `types` maps destination_id to the API's destination type, where the row has one. What the state
    holds counts as there though no list shows it: that list is behind at times, and the engine
    deletes what is not declared.
    """
    by_id = {item.id: item for item in inventory.destinations}
    by_name = {(item.display_name, item.type): item for item in inventory.destinations}
    strays = deployed.stray_destinations
    held = {*deployed.destinations.values(), *(item.id for item in strays)}

    def named(candidate: Candidate) -> str:
        found = by_name.get((candidate.name, types.get(candidate.key, "")))
        return found.id if found is not None else ""

    def fits(candidate: Candidate, identity: str) -> bool:
        return identity in by_id and by_id[identity].type == types.get(candidate.key, "")

    view = View(
        exists={*by_id, *held}.__contains__, listed=by_id.__contains__, fits=fits, named=named
    )
    ownership = Ownership(candidates, deployed.destinations, strays, view, adopt=adopt_existing)
    declared = [_declare(item, ownership.claim(item.key)) for item in candidates]
    return [
        replace(item, existing="")
        if item.decision == "deploy" and item.existing not in by_id
        else item
        for item in declared
    ]


def refer(
    rows: Mapping[str, str], wrong: Container[str], deployed: Mapping[str, str]
) -> list[Declared]:
    """What becomes of rows that refer to destinations; `rows` has Databricks ids by our keys.

    One that this very row deployed earlier is held: only its configuration was taken out of the
    row. `wrong` are the keys that findings speak against.
    """
    found = []
    for key, identity in sorted(rows.items()):
        if deployed.get(key) == identity:
            found.append(Declared(key, "hold", identity))
        elif key in wrong:
            found.append(Declared(key, "skip"))
        else:
            found.append(Declared(key, "refer", identity))
    return found


def still_needed(
    declared: Sequence[Declared],
    deployed: Mapping[str, str],
    alerts: Sequence[Declared],
    inventory: Inventory,
) -> list[Declared]:
    """Destinations to hold though no row declares them: held alerts notify them, or a row refers.

    A rule that names a destination whose row is gone or disabled is invalid, so its alert is held;
    without the destination it would fall silent.
    """
    by_id = inventory.by_id
    held = [by_id[item.existing] for item in alerts if item.decision == "hold"]
    notified = {target for alert in held for target in alert.destination_ids}
    notified |= {item.existing for item in declared if item.decision == "refer"}
    staying = [item for item in declared if item.is_ours]
    kept = {name for item in staying for name in (item.key, item.former_key)}
    return [
        Declared(key, "hold", identity)
        for key, identity in sorted(deployed.items())
        if key not in kept and identity in notified
    ]


def _held(deployed: Deployed) -> set[str]:
    """The ids of all alerts that the state holds, wherever it does."""
    return {*deployed.alerts.values(), *(item.id for item in deployed.stray_alerts)}


def _declare(candidate: Candidate, claim: Claim) -> Declared:
    if not candidate.valid and not claim.id:
        return Declared(candidate.key, "skip")
    return Declared(
        candidate.key,
        "deploy" if candidate.valid else "hold",
        claim.id,
        claim.adopt,
        former_key=claim.former_key,
        former_urn=claim.former_urn,
    )


def _with_replacement(item: Declared, deployed: Deployed, listed: Set[str], home: str) -> Declared:
    """With the alert that this one stands in for, of now or of an earlier run."""
    managed = deployed.alerts.get(item.key, "")
    lost = managed if managed not in listed else ""
    before = deployed.replaced.get(item.key) or deployed.replaced.get(item.former_key, "")
    stood = deployed.homes.get(item.key) or deployed.homes.get(item.former_key, "")
    held = item.existing and not item.adopt
    leaves = folder(stood) if held and stood and folder(stood) != home else ""
    if item.decision != "deploy" or not leaves:
        return replace(item, replaces=lost or before)
    return replace(item, replaces=item.existing, leaves=leaves)


def _with_moves(
    declared: Sequence[Declared],
    candidates: Sequence[Candidate],
    homes: Mapping[str, str],
    holders: Mapping[Place, str],
    ours: Set[str],
) -> list[Declared]:
    """The decisions, with what has to happen so that every name is free when it is needed."""
    names = {item.key: item.name for item in candidates}
    wishes = [
        Wish(item.key, names[item.key], item.existing, item.decision == "deploy", homes[item.key])
        for item in declared
    ]
    moves = name_moves(wishes, holders, ours)
    return [
        replace(
            item,
            decision=_blocked(item) if item.key in moves.blocked else item.decision,
            after=moves.after.get(item.key, ""),
            frees=moves.frees.get(item.key, ""),
            blocked=moves.blocked.get(item.key, ""),
        )
        for item in declared
    ]


def _blocked(item: Declared) -> Decision:
    return "hold" if item.existing else "skip"
