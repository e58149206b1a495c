"""Real Python programs in their own process, over the wire, against the workspace in memory."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from engine_world import MemoryStorage, World, write_project

from databricks_alerts.engine import DeploymentOptions, DeploymentResult, Engine
from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.events import (
    CancelEvent,
    EngineEvent,
    PreludeEvent,
    SummaryEvent,
    from_json,
)
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.values import UNKNOWN, Secret

pytestmark = pytest.mark.slow


@dataclass
class Stack:
    """A project on disk with its engine."""

    directory: Path
    world: World = field(default_factory=World)
    storage: MemoryStorage = field(default_factory=MemoryStorage)
    events: list[EngineEvent] = field(default_factory=list)
    engine: Engine | None = None

    def write(self, program: str, settings: str = "") -> Stack:
        write_project(self.directory, program, settings)
        return self

    def run(self, operation: str = "up", **options: Any) -> DeploymentResult:
        self.engine = Engine(
            self.directory, "dev", provider_loader=self.world.load, storage=self.storage
        )
        self.events = []
        run: Callable[..., DeploymentResult] = getattr(self.engine, operation)
        return run(DeploymentOptions(**options), self.events.append)


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    return Stack(tmp_path)


def messages(result: DeploymentResult, severity: str) -> list[str]:
    return [item.message for item in result.diagnostics if item.severity == severity]


def test_a_program_goes_from_preview_to_destroy(stack: Stack) -> None:
    stack.write(
        """
a = Thing("a", name="a", token=pulumi.Output.secret("hush"))
b = Thing("b", name=a.serial.apply(lambda n: f"b{n}"), of=a.id)
pulumi.export("id", b.id)
pulumi.export("token", a.token if hasattr(a, "token") else pulumi.Output.secret("hush"))
"""
    )
    preview = stack.run("preview")
    assert preview.changes == {"create": 3}
    assert preview.outputs["id"] is UNKNOWN
    up = stack.run()
    assert up.outputs == {"id": "id-2", "token": Secret("hush")}
    assert [name for _, name in stack.world.writes()] == ["a", "b"]
    again = stack.run()
    assert again.changes == {"same": 3}
    assert not again.changed
    assert stack.run("destroy").changes == {"delete": 3}
    assert not stack.world.things


def test_events_are_in_order_and_survive_json(stack: Stack) -> None:
    stack.write('Thing("a", name="a", token=pulumi.Output.secret("hush"))\n').run()
    assert isinstance(stack.events[0].payload, PreludeEvent)
    assert isinstance(stack.events[-2].payload, SummaryEvent)
    assert isinstance(stack.events[-1].payload, CancelEvent)
    assert [event.sequence for event in stack.events] == list(range(1, len(stack.events) + 1))
    lines = [event.to_json() for event in stack.events]
    assert "hush" not in str(lines)
    restored = [from_json(line) for line in lines]
    assert [event.to_json() for event in restored if event is not None] == lines


def test_configuration_reaches_the_program_and_the_provider(stack: Stack) -> None:
    stack.write(
        """
config = pulumi.Config()
pulumi.export("n", config.require_int("n"))
pulumi.export("list", config.require_object("list"))
pulumi.export("password", config.require_secret("password"))
Thing("a", name="a")
""",
        "config:\n  n: 3\n  proj:list: [1, x]\n  proj:password: {secure: 'v1:hush'}\n"
        "  test:token: {secure: 'v1:t'}\n",
    )
    result = stack.run()
    assert result.outputs == {"n": 3, "list": [1, "x"], "password": Secret("hush")}
    provider = next(r for r in stack.storage.state.resources if "providers" in r.type)
    assert provider.inputs == {"token": Secret("t"), "__internal": {}}
    prelude = stack.events[0].payload
    assert isinstance(prelude, PreludeEvent)
    assert prelude.config["proj:password"] == "[secret]"


def test_a_program_that_raises_changes_nothing_else_and_says_where(stack: Stack) -> None:
    stack.write('Thing("old", name="old")\n').run()
    stack.write('raise RuntimeError("no table")\n')
    result = stack.run()
    assert result.result == "failed"
    assert "RuntimeError: no table" in "\n".join(messages(result, "error"))
    assert "__main__.py" in "\n".join(messages(result, "error"))
    assert stack.world.names() == ["old"]


def test_what_the_program_prints_is_reported(stack: Stack) -> None:
    stack.write('import sys\nprint("out")\nprint("err", file=sys.stderr)\npulumi.warn("mind")\n')
    result = stack.run()
    assert messages(result, "info") == ["out"]
    assert messages(result, "info#err") == ["err"]
    assert messages(result, "warning") == ["mind"]


def test_a_failed_step_ends_the_run_and_names_the_reason_once(stack: Stack) -> None:
    stack.world.fault = _refuse("b")
    stack.write('a = Thing("a", name="a")\nThing("b", name="b", of=a.id)\nThing("c", name="c")\n')
    result = stack.run()
    assert result.result == "failed"
    assert [(f.op, f.message) for f in result.failures] == [("create", "b is refused")]
    assert messages(result, "error") == ["b is refused"]
    stack.world.fault = None
    assert stack.run().succeeded
    assert sorted(stack.world.names()) == ["a", "b", "c"]


def test_continue_on_error_runs_the_program_to_its_end(stack: Stack) -> None:
    stack.world.fault = _refuse("b")
    stack.write(
        """
