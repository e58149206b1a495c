"""Who depends on whom, and the order that follows from it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.state.resource import ResourceState


def dependencies_of(resource: ResourceState, *, parent: bool = True) -> Iterator[str]:
    """The URNs that must stand before the resource in a state; may repeat."""
    if resource.provider:
        yield urns.split_reference(resource.provider)[0]
    if parent and resource.parent:
        yield resource.parent
    yield from resource.dependencies
    for dependencies in resource.property_dependencies.values():
        yield from dependencies
    if resource.deleted_with:
        yield resource.deleted_with
    yield from resource.replace_with


def dependents_of(
    root: ResourceState,
    resources: list[ResourceState],
    *,
    ignore: Collection[str] = (),
    children: bool = False,
) -> list[ResourceState]:
    """All that directly or indirectly depend on `root`, in state order.

    `resources` is a state's list, dependencies first; `children` counts parenthood too.
    """
    reached = {root.urn}
    found = []
    for candidate in resources:
        if candidate is root or candidate.urn in ignore:
            continue
        if any(urn in reached for urn in dependencies_of(candidate, parent=children)):
            found.append(candidate)
            reached.add(candidate.urn)
    return found


def ordered(resources: Iterable[ResourceState]) -> list[ResourceState]:
    """The resources with every dependency before its dependents, otherwise in the given order.

    Pulumi's CLI refuses a state in any other order. References to resources that are not in the
    list are the caller's to remove.
    """
    listed = list(resources)
    by_urn: dict[str, list[ResourceState]] = {}
    for resource in listed:
        by_urn.setdefault(resource.urn, []).append(resource)
    placed: set[int] = set()
    result: list[ResourceState] = []
    for resource in listed:
        _place(resource, by_urn, placed, result)
    return result


def _place(
    resource: ResourceState,
    by_urn: dict[str, list[ResourceState]],
    placed: set[int],
    result: list[ResourceState],
) -> None:
    # An explicit stack: chains of dependencies may be longer than Python's recursion allows.
    stack = [(resource, iter(list(dependencies_of(resource))))]
    entered = {id(resource)}
    while stack:
        current, waiting = stack[-1]
        if id(current) in placed:
            stack.pop()
            continue
        following = next(_unplaced(waiting, by_urn, placed, entered), None)
        if following is None:
            placed.add(id(current))
            result.append(current)
            stack.pop()
        else:
            entered.add(id(following))
            stack.append((following, iter(list(dependencies_of(following)))))


def _unplaced(
    waiting: Iterator[str],
    by_urn: dict[str, list[ResourceState]],
    placed: set[int],
    entered: set[int],
) -> Iterator[ResourceState]:
    for urn in waiting:
        for resource in by_urn.get(urn, ()):
            # A replaced resource that waits for its deletion stands anywhere.
            if not resource.delete and id(resource) not in placed and id(resource) not in entered:
                yield resource


def deletion_waits(condemned: list[ResourceState]) -> dict[int, set[int]]:
    """For each condemned resource, by position, the positions of those to be deleted before it.

    A resource goes after everything that depends on it, and after its children.
    """
    positions: dict[str, list[int]] = {}
    for position, resource in enumerate(condemned):
        positions.setdefault(resource.urn, []).append(position)
    waits: dict[int, set[int]] = {position: set() for position in range(len(condemned))}
    for position, resource in enumerate(condemned):
        for urn in dependencies_of(resource):
            for dependency in positions.get(urn, ()):
                if dependency < position:
                    waits[dependency].add(position)
    return waits
