"""Which alert or destination belongs to which row. Pure.

Identity follows the deployed id: a row whose key changed keeps its alert, and the state's resource
is renamed. An id that the state holds is never imported a second time: the engine would delete the
old resource, and the living alert with it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from databricks_alerts.deployed import Stray


@dataclass(frozen=True)
class Candidate:
    """A rule or destination that wants to be declared.

    `key` is alert_id or destination_id, `name` the display name, `known_id` and `known_name` the
    Databricks id and name written back into its row (empty: none), `valid` whether no finding
    speaks against it. `folder` is a rule's own below parentPath (empty: there).
    """

    key: str
    name: str
    known_id: str
    valid: bool
    known_name: str = ""
    folder: str = ""


@dataclass(frozen=True)
class Claim:
    """What a candidate has already: the Databricks id (empty: nothing), and how it comes to it.

    `adopt`: the state does not hold it, so it is imported. `former_key` or `former_urn`: the state
    holds it under another name, which becomes an alias.
    """

    id: str = ""
    adopt: bool = False
    former_key: str = ""
    former_urn: str = ""


@dataclass(frozen=True)
class View:
    """What the workspace shows: whether an id is there, and what may be adopted.

    `listed` tells what a list shows, `exists` also what is believed to be there. `named` answers
    the id that bears a candidate's name, or nothing; `fits` whether an id may be a candidate's.
    """

    exists: Callable[[str], bool]
    listed: Callable[[str], bool]
    fits: Callable[[Candidate, str], bool]
    named: Callable[[Candidate], str]


class Ownership:
    """Matches candidates with what the state and the workspace hold; `claims` has the result.

    In order: what the state holds under the candidate's own key; what its row names by id; what
    bears its name. Something of the state goes to another key only when nobody declares its own.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        deployed: Mapping[str, str],
        strays: Iterable[Stray],
        view: View,
        *,
        adopt: bool,
    ) -> None:
        self._candidates = {item.key: item for item in candidates}
        self._deployed, self._view, self._adopt = deployed, view, adopt
        self._holders = {identity: key for key, identity in deployed.items()}
        self._strays = {item.id: item for item in strays}
        self._taken: set[str] = set()
        self.claims: dict[str, Claim] = {}
        self._claim_own()
        self._claim_each(self._by_stray_key)
        self._claim_each(self._by_known_id_and_name)  # of a row and its copy, the row
        self._claim_each(self._by_known_id)
        self._claim_each(self._by_name)

    def claim(self, key: str) -> Claim:
        """What belongs to a candidate."""
        return self.claims.get(key, Claim())

    def owner(self, identity: str) -> str:
        """The key of the candidate that an id belongs to; empty for nobody."""
        return next((key for key, claim in self.claims.items() if claim.id == identity), "")

    def _claim_own(self) -> None:
        for key, candidate in self._candidates.items():
            identity = self._deployed.get(key, "")
            if identity and self._view.exists(identity) and not self._knows_better(candidate):
                self._take(key, Claim(identity))

    def _knows_better(self, candidate: Candidate) -> bool:
        """Whether a row names what is there, and the state what is not, or not fit any more.

        An older state that was put back names what has been replaced since.
        """
        known, view = candidate.known_id, self._view
        own = self._deployed[candidate.key]
        return (
            not (view.listed(own) and view.fits(candidate, own))
            and view.listed(known)
            and view.fits(candidate, known)
            and known not in self._holders
            and known not in self._strays
        )

    def _claim_each(self, find: Callable[[Candidate], str]) -> None:
        for candidate in self._candidates.values():
            if candidate.key in self.claims:
                continue
            identity = find(candidate)
            claim = self._how(candidate, identity) if identity else None
            if claim is not None:
                self._take(candidate.key, claim)

    def _how(self, candidate: Candidate, identity: str) -> Claim | None:
        """How a candidate may come to an id; None if it may not."""
        if identity in self._taken or not self._view.exists(identity):
            return None
        holder, stray = self._holders.get(identity), self._strays.get(identity)
        if holder is not None or stray is not None:
            # An alias counts only where the state has nothing under the new name itself.
            if candidate.key in self._deployed or holder in self._candidates:
                return None
            if holder is not None:
                return Claim(identity, former_key=holder)
            return Claim(identity, former_urn=stray.urn if stray else "")
        return Claim(identity, adopt=True) if self._adopt else None

    def _by_stray_key(self, candidate: Candidate) -> str:
        return next((item.id for item in self._strays.values() if item.key == candidate.key), "")

    def _by_known_id_and_name(self, candidate: Candidate) -> str:
        same = candidate.name == candidate.known_name
        if same or candidate.known_id == self._view.named(candidate):
            return self._by_known_id(candidate)
        return ""

    def _by_known_id(self, candidate: Candidate) -> str:
        """The id in the candidate's row, or what is left when keys moved in a chain.

        A → B, B → C: key B keeps what it has, so what A had is left for C.
        """
        seen: set[str] = set()
        current = candidate
        while current.known_id and current.known_id not in seen:
            identity = current.known_id
            seen.add(identity)
            holder = self._holders.get(identity)
            if holder is None or holder not in self._candidates:
                if holder is None and identity not in self._strays:
                    return identity if self._view.fits(candidate, identity) else ""
                return identity
            if self._candidates[holder].known_id == identity:
                return ""  # its rightful owner: this row is a copy
            current = self._candidates[holder]
        return ""

    def _by_name(self, candidate: Candidate) -> str:
        return self._view.named(candidate)

    def _take(self, key: str, claim: Claim) -> None:
        self.claims[key] = claim
        self._taken.add(claim.id)