b = Thing("b", name="b")
Thing("child", name="child", of=b.id)
Thing("c", name="c")
pulumi.export("done", True)
"""
    )
    result = stack.run(continue_on_error=True)
    assert result.result == "failed"
    assert stack.world.names() == ["c"]
    assert result.outputs["done"] is True
    assert "not declared" in "\n".join(messages(result, "error"))


def test_continue_on_error_deletes_nothing_that_a_failure_kept_from_being_declared(
    stack: Stack,
) -> None:
    stack.write('Thing("child", name="child")\n').run()
    stack.world.fault = _refuse("b")
    stack.write('b = Thing("b", name="b")\nThing("child", name="child", of=b.id)\n')
    assert not stack.run(continue_on_error=True).succeeded
    assert stack.world.names() == ["child"]


def test_components_parents_and_their_outputs(stack: Stack) -> None:
    stack.write(
        """
class Group(pulumi.ComponentResource):
    def __init__(self, name, opts=None):
        super().__init__("test:index:Group", name, None, opts)
        options = pulumi.ResourceOptions(parent=self, protect=True)
        self.child = Thing("child", name="child", opts=options)
        self.register_outputs({"child": self.child.id})

Group("g")
"""
    )
    stack.run()
    states = {urns.name_of(item.urn): item for item in stack.storage.state.resources}
    assert states["child"].urn == "urn:pulumi:dev::proj::test:index:Group$test:index:Thing::child"
    assert states["child"].parent == states["g"].urn
    assert states["child"].protect
    assert states["g"].outputs == {"child": "id-1"}
    assert states["g"].id == ""
    assert states["child"].source_position.startswith("project:///__main__.py#")


def test_resource_references_are_hydrated_by_get_resource(stack: Stack) -> None:
    stack.write(
        """
a = Thing("a", name="a")
pulumi.export("a", a)
"""
    )
    assert stack.run().succeeded
    assert stack.run().changes == {"same": 2}


def test_get_reads_a_resource_that_the_stack_does_not_own(stack: Stack) -> None:
    stack.world.things["id-5"] = ("test:index:Thing", {"name": "theirs"})
    stack.write(
        """
found = Thing("theirs", opts=pulumi.ResourceOptions(id="id-5"))
Thing("mine", name="mine", of=found.serial)
"""
    )
    assert stack.run().succeeded
    state = next(item for item in stack.storage.state.resources if item.name == "theirs")
    assert state.external
    assert stack.world.things["id-6" if "id-6" in stack.world.things else "id-1"][1]["of"] == 5
    assert stack.run("destroy").succeeded
    assert list(stack.world.things) == ["id-5"]


def test_transforms_of_a_resource_and_of_the_stack_are_called_back(stack: Stack) -> None:
    stack.write(
        """
def add(key):
    def transform(args):
        return pulumi.ResourceTransformResult(props={**args.props, key: True}, opts=args.opts)
    return transform

