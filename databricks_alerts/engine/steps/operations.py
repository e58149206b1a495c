"""The requests behind steps: one function a kind, each leaving `step.new` as it really is.

Properties go to providers in plain and come back marked: what was secret in the inputs, what the
provider always keeps secret, and additionalSecretOutputs.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import TypeVar

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import diffs, marks
from databricks_alerts.engine.steps.run import Run, is_managed, now
from databricks_alerts.engine.steps.step import Step
from databricks_alerts.engine.values import Properties, reveal

_T = TypeVar("_T")


def marked(run: Run, resource: ResourceState, outputs: Properties) -> Properties:
    """Outputs from a provider with their secrets marked."""
    result: Properties = marks.like(outputs, resource.inputs)
    secrets = run.provider_of(resource).secret_outputs(resource.type)
    return marks.paths(result, [*secrets, *resource.additional_secret_outputs])


def create(run: Run, step: Step) -> None:
    """Create `step.new`; raises ProviderError, after which a partial one has its id set."""
    new = step.new
    assert new is not None
    run.hooks.run("before_create", new, new=new)
    if is_managed(new):
        _create_managed(run, new)
    elif new.custom:
        _create_provider(run, new)
    new.created = new.modified = now()


def _create_managed(run: Run, new: ResourceState) -> None:
    provider, inputs = run.provider_of(new), reveal(new.inputs)
    timeout = new.custom_timeouts.get("create")

    def attempt() -> tuple[str, Properties]:
        return provider.create(new.type, new.urn, inputs, timeout, run.dry_run)

    try:
        new.id, outputs = _with_retries(run, "create", attempt, new, None)
    except ProviderError as error:
        _keep_partial(run, new, error)
        raise
    new.outputs = marked(run, new, outputs)


def _create_provider(run: Run, new: ResourceState) -> None:
    new.id = "" if run.dry_run else str(uuid.uuid4())
    new.outputs = {key: value for key, value in new.inputs.items() if key != "__internal"}
    run.registry.configure(new)


def update(run: Run, step: Step) -> None:
    """Bring `step.old` to `step.new`; raises ProviderError."""
    old, new = step.old, step.new
    assert old is not None
    assert new is not None
    new.id, new.created, new.modified = old.id, old.created, old.modified
    run.hooks.run("before_update", new, old=old, new=new)
    if is_managed(new):
        _update_managed(run, step, old, new)
        new.modified = now()
    elif new.custom:
        new.outputs = {key: value for key, value in new.inputs.items() if key != "__internal"}
        run.registry.configure(new)
        new.modified = now()


def _update_managed(run: Run, step: Step, old: ResourceState, new: ResourceState) -> None:
    provider = run.provider_of(new)
    olds = reveal(old.inputs), reveal(old.outputs)
    inputs, timeout = reveal(new.inputs), new.custom_timeouts.get("update")

    def attempt() -> Properties:
        return provider.update(
            new.type, new.urn, old.id, *olds, inputs, timeout, step.ignore_changes, run.dry_run
        )

    try:
        outputs = _with_retries(run, "update", attempt, new, old)
    except ProviderError as error:
        _keep_partial(run, new, error)
        raise
    new.outputs = marked(run, new, outputs)


def delete(run: Run, old: ResourceState) -> None:
    """Delete `old` in the workspace; raises ProviderError."""
    provider = run.provider_of(old)
    inputs, outputs = reveal(old.inputs), reveal(old.outputs)

    def attempt() -> None:
        timeout = old.custom_timeouts.get("delete")
        provider.delete(old.type, old.urn, old.id, inputs, outputs, timeout)

    _with_retries(run, "delete", attempt, old, old)


def read(run: Run, step: Step) -> None:
    """Read what `step.new` names by id, as `.get()` asks; raises ProviderError if it is gone."""
    new, old = step.new, step.old
    assert new is not None
    inputs = reveal(new.inputs)
    found = run.provider_of(new).read(new.type, new.urn, new.id, inputs, inputs)
    if not found.id:
        raise ProviderError(f"resource '{new.id}' does not exist")
    new.id, new.outputs = found.id, marked(run, new, found.outputs)
    changed = old is None or not (
        diffs.same_values(old.inputs, new.inputs) and diffs.same_values(old.outputs, new.outputs)
    )
    if old is not None:
        new.created, new.modified = old.created, now() if changed else old.modified


def refresh(run: Run, step: Step) -> None:
    """Read `step.old` again into `step.new`, None when it is gone; sets `result_op` and diff."""
    old = step.old
    assert old is not None
    step.new, step.result_op = old, "same"
    if not is_managed(old) or old.pending_replacement or not old.id:
        return
    provider, inputs = run.provider_of(old), reveal(old.inputs)
    found = provider.read(old.type, old.urn, old.id, inputs, reveal(old.outputs))
    if not found.id:
        step.new, step.result_op = None, "delete"
        return
    new = replace(old, id=found.id, init_errors=[])
    secrets = provider.secret_outputs(old.type)
    new.inputs = marks.paths(marks.like(found.inputs, old.inputs), secrets)
    new.outputs = marked(run, old, found.outputs)
    _settle_refresh(run, step, old, new)


def _settle_refresh(run: Run, step: Step, old: ResourceState, new: ResourceState) -> None:
    inputs_same = diffs.same_values(old.inputs, new.inputs)
    if inputs_same and diffs.same_values(old.outputs, new.outputs) and new.id == old.id:
        step.new = old if not old.init_errors else new
        return
    new.modified = now()
    step.new = new
    if old.external:
        step.result_op = "update"
        return
    # As an `up` of an unchanged program would see it, turned around.
    diff = run.provider_of(old).diff(
        new.type,
        new.urn,
        new.id,
        reveal(new.inputs),
        reveal(new.outputs),
        reveal(old.inputs),
        old.ignore_changes,
    )
    if diff.changes:
        turned = diffs.inverted(diff)
        step.result_op = "update"
        step.diffs, step.detailed = list(turned.changed_keys), diffs.for_events(turned)


def import_(run: Run, step: Step) -> None:
    """Adopt what `step.new.import_id` names: its inputs become those of the workspace."""
    new = step.new
    assert new is not None
    provider = run.provider_of(new)
    found = provider.read(new.type, new.urn, new.import_id, {}, {})
    if not found.id:
        raise ProviderError(f"resource '{new.import_id}' does not exist")
    declared = new.inputs
    secrets = provider.secret_outputs(new.type)
    new.id = found.id
    new.inputs = marks.paths(marks.like(found.inputs, declared), secrets)
    new.outputs = marked(run, new, found.outputs)
    new.created = new.modified = now()


def _keep_partial(run: Run, new: ResourceState, error: ProviderError) -> None:
    if error.partial is not None:
        new.id, outputs = error.partial
        new.outputs = marked(run, new, outputs)
        new.init_errors = [str(error)]
        new.modified = now()


def _with_retries(
    run: Run,
    operation: str,
    attempt: Callable[[], _T],
    resource: ResourceState,
    old: ResourceState | None,
) -> _T:
    """`attempt`, again for as long as the program's error hooks ask for it."""
    errors: list[str] = []
    new = None if operation == "delete" else resource
    while True:
        try:
            return attempt()
        except ProviderError as error:
            # What may have taken effect must be looked up first: that is the next run's business.
            if not error.outcome_known:
                raise
            errors.insert(0, str(error))
            if not run.hooks.should_retry(operation, resource, errors, old=old, new=new):
                raise
            run.stream.say(
                "warning",
                f"retrying {operation} due to on-error hook request ({len(errors)})",
                resource.urn,
            )


def name(resource: ResourceState) -> str:
    """How messages call a resource: its type and name."""
    return f"{resource.type} {urns.name_of(resource.urn)}"
