"""Deciding: which steps bring a resource from its old state to its goal. Pure, no requests.

The rules are those of Pulumi's step generator (pkg/resource/deploy/step_generator.go). The
session asks the provider first and hands the answers in, so preview and up share every decision.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace

from databricks_alerts.engine.errors import DeploymentError
from databricks_alerts.engine.providers.base import Diff
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import diffs
from databricks_alerts.engine.steps.goal import Goal
from databricks_alerts.engine.steps.step import Step


@dataclass(frozen=True, slots=True)
class Situation:
    """What is known of a registered resource when its steps are decided.

    `recreating`: it was deleted earlier in this run (or in an interrupted one) because something
    it depends on was deleted before its replacement. `targeted`: options include it.
    """

    goal: Goal
    old: ResourceState | None
    new: ResourceState
    diff: Diff = field(default_factory=lambda: Diff(changes=False))
    recreating: bool = False
    targeted: bool = True
    dry_run: bool = False
    recreate_keys: list[str] = field(default_factory=list)


def is_import(goal: Goal, old: ResourceState | None) -> bool:
    """Whether `import_` means something still: not once the resource is in the state."""
    if not (goal.custom and goal.import_id):
        return False
    if old is None or old.external:
        return True
    return (old.import_id or old.id) != goal.import_id


def replaces(situation: Situation) -> bool:
    """Whether the diff, or an unfinished replacement, asks for a new resource."""
    old = situation.old
    if old is None or situation.recreating or old.external or not situation.targeted:
        return False
    return old.pending_replacement or bool(situation.diff.changes and situation.diff.replace_keys)


def deletes_first(situation: Situation) -> bool:
    """Whether the old resource goes before the new one comes."""
    wish = situation.goal.delete_before_replace
    return situation.diff.delete_before_replace if wish is None else wish


def plan(situation: Situation) -> list[Step]:
    """The steps of one registration, in order; deletions of what was replaced come at the end.

    For a delete-before-replace, the deletes of dependents and of the old resource itself are the
    session's (`delete_before`), since they concern other resources. Raises DeploymentError for a
    replacement that is forbidden.
    """
    old, new = situation.old, situation.new
    if not situation.targeted:
        return [_left_out(old, new)]
    if old is None:
        return [Step("create", new=new)]
    if situation.recreating or old.external:
        return _replacement(situation, pending_delete=old.external, keys=situation.recreate_keys)
    if replaces(situation):
        _refuse_forbidden_replacement(situation)
        first = deletes_first(situation) or old.pending_replacement
        return _replacement(
            situation, pending_delete=not first, keys=list(situation.diff.replace_keys)
        )
    if situation.diff.changes or old.init_errors:
        return [_update(situation)]
    return [Step("same", old, new)]


def _left_out(old: ResourceState | None, new: ResourceState) -> Step:
    if old is None:
        return Step("same", new=new, skipped=True)
    # Nothing of it changes but its name in the state, where an alias gave it another.
    return Step("same", old, old if old.urn == new.urn else replace(old, urn=new.urn))


def _update(situation: Situation) -> Step:
    diff = situation.diff
    return Step(
        "update",
        situation.old,
        situation.new,
        diffs=list(diff.changed_keys),
        detailed=diffs.for_events(diff),
        ignore_changes=situation.goal.ignore_changes,
    )


def _replacement(situation: Situation, *, pending_delete: bool, keys: list[str]) -> list[Step]:
    diff = situation.diff
    create = Step(
        "create-replacement",
        situation.old,
        situation.new,
        keys=keys,
        diffs=list(diff.changed_keys),
        detailed=diffs.for_events(diff),
        pending_delete=pending_delete,
    )
    show = Step("replace", situation.old, situation.new, keys, create.diffs, create.detailed)
    return [create, show] if pending_delete else [show, create]


def _refuse_forbidden_replacement(situation: Situation) -> None:
    old, new = situation.old, situation.new
    if old is not None and old.protect and new.protect:
        raise DeploymentError(
            f"unable to replace resource {new.urn!r}\nas it is currently marked for protection. To "
            "unprotect the resource, remove the `protect` flag from the resource in your Pulumi "
            "program and run the update again"
        )
    if situation.goal.import_id and not situation.dry_run:
        raise DeploymentError(
            "previously-imported resources that still specify an ID may not be replaced; please "
            "remove the `import` declaration from your program; what asks for the replacement: "
            + ", ".join(situation.diff.replace_keys)
        )


def deletion(resource: ResourceState) -> Step:
    """The step for a resource that nothing declares any more, or that was replaced."""
    if resource.delete:
        return Step("discard-replaced" if resource.external else "delete-replaced", resource)
    if resource.pending_replacement:
        return Step("remove-pending-replace", resource)
    return Step("discard" if resource.external else "delete", resource)


def delete_before(resource: ResourceState) -> Step:
    """The step that deletes a resource before its replacement is created."""
    return Step("delete-replaced", resource, pending_replacement=True)
