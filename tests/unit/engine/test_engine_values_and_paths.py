"""The small languages of the engine: values on the wire, paths, URNs, durations, settings."""

from __future__ import annotations

import itertools
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.engine import project as projects
from databricks_alerts.engine import urn as urns
from databricks_alerts.engine import wire
from databricks_alerts.engine.errors import DeploymentError, ProjectError
from databricks_alerts.engine.events import (
    EngineEvent,
    ResourcePreEvent,
    StepMetadata,
    StepState,
    from_json,
)
from databricks_alerts.engine.language_host import interpreter
from databricks_alerts.engine.monitor import positions
from databricks_alerts.engine.monitor.requests import seconds
from databricks_alerts.engine.options import DeploymentOptions
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.steps import diffs, graph, paths, targets
from databricks_alerts.engine.values import UNKNOWN, Asset, Output, ResourceReference, Secret

texts = st.text(max_size=8)
plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**52), 2**52) | st.floats(-1e9, 1e9) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=8,
)
marked = st.one_of(
    plain,
    st.builds(Secret, plain),
    st.just(UNKNOWN),
    st.builds(Output, plain, st.just(("urn:a",)), st.booleans()),
    st.just(ResourceReference("urn:x", "id-1")),
    st.just(ResourceReference("urn:x")),
    st.just(Asset("asset", {"text": "hello"})),
)


def same_number_kinds(left: Any, right: Any) -> bool:
    return left == right and (not isinstance(left, float) or isinstance(right, float | int))


@given(st.dictionaries(texts, marked, max_size=4))
def test_values_survive_the_wire(properties: dict[str, Any]) -> None:
    returned = wire.from_struct(wire.to_struct(properties))
    assert same_number_kinds(properties, returned)


def test_integral_doubles_arrive_as_integers() -> None:
    returned = wire.from_struct(wire.to_struct({"n": 3.0, "x": 1.5, "big": 1e300}))
    assert returned == {"n": 3, "x": 1.5, "big": 1e300}
    assert isinstance(returned["n"], int)
    assert isinstance(returned["big"], float)


def test_an_unknown_output_is_an_output_without_a_value() -> None:
    returned = wire.from_struct(wire.to_struct({"x": Output(UNKNOWN, ("urn:a",), True)}))
    assert returned["x"] == Output(UNKNOWN, ("urn:a",), True)
    assert wire.output_dependencies(returned) == {"urn:a"}
    assert wire.downgrade(returned["x"]) == Secret(UNKNOWN)


@pytest.mark.parametrize(
    ("text", "path"),
    [
        ("a", ("a",)),
        ("a.b[0].c", ("a", "b", 0, "c")),
        ('a["x.y"]', ("a", "x.y")),
        ('["quo\\"te"]', ('quo"te',)),
        ("*", ("*",)),
        ("a[*].b", ("a", "*", "b")),
    ],
)
def test_paths_are_read_as_pulumi_reads_them(text: str, path: tuple[Any, ...]) -> None:
    assert paths.parse(text) == path


@pytest.mark.parametrize("text", ["a[", "a..b", 'a["x', "a[-1]"])
def test_what_is_no_path_is_refused_with_its_place(text: str) -> None:
    with pytest.raises(ProjectError, match="is not a property path"):
        paths.parse(text)


@pytest.mark.parametrize(
    ("old", "new", "ignored", "expected", "failed"),
    [
        ({"a": 1}, {"a": 2}, ["a"], {"a": 1}, []),
        ({}, {"a": 2}, ["a"], {}, []),
        ({"a": 1}, {}, ["a"], {"a": 1}, []),
        ({"a": {"b": 1}}, {"a": {"b": 2, "c": 3}}, ["a.b"], {"a": {"b": 1, "c": 3}}, []),
        ({"a": [1, 2]}, {"a": [3, 4]}, ["a[1]"], {"a": [3, 2]}, []),
        ({"a": [{"b": 1}]}, {"a": [{"b": 2}]}, ["a[*].b"], {"a": [{"b": 1}]}, []),
        ({}, {"a": {"b": 1}}, ["a.b"], {"a": {"b": 1}}, ["a.b"]),
        ({"a": 1, "b": 2}, {"a": 3, "c": 4}, ["*"], {"a": 1, "b": 2}, []),
        ({"a": Secret({"b": 1})}, {"a": Secret({"b": 2})}, ["a.b"], {"a": Secret({"b": 1})}, []),
    ],
)
def test_ignored_paths_keep_their_old_values(
    old: Any, new: Any, ignored: list[str], expected: Any, failed: list[str]
) -> None:
    assert paths.reset(new, old, ignored) == (expected, failed)


