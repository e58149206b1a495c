"""What must be deleted before a resource can: dependents that its replacement replaces too."""

from __future__ import annotations

from collections.abc import Collection

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.errors import DeploymentError
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import diffs, graph
from databricks_alerts.engine.steps.run import Run, is_managed
from databricks_alerts.engine.values import reveal


def dependents_to_replace(
    run: Run, root: ResourceState, ignore: Collection[str]
) -> list[tuple[ResourceState, list[str]]]:
    """Those that must go before `root`, dependencies first, with the keys that replace them.

    A change of what they take from it would replace them, which is asked of their provider with
    unknowns in place. Raises DeploymentError when one of them is protected.
    """
    replaced, found = {root.urn}, []
    for resource in graph.dependents_of(root, run.ledger.base, ignore=ignore):
        keys = _forced_by(run, resource, replaced)
        if keys is None:
            continue
        if resource.protect:
            raise DeploymentError(
                f"unable to replace resource {resource.urn!r} as part of replacing {root.urn!r} "
                "as it is currently marked for protection"
            )
        found.append((resource, keys))
        replaced.add(resource.urn)
    return found


def _forced_by(run: Run, resource: ResourceState, replaced: set[str]) -> list[str] | None:
    """The keys by which a resource is replaced with others; None when it is not."""
    if not resource.custom or resource.external or resource.delete:
        return None
    provider_urn = urns.split_reference(resource.provider)[0] if resource.provider else ""
    if {provider_urn, resource.deleted_with, *resource.replace_with} & replaced:
        return []
    changing = {
        key
        for key, dependencies in resource.property_dependencies.items()
        if key in resource.inputs and not replaced.isdisjoint(dependencies)
    }
    if not changing or not is_managed(resource):
        return None
    inputs = reveal(resource.inputs)
    diff = run.provider_of(resource).diff(
        resource.type,
        resource.urn,
        resource.id,
        inputs,
        reveal(resource.outputs),
        diffs.with_unknown(inputs, changing),
        resource.ignore_changes,
    )
    diff = diffs.with_replace_on_changes(diff, resource.replace_on_changes, False)
    return list(diff.replace_keys) if diff.changes and diff.replace_keys else None
