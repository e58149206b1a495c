"""What an interrupted run left behind: operations that began and whose outcome nobody recorded.

A create that was cut off is looked up before anything else, so that it is adopted and never made
a second time. The others are read again, so that the state says what is.
"""

from __future__ import annotations

from databricks_alerts.engine.errors import DeploymentError
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.state.resource import PendingOperation, ResourceState
from databricks_alerts.engine.steps import operations
from databricks_alerts.engine.steps.executor import Executor
from databricks_alerts.engine.steps.refreshes import refresh_all
from databricks_alerts.engine.steps.run import Run, is_managed, now
from databricks_alerts.engine.values import reveal


def recover(run: Run, executor: Executor, pending: list[PendingOperation]) -> None:
    """Settle pending operations into the ledger's base.

    Raises DeploymentError when the workspace cannot be asked: going on could create twice.
    """
    if not pending:
        return
    _report(run, pending)
    creating = [item.resource for item in pending if item.type == "creating"]
    adopted = [found for item in creating if (found := _find(run, item)) is not None]
    run.ledger.replace_base([*run.ledger.base, *adopted])
    for item in adopted:
        run.recorder.end(None, saved=item)
    others = frozenset(item.resource.urn for item in pending if item.type != "creating")
    if others:
        refresh_all(run, executor, only=others)


def _report(run: Run, pending: list[PendingOperation]) -> None:
    lines = [f"  {item.type} {operations.name(item.resource)}" for item in pending]
    run.stream.say(
        "warning",
        "The last update was interrupted in the middle of:\n"
        + "\n".join(lines)
        + "\nLooking at what became of it.",
    )


def _find(run: Run, resource: ResourceState) -> ResourceState | None:
    """The resource of an interrupted create, as the workspace has it; None if it never was."""
    if not is_managed(resource):
        return None
    known = frozenset(item.id for item in run.ledger.base if item.id)
    try:
        provider = run.provider_of(resource)
        inputs = reveal(resource.inputs)
        found = provider.find_created(resource.type, resource.urn, inputs, known)
        if found is None:
            run.stream.say("info", "was not created: it will be, if it is declared", resource.urn)
            return None
        read = provider.read(resource.type, resource.urn, found, inputs, {})
    except ProviderError as error:
        raise DeploymentError(
            f"cannot find out whether {operations.name(resource)} was created by the interrupted "
            f"update: {error}\nNothing was changed. Try again when the workspace answers."
        ) from error
    if not read.id:
        return None
    resource.id = read.id
    resource.outputs = operations.marked(run, resource, read.outputs)
    resource.created = resource.modified = now()
    _replace_duplicate(run, resource)
    run.stream.say("info", f"was created with id {read.id}: adopted", resource.urn)
    return resource


def _replace_duplicate(run: Run, resource: ResourceState) -> None:
    """An interrupted replacement: the one in the state is the old one, to be deleted."""
    for item in run.ledger.base:
        if item.urn == resource.urn and not item.delete:
            item.delete = True
            run.recorder.end(None, saved=item)
