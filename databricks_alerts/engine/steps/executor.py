"""Carrying steps out: report, record, request, record, report.

A preview goes the same way; its provider calls are planned ones and its recorder records nothing.
"""

from __future__ import annotations

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.errors import EngineError
from databricks_alerts.engine.events import ResourceOutputsEvent, ResourcePreEvent
from databricks_alerts.engine.hooks import HookKind
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import marks, operations
from databricks_alerts.engine.steps.run import Run, StepFailedError, is_managed
from databricks_alerts.engine.steps.step import Op, Step

# Deletions that ask nothing of the workspace.
_FORGETTING = ("discard", "discard-replaced", "remove-pending-replace")
_WITHOUT_REQUESTS = ("same", "replace", *_FORGETTING)


class Executor:
    """Carries out one step at a time, on the caller's thread."""

    def __init__(self, run: Run, *, refreshing: bool = False) -> None:
        self._run = run
        self._refreshing = refreshing

    def run(self, step: Step) -> None:
        """Carry the step out. Raises StepFailedError, reported, or StoppedError."""
        requests = is_managed(step.resource) and step.op not in _WITHOUT_REQUESTS
        with self._run.step(requests=requests):
            self._run_step(step)

    def _run_step(self, step: Step) -> None:
        visible = _is_visible(step)
        if visible:
            self._run.stream.emit(ResourcePreEvent(step.metadata(), self._run.dry_run))
        try:
            self._apply(step)
        except (ProviderError, EngineError) as error:
            self._run.stream.fail(step.metadata(), str(error))
            raise StepFailedError(str(error)) from error
        if visible:
            self._report(step)

    def outputs(self, step: Step) -> None:
        """Report a component whose outputs are registered, and run its after-hooks."""
        resource = step.resource
        if step.op == "create":
            self._after("after_create", resource, old=None)
        elif step.op == "update":
            self._after("after_update", resource, old=step.old)
        self._run.stream.emit(ResourceOutputsEvent(step.metadata(), self._run.dry_run))

    def _report(self, step: Step) -> None:
        op: Op = (step.result_op or step.op) if self._refreshing else step.op
        # Components report their outputs later, when the program registers them.
        if step.resource.custom or step.op in ("delete", "refresh"):
            self._run.stream.emit(ResourceOutputsEvent(step.metadata(op), self._run.dry_run))
        if step.logical or (self._refreshing and step.op == "refresh"):
            self._run.stream.count(op)

    def _apply(self, step: Step) -> None:
        match step.op:
            case "same":
                self._same(step)
            case "create" | "create-replacement":
                self._create(step)
            case "update":
                self._update(step)
            case "delete" | "delete-replaced" | "discard" | "discard-replaced":
                self._delete(step)
            case "remove-pending-replace":
                self._forget(step)
            case "read" | "read-replacement":
                self._read(step)
            case "refresh":
                operations.refresh(self._run, step)
            case "import" | "import-replacement":
                self._import(step)
            case "replace":
                pass  # shown only: the create and the delete do it

    def _same(self, step: Step) -> None:
        old, new = step.old, step.new
        assert new is not None
        if step.skipped:
            return
        assert old is not None
        if new is not old:
            # What the program makes secret only now is secret at once, without a request.
            new.id, new.outputs = old.id, marks.paths(old.outputs, new.additional_secret_outputs)
        if urns.is_provider_type(new.type):
            self._run.registry.configure(new)
        self._run.ledger.settle(new, old)
        if renamed := _renamed(old, new):
            self._run.recorder.end(None, saved=new, replaces=renamed)

    def _create(self, step: Step) -> None:
        new, old = step.new, step.old
        assert new is not None
        token = self._run.recorder.begin("creating", new) if is_managed(new) else None
        try:
            operations.create(self._run, step)
        except (ProviderError, EngineError) as error:
            self._failed_create(step, token, error)
            raise
        self._created(step, token)
        if new.custom:
            self._after("after_create", new, old=None)
        if old is not None and not step.pending_delete:
            self._run.recorder.end(None, removed=old)

    def _failed_create(self, step: Step, token: object, error: Exception) -> None:
        unknown = isinstance(error, ProviderError) and not error.outcome_known
        if isinstance(error, ProviderError) and error.partial is not None:
            self._created(step, token)
        elif not unknown:
            self._run.recorder.end(token)

    def _created(self, step: Step, token: object) -> None:
        new, old = step.new, step.old
        assert new is not None
        if old is not None and step.pending_delete:
            old.delete = True
            self._run.recorder.end(None, saved=old)
        superseded = None if step.pending_delete else old
        self._run.ledger.settle(new, superseded)
        self._run.recorder.end(token, saved=new)

    def _update(self, step: Step) -> None:
        old, new = step.old, step.new
        assert old is not None
        assert new is not None
        token = self._run.recorder.begin("updating", new) if is_managed(new) else None
        try:
            operations.update(self._run, step)
        except (ProviderError, EngineError) as error:
            partial = isinstance(error, ProviderError) and error.partial is not None
            if partial:
                self._run.ledger.settle(new, old)
            if partial or not (isinstance(error, ProviderError) and not error.outcome_known):
                saved, renamed = (new, _renamed(old, new)) if partial else (None, None)
                self._run.recorder.end(token, saved=saved, replaces=renamed)
            raise
        self._settle_update(old, new)
        self._run.recorder.end(token, saved=new, replaces=_renamed(old, new))
        if new.custom:
            self._after("after_update", new, old=old)

    def _settle_update(self, old: ResourceState, new: ResourceState) -> None:
        if self._run.ledger.find(old.urn) is old:
            self._run.ledger.resettle(old, new)
        else:
            self._run.ledger.settle(new, old)

    def _delete(self, step: Step) -> None:
        old = step.old
        assert old is not None
        self._run.hooks.run("before_delete", old, old=old)
        if old.protect and step.op == "delete":
            raise EngineError(
                f"resource {old.urn!r} cannot be deleted\nbecause it is protected. To unprotect "
                "it, remove the `protect` flag from the resource in your Pulumi program and run "
                "the update"
            )
        token = None
        if self._must_delete(step, old):
            token = self._run.recorder.begin("deleting", old)
            try:
                operations.delete(self._run, old)
            except ProviderError as error:
                if error.outcome_known:
                    self._run.recorder.end(token)
                raise
        self._deleted(step, old, token)
        self._after("after_delete", old, old=old)

    def _must_delete(self, step: Step, old: ResourceState) -> bool:
        kept = self._run.dry_run or old.external or old.retain_on_delete or step.skipped
        return is_managed(old) and not kept and step.op not in _FORGETTING

    def _deleted(self, step: Step, old: ResourceState, token: object) -> None:
        if step.pending_replacement:
            # It stays in the state until its replacement is there, so that a run that breaks off
            # in between knows what it owes.
            old.pending_replacement = True
            self._run.recorder.end(token, saved=old)
            return
        self._run.ledger.drop(old)
        self._run.recorder.end(token, removed=old)

    def _forget(self, step: Step) -> None:
        assert step.old is not None
        self._run.ledger.drop(step.old)
        self._run.recorder.end(None, removed=step.old)

    def _read(self, step: Step) -> None:
        new, old = step.new, step.old
        assert new is not None
        operations.read(self._run, step)
        if old is not None and step.pending_delete:
            old.delete = True
            self._run.recorder.end(None, saved=old)
        self._run.ledger.settle(new, None if step.pending_delete else old)
        self._run.recorder.end(None, saved=new)

    def _import(self, step: Step) -> None:
        new, old = step.new, step.old
        assert new is not None
        operations.import_(self._run, step)
        if old is not None and step.pending_delete:
            old.delete = True
            self._run.recorder.end(None, saved=old)
        self._run.ledger.settle(new, None if step.pending_delete else old)
        self._run.recorder.end(None, saved=new)

    def _after(self, kind: HookKind, resource: ResourceState, old: ResourceState | None) -> None:
        """Run after-hooks: a failure fails the run, but the step stands as it is recorded."""
        new = None if kind == "after_delete" else resource
        try:
            self._run.hooks.run(kind, resource, old=old, new=new, outputs=new is not None)
        except EngineError as error:
            self._run.stream.say("error", str(error), resource.urn)
            self._run.fail()


def _renamed(old: ResourceState, new: ResourceState) -> ResourceState | None:
    """`old` if an alias gave it another URN."""
    return old if old.urn != new.urn else None


def _is_visible(step: Step) -> bool:
    """Default providers are the engine's own business, as in Pulumi."""
    return not urns.is_default_provider(step.urn)