pulumi.runtime.register_resource_transform(add("everywhere"))
a = Thing("a", name="a", opts=pulumi.ResourceOptions(transforms=[add("here")]))
Thing("b", name="b", of=a.id)
"""
    )
    assert stack.run().succeeded
    by_name = {inputs["name"]: inputs for _, inputs in stack.world.things.values()}
    assert by_name["a"]["here"] is by_name["a"]["everywhere"] is True
    assert by_name["b"] == {"name": "b", "size": 1, "everywhere": True, "of": "id-1"}
    b = next(item for item in stack.storage.state.resources if item.name == "b")
    assert b.property_dependencies["of"] == ["urn:pulumi:dev::proj::test:index:Thing::a"]


HOOKS = """
def log(args):
    name = args.urn[args.urn.rindex("::") + 2 :]
    print(args.name, name, (args.new_inputs or args.old_inputs)["name"])

steps = ("create", "update", "delete")
kinds = [f"{when}_{what}" for when in ("before", "after") for what in steps]
hooks = {kind: pulumi.ResourceHook(kind, log) for kind in kinds}
binding = pulumi.ResourceHookBinding(**{kind: [hook] for kind, hook in hooks.items()})
"""


def test_hooks_run_around_create_update_and_delete(stack: Stack) -> None:
    declared = HOOKS + 'Thing("a", name="{}", opts=pulumi.ResourceOptions(hooks=binding))\n'
    stack.write(declared.replace("{}", "a"))
    assert messages(stack.run("preview"), "info") == []
    assert messages(stack.run(), "info") == ["a a a", "a a a"]
    assert messages(stack.run(), "info") == []
    stack.write(declared.replace("{}", "b"))
    assert messages(stack.run(), "info") == ["a a b", "a a b"]
    stack.write(HOOKS)
    assert messages(stack.run(), "info") == ["a a b", "a a b"]
    assert not stack.world.things


def test_a_failing_after_hook_fails_the_run_but_keeps_the_step(stack: Stack) -> None:
    stack.write(
        """
def fail(args):
    raise ValueError("not today")

hooks = pulumi.ResourceHookBinding(after_create=[pulumi.ResourceHook("h", fail)])
Thing("a", name="a", opts=pulumi.ResourceOptions(hooks=hooks))
"""
    )
    result = stack.run()
    assert result.result == "failed"
    assert "not today" in "\n".join(messages(result, "error"))
    assert [item.name for item in stack.storage.state.resources if item.id.startswith("id")] == [
        "a"
    ]


def test_an_error_hook_sees_the_message_and_may_try_again(stack: Stack) -> None:
    times = iter([True, True, False])

    def fault(operation: str, name: str, inputs: object) -> None:
        if operation == "create" and next(times):
            raise ProviderError("busy")

    stack.world.fault = fault
    stack.write(
        """
def again(args):
    print(args.failed_operation, args.errors)
    return True

hooks = pulumi.ResourceHookBinding(on_error=[pulumi.ErrorHook("again", again)])
Thing("a", name="a", opts=pulumi.ResourceOptions(hooks=hooks))
"""
    )
    result = stack.run()
    assert result.succeeded
    assert messages(result, "info") == ["create ['busy']", "create ['busy', 'busy']"]


def test_an_explicit_provider_with_its_own_configuration(stack: Stack) -> None:
    stack.write(
        """
provider = pulumi.ProviderResource("test", "mine", {"host": "http://two"})
Thing("a", name="a", opts=pulumi.ResourceOptions(provider=provider))
"""
    )
    assert stack.run().succeeded
    a = next(item for item in stack.storage.state.resources if item.name == "a")
    assert "::pulumi:providers:test::mine::" in a.provider
    assert stack.run().changes == {"same": 3}


@pytest.mark.parametrize(
    ("program", "feature"),
    [
        (
            'pulumi.CustomResource("other:index:X", "x", {})\n',
            "package other is not here, the pulumi CLI has it",
        ),
        (
            'pulumi.ComponentResource("test:index:Remote", "r", {}, None, remote=True)\n',
            "remote component",
        ),
        (
            'pulumi.runtime.invoke("test:index:getThing", {}).value\n',
            "test:index:getThing: the embedded engine does not do this, the pulumi CLI does",
        ),
    ],
)
def test_what_only_the_cli_can_do_is_named(stack: Stack, program: str, feature: str) -> None:
    result = stack.write(program).run()
    assert result.result == "failed"
    assert feature in "\n".join(messages(result, "error"))


def test_timeouts_reach_the_state_in_seconds(stack: Stack) -> None:
    stack.write(
        """
