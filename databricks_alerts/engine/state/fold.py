"""A state and the journal that continues it, made one again."""

from __future__ import annotations

import itertools
from typing import Any

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.state.checkpoint import Checkpoint
from databricks_alerts.engine.state.journal import JournalContent, identity
from databricks_alerts.engine.state.records import decode_operation, decode_resource
from databricks_alerts.engine.state.resource import PendingOperation, ResourceState
from databricks_alerts.engine.steps.ledger import Ledger


def fold(checkpoint: Checkpoint, journal: JournalContent) -> None:
    """Carry the journal's records into the checkpoint; what never ended becomes pending."""
    folding = _Folding(checkpoint.resources)
    begun: dict[int, PendingOperation] = {}
    for record in journal.records:
        if "begin" in record:
            begun[record["begin"]] = _operation(checkpoint, record)
            continue
        begun.pop(record.get("end") or 0, None)
        if "saved" in record:
            saved = decode_resource(record["saved"], checkpoint.codec)
            folding.save(saved, record.get("replaces"))
        if "removed" in record:
            folding.remove(record["removed"])
    checkpoint.resources = folding.result()
    settled = folding.touched
    kept = [item for item in checkpoint.pending if item.resource.urn not in settled]
    checkpoint.pending = [*kept, *begun.values()]


class _Folding:
    """Resources by position and by URN, so that each record costs the same."""

    def __init__(self, resources: list[ResourceState]) -> None:
        self._numbers = itertools.count()
        self._items: dict[int, ResourceState] = {}
        self._by_urn: dict[str, list[int]] = {}
        self._by_id: dict[tuple[str, str], list[int]] = {}
        self._renamed: dict[str, str] = {}
        self.touched: set[str] = set()
        for resource in resources:
            self._put(next(self._numbers), resource)

    def save(self, resource: ResourceState, replaces: dict[str, Any] | None) -> None:
        """Put a resource where it stood before, or at the end."""
        self.touched.add(resource.urn)
        before = self._before(resource, replaces)
        for position in before:
            old = self._items.pop(position)
            if old.urn != resource.urn:
                self._renamed[old.urn] = resource.urn
        self._put(before[0] if before else next(self._numbers), resource)

    def remove(self, wanted: dict[str, Any]) -> None:
        """Take a resource out."""
        self.touched.add(wanted["urn"])
        found = self._of_urn(wanted["urn"])
        exact = [at for at in found if identity(self._items[at]) == wanted]
        same_id = [at for at in found if self._items[at].id == wanted["id"]]
        for position in (exact or same_id)[:1]:
            del self._items[position]

    def result(self) -> list[ResourceState]:
        """What stands there now: dependencies first, renamed ones followed, dangling ones gone."""
        ledger = Ledger(self._items[position] for position in sorted(self._items))
        for old, new in self._renamed.items():
            ledger.rename(old, new)
        return ledger.snapshot()

    def _before(self, resource: ResourceState, replaces: dict[str, Any] | None) -> list[int]:
        if replaces is not None:
            renamed = self._of_urn(replaces["urn"])
            return [at for at in renamed if identity(self._items[at]) == replaces]
        same = self._of_urn(resource.urn)
        if resource.delete:
            return [at for at in same if self._items[at].id == resource.id][:1]
        live = [at for at in same if not self._items[at].delete]
        return live or self._under_other_name(resource)

    def _under_other_name(self, resource: ResourceState) -> list[int]:
        """An alias was used: the same thing of the same provider, under the URN it had."""
        if not (resource.custom and resource.id) or urns.is_provider_type(resource.type):
            return []
        for position in self._by_id.get((resource.provider, resource.id), ()):
            old = self._items.get(position)
            if old is not None and not old.delete and _alike(old, resource):
                return [position]
        return []

    def _of_urn(self, urn: str) -> list[int]:
        return [
            at
            for at in dict.fromkeys(self._by_urn.get(urn, ()))
            if at in self._items and self._items[at].urn == urn
        ]

    def _put(self, position: int, resource: ResourceState) -> None:
        self._items[position] = resource
        self._by_urn.setdefault(resource.urn, []).append(position)
        if resource.id:
            self._by_id.setdefault((resource.provider, resource.id), []).append(position)


def _alike(old: ResourceState, new: ResourceState) -> bool:
    if old.urn == new.urn or old.id != new.id or old.provider != new.provider:
        return False
    return old.type == new.type or urns.name_of(old.urn) == urns.name_of(new.urn)


def _operation(checkpoint: Checkpoint, record: dict[str, Any]) -> PendingOperation:
    document = {"resource": record["resource"], "type": record["type"]}
    return decode_operation(document, checkpoint.codec)
