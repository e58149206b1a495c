"""Whatever programs and faults follow each other, the state and the workspace come to agree."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from engine_world import BOX, THING, Lab, assert_sound, thing
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.steps.goal import Alias, Goal
from databricks_alerts.engine.values import UNKNOWN

ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
COMPONENTS = ("", "left", "right")


@dataclass(frozen=True)
class Declared:
    """One resource of a random program; `needs` are earlier ones by key."""

    key: int
    name: str
    kind: str = THING
    value: int = 0
    fixed: int = 0
    parent: str = ""
    protect: bool = False
    needs: tuple[int, ...] = ()
    forced_by_needs: bool = False
    aliases: tuple[Alias, ...] = ()


@dataclass
class Program:
    """A random program: what it declares, dependencies first."""

    declared: list[Declared] = field(default_factory=list)
    next_key: int = 0

    def script(self, deployment: Deployment) -> None:
        parents = {"": ROOT}
        for name in COMPONENTS[1:]:
            goal = Goal(type="test:index:Group", name=name, custom=False, parent=ROOT)
            parents[name] = deployment.register(goal).state.urn
            deployment.register_outputs(parents[name], {})
        urn_of: dict[int, str] = {}
        ids: dict[int, object] = {}
        for item in self.declared:
            answer = deployment.register(self._goal(item, parents, urn_of, ids))
            urn_of[item.key] = answer.state.urn
            ids[item.key] = answer.state.id or UNKNOWN

    def _goal(
        self,
        item: Declared,
        parents: dict[str, str],
        urn_of: dict[int, str],
        ids: dict[int, object],
    ) -> Goal:
        prefix = "fixedOf" if item.forced_by_needs else "of"
        links = {f"{prefix}{key}": ids[key] for key in item.needs}
        return thing(
            item.name,
            item.kind,
            parent=parents[item.parent],
            protect=item.protect,
            aliases=list(item.aliases),
            inputs={"value": item.value, "fixed": item.fixed, **links},
            dependencies=[urn_of[key] for key in item.needs],
            property_dependencies={f"{prefix}{key}": [urn_of[key]] for key in item.needs},
        )

    def settled(self) -> Program:
        """The program after a deployment: aliases are spent."""
        return Program([replace(item, aliases=()) for item in self.declared], self.next_key)


edits = st.sampled_from(
    ["add", "add", "change", "replace", "rename", "remove", "reparent", "protect", "unprotect"]
)


@st.composite
def edited(draw: st.DrawFn, program: Program) -> Program:
    declared = list(program.declared)
    next_key = program.next_key
    for edit in draw(st.lists(edits, min_size=1, max_size=4)):
        if edit == "add" or not declared:
            needs = (
                draw(st.lists(st.sampled_from([i.key for i in declared]), max_size=2, unique=True))
                if declared
                else []
            )
            kind, forced = draw(st.sampled_from([THING, BOX])), draw(st.booleans())
            declared.append(
                Declared(next_key, f"n{next_key}", kind, needs=tuple(needs), forced_by_needs=forced)
            )
            next_key += 1
            continue
        at = draw(st.integers(0, len(declared) - 1))
        item = declared[at]
        match edit:
            case "change":
                declared[at] = replace(item, value=item.value + 1)
            case "replace":
                if not any(other.protect for other in declared):
                    declared[at] = replace(item, fixed=item.fixed + 1)
            case "rename" if not item.aliases:
                alias = Alias(name=item.name)
                declared[at] = replace(item, name=f"{item.name}x", aliases=(alias,))
            case "reparent" if not item.aliases:
                parent = draw(st.sampled_from(COMPONENTS))
                declared[at] = replace(item, parent=parent, aliases=(_old_urn(item),))
            case "protect" | "unprotect":
                declared[at] = replace(item, protect=edit == "protect")
            case "remove" if not item.protect:
                declared.pop(at)
                declared = [
                    replace(other, needs=tuple(key for key in other.needs if key != item.key))
                    for other in declared
                ]
    return Program(declared, next_key)


def _old_urn(item: Declared) -> Alias:
    parent_type = "test:index:Group" if item.parent else ""
    return Alias(urn=urns.with_parent_type("dev", "proj", parent_type, item.kind, item.name))


@dataclass
class Fault:
    """Fails the n-th requests; `lost`: nobody knows whether they took effect."""

    at: frozenset[int]
    lost: bool = False
    seen: int = 0

    def __call__(self, operation: str, name: str, inputs: object) -> None:
        if operation == "read":
            return
        self.seen += 1
        if self.seen in self.at:
            raise ProviderError(f"{operation} {name} failed", outcome_known=not self.lost)


def deploy(lab: Lab, program: Program) -> None:
    """Deploy without faults; if protection stands in the way, lift it as people do, and go on."""
    result = lab.run(program.script)
    if any("protect" in failure.message for failure in result.failures):
        event("protection refused a replacement or a deletion")
        for item in lab.storage.state.resources:
            item.protect = False  # pulumi state unprotect
        result = lab.run(program.script)
    assert result.succeeded, (result.failures, result.error, result.diagnostics)


def assert_converged(lab: Lab, program: Program) -> None:
    state = lab.storage.state
    assert_sound(state.resources)
    assert not state.pending
    managed = [item for item in state.resources if item.type in (THING, BOX)]
    assert not any(item.delete or item.pending_replacement for item in managed)
    assert sorted(item.id for item in managed) == sorted(lab.world.things), "an orphan"
    assert lab.world.names() == sorted(item.name for item in program.declared)
    for item in managed:
        assert lab.world.things[item.id][1] == item.inputs
    lab.world.calls.clear()
    again = lab.run(program.settled().script, "preview")
    assert set(again.changes) == {"same"}, again.changes
    assert lab.run(program.settled().script).succeeded
    assert not lab.world.writes()


@pytest.mark.slow
@pytest.mark.timeout(600)
@settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(data=st.data())
def test_random_programs_and_faults_converge(data: st.DataObject) -> None:
    with tempfile.TemporaryDirectory() as directory:
        lab = Lab(Path(directory))
        program = Program()
        for _ in range(data.draw(st.integers(1, 4), label="rounds")):
            program = data.draw(edited(program), label="program")
            failing = st.frozensets(st.integers(1, 8), max_size=2)
            lab.world.fault = Fault(data.draw(failing, label="refused"))
            lab.world.late_fault = Fault(data.draw(failing, label="lost"), lost=True)
            going_on = data.draw(st.booleans(), label="continue on error")
            result = lab.run(program.script, continue_on_error=going_on)
            event(f"under faults: {result.result}, pending: {bool(lab.storage.state.pending)}")
            assert_sound(lab.storage.state.resources)
            lab.world.fault = lab.world.late_fault = None
            if data.draw(st.booleans(), label="edited before recovery"):
                program = data.draw(edited(program), label="edit")
            deploy(lab, program)
            assert_converged(lab, program)
            program = program.settled()