timeouts = pulumi.CustomTimeouts(create="1m30s", delete="2h")
Thing("a", name="a", opts=pulumi.ResourceOptions(custom_timeouts=timeouts))
"""
    ).run()
    a = next(item for item in stack.storage.state.resources if item.name == "a")
    assert a.custom_timeouts == {"create": 90.0, "delete": 7200.0}


def test_no_more_requests_at_once_than_parallel_allows(stack: Stack) -> None:
    barrier = threading.Barrier(3, timeout=20)

    def meet(operation: str, name: str, inputs: object) -> None:
        barrier.wait()

    stack.world.fault = meet
    stack.write('for i in range(9):\n    Thing(f"t{i}", name=f"t{i}")\n')
    assert stack.run(parallel=3).succeeded
    assert stack.world.most_at_once == 3


def test_after_a_failure_what_waits_for_its_turn_does_not_start(stack: Stack) -> None:
    stack.world.fault = _refuse_all
    stack.write('for i in range(20):\n    Thing(f"t{i}", name=f"t{i}")\n')
    assert not stack.run(parallel=1).succeeded
    assert len(stack.world.writes()) == 1


def test_cancel_finishes_what_is_in_flight_and_saves(stack: Stack) -> None:
    started, go = threading.Event(), threading.Event()

    def slow(operation: str, name: str, inputs: object) -> None:
        started.set()
        assert go.wait(20)

    stack.world.fault = slow
    stack.write('a = Thing("a", name="a")\nThing("b", name="b", of=a.id)\n')

    def interrupt() -> None:
        assert started.wait(20)
        assert stack.engine is not None
        stack.engine.cancel()
        go.set()

    helper = threading.Thread(target=interrupt)
    helper.start()
    result = stack.run()
    helper.join()
    assert result.result == "canceled"
    assert stack.world.names() == ["a"]
    assert [item.name for item in stack.storage.state.resources if item.id == "id-1"] == ["a"]
    stack.world.fault = None
    assert stack.run().succeeded
    assert stack.world.names() == ["a", "b"]


def test_a_second_cancel_ends_at_once(stack: Stack) -> None:
    started, go = threading.Event(), threading.Event()

    def stuck(operation: str, name: str, inputs: object) -> None:
        started.set()
        go.wait(20)

    stack.world.fault = stuck
    stack.write('Thing("a", name="a")\n')

    def interrupt() -> None:
        assert started.wait(20)
        assert stack.engine is not None
        stack.engine.cancel()
        stack.engine.cancel()

    helper = threading.Thread(target=interrupt)
    helper.start()
    began = time.monotonic()
    result = stack.run()
    assert time.monotonic() - began < 15
    assert result.result == "canceled"
    go.set()
    helper.join()


def test_expect_no_changes_fails_when_there_are_some(stack: Stack) -> None:
    stack.write('Thing("a", name="a")\n')
    assert stack.run("preview", expect_no_changes=True).result == "failed"
    stack.run()
    assert stack.run("preview", expect_no_changes=True).succeeded


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("name: [", "not valid YAML"),
        ("runtime: python\n", "`name` is missing"),
        ("name: x\nruntime: go\n", "runs Python programs"),
        ("name: x\n", "`runtime` is missing"),
        ("- x\n", "must be a mapping"),
    ],
)
def test_a_wrong_project_file_is_named(tmp_path: Path, text: str, problem: str) -> None:
    (tmp_path / "Pulumi.yaml").write_text(text)
    with pytest.raises(ProjectError, match=problem):
        Engine(tmp_path, "dev")


def test_a_virtual_environment_without_a_python_is_said(stack: Stack) -> None:
    stack.write("")
    (stack.directory / "nowhere").mkdir()
    (stack.directory / "Pulumi.yaml").write_text(
        "name: proj\nruntime: {name: python, options: {virtualenv: nowhere}}\n"
    )
    result = stack.run()
    assert result.error is not None
    assert "virtual environment" in result.error


def _refuse(refused: str) -> Any:
    def fault(operation: str, name: str, inputs: object) -> None:
        if name == refused:
            raise ProviderError(f"{name} is refused")

    return fault


def _refuse_all(operation: str, name: str, inputs: object) -> None:
    raise ProviderError("refused")
