"""Names that move between alerts: in which order, so that each is free when it is needed. Pure.

Two alerts of one name cannot stand in one folder (the API answers RESOURCE_ALREADY_EXISTS), and an
engine deletes last. So an alert that takes another's name waits until that one was renamed; where
renames run in a circle, or the other is only deleted at the end, its name is freed first.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass, field

Place = tuple[str, str]  # a folder and a display name


@dataclass(frozen=True)
class Wish:
    """A rule and the display name that it wants for its alert `existing` (empty: a new one).

    `deploys` is False for a rule that is held: its alert keeps the name that it has. `folder` is
    where the alert is to stand; one that stands elsewhere is replaced, not moved.
    """

    key: str
    name: str
    existing: str
    deploys: bool
    folder: str = ""

    @property
    def place(self) -> Place:
        """What no two alerts may have in common."""
        return self.folder, self.name


@dataclass(frozen=True)
class Moves:
    """By key: whose rename comes first, which alert must give up its name, and who cannot go on."""

    after: Mapping[str, str] = field(default_factory=dict)
    frees: Mapping[str, str] = field(default_factory=dict)
    blocked: Mapping[str, str] = field(default_factory=dict)


def name_moves(wishes: Sequence[Wish], holders: Mapping[Place, str], ours: Set[str]) -> Moves:
    """What has to happen for every wish to come true.

    `holders` maps each folder and name to the Databricks id that bears it, `ours` are the ids
    that the stack's state holds. A name that a foreign alert bears is left to the API to refuse.
    """
    owners = {wish.existing: wish for wish in wishes if wish.existing}
    blocked = _blocked(wishes, holders, owners)
    after, frees = {}, {}
    for wish in wishes:
        holder = holders.get(wish.place, "")
        if not wish.deploys or wish.key in blocked or holder in ("", wish.existing):
            continue
        if holder in owners and owners[holder].folder == wish.folder:
            after[wish.key] = owners[holder].key
        elif holder in ours:
            frees[wish.key] = holder
    for key in _one_of_each_circle(after):
        frees[key] = next(holders[wish.place] for wish in wishes if wish.key == key)
        del after[key]
    return Moves(after, frees, blocked)


def in_order(after: Mapping[str, str], keys: Iterable[str]) -> list[str]:
    """The keys, each behind the one that it waits for."""
    ordered: dict[str, None] = {}
    for key in keys:
        chain = [key]
        while (before := after.get(chain[-1])) is not None and before not in ordered:
            chain.append(before)
        ordered.update(dict.fromkeys(reversed(chain)))
    return list(ordered)


def _blocked(
    wishes: Sequence[Wish], holders: Mapping[Place, str], owners: Mapping[str, Wish]
) -> dict[str, str]:
    """Why wishes cannot come true. One that is blocked keeps its name, which may block another."""
    found = _beaten(wishes, holders)
    while True:
        more = {
            wish.key: f"its display name {wish.name!r} is still that of {owner.key}, which is held"
            for wish in wishes
            if wish.deploys and wish.key not in found
            if (owner := owners.get(holders.get(wish.place, ""))) is not None
            if owner.key != wish.key and (not owner.deploys or owner.key in found)
        }
        if not more:
            return found
        found |= more


def _beaten(wishes: Sequence[Wish], holders: Mapping[Place, str]) -> dict[str, str]:
    """Rules that share a display name with one that bears it, or has an alert, or stands first."""
    best: dict[Place, Wish] = {}
    for wish in wishes:
        if wish.deploys and _rank(wish, holders) > _rank(best.get(wish.place), holders):
            best[wish.place] = wish
    return {
        wish.key: f"its display name {wish.name!r} is that of {best[wish.place].key} too: names "
        "are unique in a folder, so change alert_name or severity of one"
        for wish in wishes
        if wish.deploys and best[wish.place] is not wish
    }


def _rank(wish: Wish | None, holders: Mapping[Place, str]) -> int:
    if wish is None:
        return 0
    if wish.existing and holders.get(wish.place) == wish.existing:
        return 3
    return 2 if wish.existing else 1


def _one_of_each_circle(after: Mapping[str, str]) -> list[str]:
    """The first key of every circle; each key waits for one other at most."""
    found = []
    done: set[str] = set()
    for key in sorted(after):
        path: dict[str, None] = {}
        current: str | None = key
        while current is not None and current not in done and current not in path:
            path[current] = None
            current = after.get(current)
        if current is not None and current in path:
            keys = list(path)
            found.append(min(keys[keys.index(current) :]))
        done |= path.keys()
    return found
