"""One deployment: takes the program's registrations one by one, and ends by deleting the rest.

Each registration is planned and carried out on the thread that brought it (the program sends as
many at once as it has threads), so what is shared is small: who registered what, and the ledger.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Mapping

from databricks_alerts.engine import aliases
from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.builtin import outputs_by_urn, secret_names, stack_outputs
from databricks_alerts.engine.default_providers import DefaultProviders
from databricks_alerts.engine.errors import DeploymentError, EngineError
from databricks_alerts.engine.providers.base import CheckResult, Diff, ProviderError
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import (
    cascade,
    deletions,
    diffs,
    graph,
    marks,
    paths,
    planner,
    targets,
)
from databricks_alerts.engine.steps.executor import Executor
from databricks_alerts.engine.steps.goal import REPLACEMENT_TRIGGER, Answer, Goal
from databricks_alerts.engine.steps.planner import Situation
from databricks_alerts.engine.steps.run import Run, StepFailedError, StoppedError, is_managed
from databricks_alerts.engine.steps.step import Step
from databricks_alerts.engine.values import Properties, reveal


class Deployment:
    """A run of the program against a stack's resources. Safe to call from many threads.

    `other_resources` answers the resources of another stack of the backend.
    """

    def __init__(
        self,
        run: Run,
        config: Mapping[str, object],
        other_resources: Callable[[str], Iterable[ResourceState]],
    ) -> None:
        self._run = run
        self._other_resources = other_resources
        self._executor = Executor(run)
        self._targets = targets.Targets(run.options)
        self._lock = threading.RLock()
        self._olds = {item.urn: item for item in run.ledger.base if not item.delete}
        self._goals: dict[str, Goal] = {}
        self._aliases: dict[str, str] = {}
        self._aliased: dict[str, str] = {}
        self._steps: dict[str, Step] = {}
        self._replaced: set[str] = set()
        self._unsettled: set[str] = set()  # failed, skipped or left out: nothing to build upon
        self._left_out: set[str] = set()
        self._deleting: dict[str, threading.Event] = {}
        self._deleted_keys: dict[str, list[str]] = {}
        self._stack_outputs: Properties | None = None
        old_stack = self._olds.get(self.root_urn)
        self._outputs_before = dict(old_stack.outputs) if old_stack else {}
        self._defaults = DefaultProviders(config, self.register)

    @property
    def root_urn(self) -> str:
        """The URN of the stack resource."""
        return urns.root(self._run.stack, self._run.project)

    def goal_of(self, urn: str) -> Goal | None:
        """The registration of a URN in this run."""
        return self._goals.get(urn)

    def provider_for(self, goal_provider: str, type_token: str, version: str) -> str:
        """The provider reference for a custom resource: the one given, or the default."""
        return goal_provider or self._defaults.reference(urns.package_of(type_token), version)

    def register(self, goal: Goal) -> Answer:
        """Bring one resource to its goal.

        Raises StoppedError when the run is ending, DeploymentError for a registration that makes
        no sense. A failed step answers `fail` if the run goes on after errors.
        """
        self._run.check_going()
        self._inherit(goal)
        if goal.custom and not urns.is_provider_type(goal.type):
            goal.provider = self.provider_for(goal.provider, goal.type, goal.version)
        urn = urns.make(self._run.stack, self._run.project, goal.parent, goal.type, goal.name)
        old = self._claim(urn, goal)
        new = goal.to_state(urn, old)
        if any(dependency in self._unsettled for dependency in graph.dependencies_of(new)):
            return self._skip(new, old)
        try:
            return self._bring(goal, old, new)
        except StepFailedError:
            return self._failed(new)
        except (EngineError, ProviderError) as error:
            self._run.stream.fail(Step("create", new=new).metadata(), str(error))
            return self._failed(new)

    def read(self, goal: Goal, resource_id: str) -> ResourceState:
        """Read a resource that this stack does not own (`.get()`). Raises as `register`."""
        self._run.check_going()
        goal.provider = self.provider_for(goal.provider, goal.type, goal.version)
        urn = urns.make(self._run.stack, self._run.project, goal.parent, goal.type, goal.name)
        old = self._claim(urn, goal)
        new = goal.to_state(urn, old)
        new.external, new.id = True, resource_id
        owned = old is not None and not old.external
        op: Step = Step("read-replacement" if owned else "read", old, new, pending_delete=owned)
        try:
            self._executor.run(op)
        except StepFailedError:
            self._run.fail()
            raise
        return new

    def register_outputs(self, urn: str, outputs: Properties) -> None:
        """Take the outputs of a component; the stack's are finished at the end."""
        if urn == self.root_urn:
            self._stack_outputs = outputs
            return
        step = self._steps.pop(urn, None)
        if step is None:
            if urn in self._unsettled:
                return
            raise DeploymentError(f"outputs of {urn} came before its registration")
        if step.new is not None:
            step.new.outputs = outputs
            self._run.recorder.end(None, saved=step.new)
        self._executor.outputs(step)

    def find(self, urn: str) -> ResourceState | None:
        """A resource that this run has settled, for `getResource`."""
        return self._run.ledger.find(urn)

    def stack_outputs(self, name: str) -> Properties:
        """What `readStackOutputs` answers: a stack's outputs, its own those before this run.

        `name` is `[organization/[project/]]stack`. Raises StateError for a stack that is not there.
        """
        outputs = (
            self._outputs_before
            if self._is_own(name)
            else stack_outputs(self._other_resources(name))
        )
        return {"name": name, "outputs": outputs, "secretOutputNames": secret_names(outputs)}

    def stack_resources(self, name: str) -> Properties:
        """What `readStackResourceOutputs` answers: every resource's type and outputs, by URN.

        `name` as for `stack_outputs`; of the own stack those before this run, a refresh included.
        Raises StateError.
        """
        found = self._run.ledger.base if self._is_own(name) else self._other_resources(name)
        return {"name": name, "outputs": outputs_by_urn(found)}

    def delete_rest(self) -> None:
        """Delete what the program did not declare, and what was replaced."""
        condemned = [item for item in self._run.ledger.remaining() if self._is_condemned(item)]
        chosen = targets.deletable(self._run.options, condemned, self._run.ledger.base)
        remaining = self._run.ledger.remaining()
        chosen_ids = {id(item) for item in chosen}
        kept = [item for item in remaining if id(item) not in chosen_ids]
        deletions.delete_all(
            self._run, self._executor, targets.without_needed(chosen, [*kept, *self._survivors()])
        )

    def finish(self) -> Properties:
        """Settle the stack's outputs; answers them. After errors old ones that are missing stay."""
        stack = self._run.ledger.find(self.root_urn)
        if stack is None:
            return {}
        if self._stack_outputs is not None:
            errored = self._run.failed.is_set()
            stack.outputs = {**(stack.outputs if errored else {}), **self._stack_outputs}
            step = self._steps.get(self.root_urn)
            if step is not None:
                self._executor.outputs(step)
        return stack.outputs

    def _is_own(self, name: str) -> bool:
        parts = name.split("/")
        return parts[-1] == self._run.stack and parts[-2:-1] in ([], [self._run.project])

    def _inherit(self, goal: Goal) -> None:
        parent = self._goals.get(goal.parent)
        if parent is not None:
            goal.inherit(parent)

    def _claim(self, urn: str, goal: Goal) -> ResourceState | None:
        """Reserve the URN and find the old resource. Raises DeploymentError for a duplicate."""
        candidates = aliases.of(goal, self._run.project, self._run.stack, self._aliases)
        with self._lock:
            if urn in self._goals:
                raise DeploymentError(
                    f"Duplicate resource URN {urn!r}; try giving it a unique name"
                )
            if urn in self._aliased:
                raise DeploymentError(
                    f"Duplicate resource URN {urn!r} conflicting with alias on resource with URN "
                    f"{self._aliased[urn]!r}"
                )
            self._goals[urn] = goal
            found = next((name for name in [urn, *candidates] if name in self._olds), None)
            if found is None:
                return None
            if found != urn:
                self._take_alias(urn, found)
            return self._olds[found]

    def _take_alias(self, urn: str, alias: str) -> None:
        if alias in self._goals or alias in self._aliased:
            taken = self._aliased.get(alias, alias)
            raise DeploymentError(
                f"Duplicate resource alias {alias!r} applied to resource with URN {urn!r} "
                f"conflicting with resource with URN {taken!r}"
            )
        self._aliased[alias], self._aliases[urn] = urn, alias
        self._run.ledger.rename(alias, urn)

    def _bring(self, goal: Goal, old: ResourceState | None, new: ResourceState) -> Answer:
        recreating = self._wait_for_deletion(old)
        imported = False
        if planner.is_import(goal, old):
            old = self._import(goal, old, new)
            new = goal.to_state(new.urn, old)
            imported, recreating = True, False
        situation = self._situation(goal, old, new, recreating)
        steps = planner.plan(situation)
        if imported and steps[0].op == "same":
            assert old is not None
            return self._answer(Step("same", old, old), old)
        if planner.replaces(situation):
            self._prepare_replacement(situation)
        elif recreating:
            self._replaced.add(new.urn)
        for step in steps:
            self._executor.run(step)
        return self._answer(steps[0] if steps[0].op != "replace" else steps[-1], new)

    def _answer(self, step: Step, new: ResourceState) -> Answer:
        self._steps[new.urn] = step
        if step.skipped:
            with self._lock:
                self._left_out.add(new.urn)
        state = step.new or new
        return Answer(state, unknown=step.skipped)

    def _situation(
        self, goal: Goal, old: ResourceState | None, new: ResourceState, recreating: bool
    ) -> Situation:
        targeted = self._targets.includes(new)
        if not targeted:
            return Situation(goal, old, new, targeted=False)
        self._refuse_left_out(new)
        fresh = recreating or old is None or old.external or self._targets.must_replace(new.urn)
        new.inputs = self._check(goal, None if fresh else old, new)
        diff = Diff(changes=False)
        if old is not None and not recreating and not old.external:
            diff = self._diff(goal, old, new)
        situation = Situation(
            goal,
            old,
            new,
            diff,
            recreating=recreating,
            dry_run=self._run.dry_run,
            recreate_keys=self._deleted_keys.get(old.urn, []) if old else [],
        )
        if planner.replaces(situation) and not fresh:
            # What the provider carried over from the old resource does not hold for a new one.
            new.inputs = self._check(goal, None, new)
        return situation

    def _refuse_left_out(self, new: ResourceState) -> None:
        missing = next((u for u in graph.dependencies_of(new) if u in self._left_out), None)
        if missing is not None:
            raise DeploymentError(
                f"Resource {new.urn!r} depends on {missing!r} which was was not specified in "
                "--target list, and is not in the state yet: add it to the targets"
            )

    def _check(self, goal: Goal, old: ResourceState | None, new: ResourceState) -> Properties:
        """The inputs with defaults, ignored changes undone. Raises DeploymentError on failures."""
        inputs = goal.inputs
        if old is not None and goal.ignore_changes:
            inputs, failed = paths.reset(inputs, old.inputs, goal.ignore_changes)
            if failed:
                self._run.stream.say(
                    "info",
                    "cannot ignore changes in added or removed elements of the path: "
                    + ", ".join(failed),
                    new.urn,
                )
        if not goal.custom:
            return inputs
        result = self._provider_check(new, old, inputs)
        if result.failures:
            raise DeploymentError("\n".join(_explain(new, result)))
        checked: Properties = marks.like(result.inputs, inputs)
        if not is_managed(new):
            return checked
        return marks.paths(checked, self._run.provider_of(new).secret_outputs(new.type))

    def _provider_check(
        self, new: ResourceState, old: ResourceState | None, inputs: Properties
    ) -> CheckResult:
        if not is_managed(new):
            return self._run.registry.check(new.type, inputs)
        provider = self._run.provider_of(new)
        olds = reveal(old.inputs) if old is not None else {}
        return provider.check(new.type, new.urn, olds, reveal(inputs))

    def _diff(self, goal: Goal, old: ResourceState, new: ResourceState) -> Diff:
        if self._targets.must_replace(new.urn):
            return diffs.forced("id")
        reason = self._replaced_companion(new) or _trigger(old, new)
        if reason or bool(old.provider) != bool(new.provider):
            return diffs.forced(reason or "provider")
        if not is_managed(new):
            return diffs.of_inputs(old.inputs, new.inputs)
        diff = self._run.provider_of(new).diff(
            new.type,
            new.urn,
            old.id,
            reveal(old.inputs),
            reveal(old.outputs),
            reveal(new.inputs),
            goal.ignore_changes,
        )
        return diffs.with_replace_on_changes(diff, goal.replace_on_changes, bool(old.init_errors))

    def _replaced_companion(self, new: ResourceState) -> str:
        if any(urn in self._replaced for urn in new.replace_with):
            return "replaceWith"
        return "deletedWith" if new.deleted_with in self._replaced else ""

    def _import(self, goal: Goal, old: ResourceState | None, new: ResourceState) -> ResourceState:
        """Adopt; answers the resource as the workspace has it, which the goal is diffed with."""
        replacing = old is not None
        step = Step(
            "import-replacement" if replacing else "import", old, new, pending_delete=replacing
        )
        self._executor.run(step)
        if goal.ignore_changes:
            new.inputs, _ = paths.reset(new.inputs, new.inputs, goal.ignore_changes)
        return new

    def _prepare_replacement(self, situation: Situation) -> None:
        old = situation.old
        assert old is not None
        with self._lock:
            self._replaced.add(situation.new.urn)
            if not planner.deletes_first(situation) or old.pending_replacement:
                return
            # What is registered already cannot depend on it any more.
            busy = {*self._goals, *self._deleting, *self._aliased}
            dependents = cascade.dependents_to_replace(self._run, old, busy)
            for resource, _ in [*dependents, (old, [])]:
                self._deleting[resource.urn] = threading.Event()
            self._deleted_keys.update({item.urn: keys for item, keys in dependents})
        for resource in [*reversed([item for item, _ in dependents]), old]:
            try:
                self._executor.run(planner.delete_before(resource))
            finally:
                self._deleting[resource.urn].set()

    def _wait_for_deletion(self, old: ResourceState | None) -> bool:
        """Whether the old resource was deleted before its replacement; waits until it is done."""
        if old is None:
            return False
        with self._lock:
            deleting = self._deleting.get(old.urn)
        if deleting is not None:
            deleting.wait()
        return deleting is not None and old.pending_replacement

    def _skip(self, new: ResourceState, old: ResourceState | None) -> Answer:
        with self._lock:
            self._unsettled.add(new.urn)
        if old is not None:
            new.id, new.outputs = old.id, old.outputs
        return Answer(new, "skip")

    def _failed(self, new: ResourceState) -> Answer:
        with self._lock:
            self._unsettled.add(new.urn)
        self._run.fail()
        if self._run.stopping.is_set():
            raise StoppedError
        return Answer(new, "fail")

    def _is_condemned(self, item: ResourceState) -> bool:
        return item.delete or (item.urn not in self._goals and item.urn not in self._aliased)

    def _survivors(self) -> Iterable[ResourceState]:
        """Settled resources, whose needs must be kept: targets can leave old ones among them."""
        return [item for item in map(self._run.ledger.find, self._goals) if item is not None]


def _trigger(old: ResourceState, new: ResourceState) -> str:
    """Whether the program's replacement trigger changed; one that is new or gone does nothing."""
    before, after = old.extra.get(REPLACEMENT_TRIGGER), new.extra.get(REPLACEMENT_TRIGGER)
    changed = before is not None and after is not None and before != after
    return REPLACEMENT_TRIGGER if changed else ""


def _explain(new: ResourceState, result: CheckResult) -> list[str]:
    lines = []
    for failure in result.failures:
        where = f"{new.type} resource '{urns.name_of(new.urn)}'"
        if failure.property:
            lines.append(f"{where}: property {failure.property} has a problem: {failure.reason}")
        else:
            lines.append(f"{where} has a problem: {failure.reason}")
    return lines
