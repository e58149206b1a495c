"""What must hold for a state to be trusted (pkg/resource/stack/snapshot/integrity.go)."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import Any

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.state.resource import ResourceState


def magic(version: str) -> str:
    """The manifest's mark: SHA-256 of the engine's version, empty for none."""
    return hashlib.sha256(version.encode()).hexdigest() if version else ""


def check(manifest: dict[str, Any], resources: list[ResourceState], source: str) -> None:
    """Raises StateError with file and resource for the first thing that is wrong."""
    if manifest.get("magic", "") != magic(str(manifest.get("version") or "")):
        raise StateError(
            f"{source}: the manifest's magic does not belong to its version: the file was damaged "
            "or edited by hand"
        )
    problem = next(_problems(resources), None)
    if problem is not None:
        raise StateError(f"{source}: {problem}")


def _problems(resources: list[ResourceState]) -> Iterator[str]:
    everywhere = {resource.urn for resource in resources}
    seen: set[str] = set()
    providers: set[str] = set()
    for resource in resources:
        if not resource.custom and resource.id:
            yield f"component {resource.urn} has an id ({resource.id})"
        if urns.is_provider_type(resource.type):
            providers.add(urns.reference(resource.urn, resource.id))
        if (
            resource.provider
            and resource.provider not in providers
            and not resource.pending_replacement
        ):
            yield f"resource {resource.urn} names an unknown provider {resource.provider}"
        for what, urn in _needed(resource):
            if urn not in seen:
                where = "comes after it" if urn in everywhere else "is missing"
                yield f"resource {resource.urn}: its {what} {urn} {where}"
        seen.add(resource.urn)
    yield from _duplicates(resources)


def _needed(resource: ResourceState) -> Iterator[tuple[str, str]]:
    if resource.parent:
        yield "parent", resource.parent
    yield from (("dependency", urn) for urn in resource.dependencies)
    for key, dependencies in resource.property_dependencies.items():
        yield from ((f"dependency of {key}", urn) for urn in dependencies)
    if resource.deleted_with:
        yield "deletedWith", resource.deleted_with


def _duplicates(resources: Iterable[ResourceState]) -> Iterator[str]:
    """A URN may stand twice only if all, or all but one, are marked for deletion."""
    live: set[str] = set()
    for resource in resources:
        if resource.delete:
            continue
        if resource.urn in live:
            yield f"resource {resource.urn} stands there twice"
        live.add(resource.urn)