@given(st.dictionaries(texts, plain, max_size=3), st.dictionaries(texts, plain, max_size=3))
def test_a_structural_diff_is_empty_exactly_for_equal_values(old: Any, new: Any) -> None:
    assert not list(diffs.structural(old, old))
    found = [path for path, _ in diffs.structural(old, new)]
    assert bool(found) == (_typed(old) != _typed(new))
    for path in found:
        paths.parse(path)


def _typed(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _typed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_typed(item) for item in value]
    return (type(value), value)


def test_urns_are_spelled_as_pulumi_spells_them() -> None:
    stack = urns.root("dev", "proj")
    assert stack == "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
    group = urns.make("dev", "proj", stack, "a:b:Group", "g::x")
    assert group == "urn:pulumi:dev::proj::a:b:Group::g::x"
    assert urns.name_of(group) == "g::x"
    child = urns.make("dev", "proj", group, "a:b:C", "c")
    assert child == "urn:pulumi:dev::proj::a:b:Group$a:b:C::c"
    assert urns.type_of(child) == "a:b:C"
    assert urns.default_provider_name("1.118.0") == "default_1_118_0"
    assert urns.split_reference(f"{child}::id") == (child, "id")


@pytest.mark.parametrize(
    ("glob", "urn", "matches"),
    [
        ("urn:pulumi:dev::proj::a:b:C::x", "urn:pulumi:dev::proj::a:b:C::x", True),
        ("**::x", "urn:pulumi:dev::proj::a:b:P$a:b:C::x", True),
        ("urn:pulumi:dev::proj::*::x", "urn:pulumi:dev::proj::a:b:C::x", True),
        ("urn:pulumi:dev::*::x", "urn:pulumi:dev::proj::a:b:C::x", False),
        ("**::y", "urn:pulumi:dev::proj::a:b:C::x", False),
    ],
)
def test_targets_are_urns_or_globs(glob: str, urn: str, matches: bool) -> None:
    assert targets.matches((glob,), urn) is matches


@pytest.mark.parametrize(
    ("text", "value"), [("5m", 300), ("1h30m", 5400), ("45s", 45), ("1.5s", 1.5), ("100ms", 0.1)]
)
def test_durations_are_gos(text: str, value: float) -> None:
    assert seconds(text) == pytest.approx(value)


