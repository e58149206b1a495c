"""The state while it changes: what was there, what this run has settled, in writing order.

As in Pulumi's snapshot manager, the next state is the settled resources in the order in which
they settled, then what is left of the old list. Nothing is copied but references, so a step costs
the same in a stack of ten and of ten thousand.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import graph


class Ledger:
    """All resources of a stack during one run. Safe to use from many threads."""

    def __init__(self, resources: Iterable[ResourceState]) -> None:
        self._lock = threading.Lock()
        self._base = list(resources)
        self._settled: list[ResourceState] = []
        self._done: set[int] = set()
        self._by_urn: dict[str, ResourceState] = {}
        self._renamed: dict[str, str] = {}

    @property
    def base(self) -> list[ResourceState]:
        """The resources that the run started from, dependencies first."""
        return self._base

    def replace_base(self, resources: list[ResourceState]) -> None:
        """Start from other resources, as a refresh found them; before anything is settled."""
        self._base = resources

    def settle(self, new: ResourceState, *superseded: ResourceState | None) -> None:
        """`new` is real now, and takes the place of the superseded ones."""
        with self._lock:
            self._settled.append(new)
            self._by_urn[new.urn] = new
            self._done.update(id(old) for old in superseded if old is not None and old is not new)

    def resettle(self, before: ResourceState, after: ResourceState) -> None:
        """Put `after` where `before` stands among the settled (an import that was updated)."""
        with self._lock:
            position = next(i for i, item in enumerate(self._settled) if item is before)
            self._settled[position] = after
            self._by_urn[after.urn] = after

    def drop(self, old: ResourceState) -> None:
        """`old` is gone."""
        with self._lock:
            self._done.add(id(old))

    def rename(self, old_urn: str, new_urn: str) -> None:
        """References to `old_urn` are to read `new_urn`: an alias was used."""
        with self._lock:
            self._renamed[old_urn] = new_urn

    def renamed(self, urn: str) -> str:
        """The URN that a resource of this old URN has now."""
        return self._renamed.get(urn, urn)

    def find(self, urn: str) -> ResourceState | None:
        """The settled resource of this URN."""
        return self._by_urn.get(urn)

    def remaining(self) -> list[ResourceState]:
        """What is left of the old resources, dependencies first."""
        with self._lock:
            settled = {id(item) for item in self._settled}
            return [
                item
                for item in self._base
                if id(item) not in self._done and id(item) not in settled
            ]

    def snapshot(self) -> list[ResourceState]:
        """The next state: dependencies first, renamed references followed, dangling ones dropped.

        A dangling reference is left when a refresh finds a dependency gone; Pulumi's CLI would
        refuse to load it.
        """
        left = self.remaining()
        with self._lock:
            settled = [item for item in self._settled if id(item) not in self._done]
        resources = [*settled, *left]
        known = {item.urn for item in resources}
        for item in resources:
            _normalise(item, known, self._renamed)
        return graph.ordered(resources)


def _normalise(resource: ResourceState, known: set[str], renamed: dict[str, str]) -> None:
    if all(urn in known and urn not in renamed for urn in graph.dependencies_of(resource)):
        return

    def follow(urn_list: list[str]) -> list[str]:
        current = dict.fromkeys(renamed.get(urn, urn) for urn in urn_list)
        return [urn for urn in current if urn in known]

    resource.dependencies = follow(resource.dependencies)
    resource.property_dependencies = {
        key: follow(urn_list) for key, urn_list in resource.property_dependencies.items()
    }
    resource.replace_with = follow(resource.replace_with)
    resource.deleted_with = next(iter(follow([resource.deleted_with])), "")
    resource.parent = next(iter(follow([resource.parent])), "")
    if resource.provider:
        provider_urn, provider_id = urns.split_reference(resource.provider)
        resource.provider = urns.reference(renamed.get(provider_urn, provider_urn), provider_id)
