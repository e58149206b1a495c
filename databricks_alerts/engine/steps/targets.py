"""Which resources an operation may touch: --target, --exclude and their dependents."""

from __future__ import annotations

import re
from functools import cache

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.options import DeploymentOptions
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import graph


@cache
def _pattern(glob: str) -> re.Pattern[str]:
    """`*` stands for anything within one part of a URN (no `::`, no `$`), `**` for anything."""
    parts = re.split(r"(\*\*|\*)", glob)
    expression = {"**": ".*", "*": "[^:$]*(?::[^:$]+)*"}
    return re.compile("".join(expression.get(part, re.escape(part)) for part in parts))


def matches(globs: tuple[str, ...], urn: str) -> bool:
    """Whether any of the URNs or globs means this URN."""
    return any(urn == glob or _pattern(glob).fullmatch(urn) for glob in globs)


class Targets:
    """The choice of one run; it learns dependents as they pass by, dependencies first."""

    def __init__(self, options: DeploymentOptions) -> None:
        self._options = options
        self._chosen: set[str] = set()
        self._excluded: set[str] = set()

    @property
    def constrained(self) -> bool:
        """Whether anything is left out at all."""
        return bool(self._options.targets or self._options.excludes)

    def includes(self, resource: ResourceState) -> bool:
        """Whether the resource may be touched. Providers and the stack always may."""
        if not self.constrained or _always(resource):
            return True
        if self._options.targets:
            return self._is_target(resource)
        return not self._is_excluded(resource)

    def must_replace(self, urn: str) -> bool:
        """Whether `--replace` names it."""
        return matches(self._options.replace, urn)

    def _is_target(self, resource: ResourceState) -> bool:
        depends = self._options.target_dependents and any(
            urn in self._chosen for urn in graph.dependencies_of(resource)
        )
        if depends or matches(self._options.targets, resource.urn):
            self._chosen.add(resource.urn)
            return True
        return False

    def _is_excluded(self, resource: ResourceState) -> bool:
        depends = self._options.exclude_dependents and any(
            urn in self._excluded for urn in graph.dependencies_of(resource)
        )
        if depends or matches(self._options.excludes, resource.urn):
            self._excluded.add(resource.urn)
            return True
        return False


def deletable(
    options: DeploymentOptions, condemned: list[ResourceState], resources: list[ResourceState]
) -> list[ResourceState]:
    """Those of the condemned that may be deleted, so that nothing left depends on them.

    With targets: the targets and everything that depends on them. With excludes: all but the
    excluded and what those depend on.
    """
    if options.targets:
        chosen = {id(item) for item in resources if matches(options.targets, item.urn)}
        for item in [item for item in resources if id(item) in chosen]:
            found = graph.dependents_of(item, resources, children=True)
            chosen.update(id(dependent) for dependent in found)
        return [item for item in condemned if id(item) in chosen]
    if options.excludes:
        kept = [item for item in condemned if matches(options.excludes, item.urn)]
        return without_needed(condemned, kept)
    return condemned


def without_needed(
    condemned: list[ResourceState], kept: list[ResourceState]
) -> list[ResourceState]:
    """The condemned without the kept ones and all that those need, directly or not."""
    by_urn = {item.urn: item for item in condemned if not item.delete}
    needed: set[int] = set()
    waiting = list(kept)
    while waiting:
        item = waiting.pop()
        if id(item) in needed:
            continue
        needed.add(id(item))
        waiting += [by_urn[urn] for urn in graph.dependencies_of(item) if urn in by_urn]
    return [item for item in condemned if id(item) not in needed]


def _always(resource: ResourceState) -> bool:
    return urns.is_provider_type(resource.type) or resource.type == urns.STACK_TYPE