@pytest.mark.parametrize("text", ["5", "m", "5 m", "-5m"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(DeploymentError, match="is not a duration"):
        seconds(text)


def test_source_positions_are_relative_to_the_project() -> None:
    raw = SimpleNamespace(uri="file:///work/proj/sub%20dir/main.py", line=12, column=3)
    assert positions.position(raw, Path("/work/proj")) == "project:///sub%20dir/main.py#12,3"
    none = SimpleNamespace(uri="", line=0, column=0)
    assert positions.position(none, Path("/work/proj")) == ""


def test_the_salt_is_added_and_comments_stay(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: p\nruntime: python\nstackConfigDir: stacks\n")
    (tmp_path / "stacks").mkdir()
    file = tmp_path / "stacks" / "Pulumi.dev.yaml"
    file.write_text('# who to ask\nconfig:\n  p:a: "1"  # why\n')
    project = projects.load(tmp_path)
    projects.write_salt(projects.load_settings(project, "dev"), "v1:salt")
    assert file.read_text() == (
        '# who to ask\nconfig:\n  p:a: "1"  # why\nencryptionsalt: v1:salt\n'
    )
    settings = projects.load_settings(project, "dev")
    assert settings.encryption_salt == "v1:salt"
    assert settings.config == {"p:a": "1"}


def test_settings_resolve_to_text_with_secrets_marked(tmp_path: Path) -> None:
    settings = projects.StackSettings(
        tmp_path,
        {
            "p:n": 3,
            "p:b": True,
            "p:l": [1, "x"],
            "p:s": {"secure": "c"},
            "p:o": {"k": {"secure": "c"}},
        },
    )
    assert projects.resolve(settings, lambda text: text.upper()) == {
        "p:n": "3",
        "p:b": "true",
        "p:l": '[1,"x"]',
        "p:s": Secret("C"),
        "p:o": Secret('{"k":"C"}'),
    }


def test_events_read_back_what_they_wrote() -> None:
    old = StepState("t", "urn", inputs={"a": 1}, init_errors=["e"])
    new = StepState("t", "urn", "id", outputs={"s": Secret("x"), "u": UNKNOWN})
    event = EngineEvent(1, 2, ResourcePreEvent(StepMetadata("update", "urn", "t", old, new), True))
    line = event.to_json()
    assert line["resourcePreEvent"]["metadata"]["new"]["outputs"]["s"]["ciphertext"] == "[secret]"
    read = from_json(line)
    assert read is not None
    assert isinstance(read.payload, ResourcePreEvent)
    assert read.payload.metadata.new is not None
    assert read.payload.metadata.new.outputs == {"s": Secret("[secret]"), "u": UNKNOWN}
    assert from_json({"sequence": 1, "timestamp": 2, "policyEvent": {}}) is None


@given(st.data())
def test_states_are_ordered_with_dependencies_first(data: st.DataObject) -> None:
    count = data.draw(st.integers(1, 8))
    resources = [ResourceState(f"urn:pulumi:s::p::t::{n}", "t", False) for n in range(count)]
    for number, item in enumerate(resources):
        needs = data.draw(st.lists(st.integers(0, number), max_size=3))
        item.dependencies = [resources[need].urn for need in needs if need != number]
    shuffled = data.draw(st.permutations(resources))
    ordered = graph.ordered(shuffled)
    assert sorted(map(id, ordered)) == sorted(map(id, resources))
    place = {item.urn: position for position, item in enumerate(ordered)}
    for item in ordered:
        assert all(place[urn] < place[item.urn] for urn in item.dependencies)
    assert graph.ordered(resources) == resources


def test_a_long_chain_is_ordered_without_recursion() -> None:
    resources = [ResourceState(f"urn:pulumi:s::p::t::{n}", "t", False) for n in range(5000)]
    for before, after in itertools.pairwise(resources):
        after.dependencies = [before.urn]
    assert graph.ordered(reversed(resources)) == resources


def test_the_programs_interpreter_is_the_projects(tmp_path: Path) -> None:
    (tmp_path / ".venv").mkdir()
    assert interpreter(tmp_path, ".venv") == tmp_path / ".venv" / "bin" / "python"
    assert interpreter(tmp_path, "").exists()


def test_a_project_whose_environment_was_never_made_runs_where_the_engine_does(
    tmp_path: Path,
) -> None:
    assert interpreter(tmp_path, ".venv") == Path(sys.executable)


def test_targets_learn_dependents_on_the_way() -> None:
    chosen = targets.Targets(DeploymentOptions(targets=("**::a",), target_dependents=True))
    a = ResourceState("urn:pulumi:s::p::x:y:T::a", "x:y:T", True)
    b = ResourceState("urn:pulumi:s::p::x:y:T::b", "x:y:T", True, dependencies=[a.urn])
    c = ResourceState("urn:pulumi:s::p::x:y:T::c", "x:y:T", True)
    assert [chosen.includes(item) for item in (a, b, c)] == [True, True, False]
