"""What each registration leads to, and in which order things are deleted."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from engine_world import BOX, Lab, assert_sound, thing

from databricks_alerts.engine.deployment import Deployment
from databricks_alerts.engine.providers.base import ProviderError
from databricks_alerts.engine.state.resource import PendingOperation
from databricks_alerts.engine.steps.goal import Alias, Goal
from databricks_alerts.engine.values import UNKNOWN, Secret


@pytest.fixture
def lab(tmp_path: Path) -> Lab:
    return Lab(tmp_path, "config:\n  test:host: http://one\n")


def declare(*goals: Goal) -> Any:
    return lambda deployment: [deployment.register(goal) for goal in goals]


def chain(kind: str, fixed: int, **options: Any) -> Any:
    """b is made from a's id (which replaces b when it changes), c merely depends on b."""

    def script(deployment: Deployment) -> None:
        a = deployment.register(thing("a", kind, inputs={"fixed": fixed}, **options)).state
        b = deployment.register(
            thing(
                "b",
                inputs={"fixedOf": a.id or UNKNOWN},
                dependencies=[a.urn],
                property_dependencies={"fixedOf": [a.urn]},
            )
        ).state
        deployment.register(thing("c", dependencies=[b.urn]))

    return script


def test_a_new_resource_is_created_with_the_providers_defaults(lab: Lab) -> None:
    result = lab.run(declare(thing("a")))
    assert lab.ops(result) == [("create", "a")]
    state = lab.resources()["a"]
    assert state.inputs == {"name": "a", "size": 1}
    assert state.outputs == {"name": "a", "size": 1, "serial": 1}
    assert state.created == state.modified != ""


def test_the_default_provider_is_named_by_version_and_configured_by_the_stack(lab: Lab) -> None:
    lab.run(declare(thing("a", version="1.118.0")))
    provider = next(r for r in lab.storage.state.resources if r.type == "pulumi:providers:test")
    assert provider.urn == "urn:pulumi:dev::proj::pulumi:providers:test::default_1_118_0"
    assert provider.inputs == {"host": "http://one", "version": "1.118.0", "__internal": {}}
    assert provider.outputs == {"host": "http://one", "version": "1.118.0"}
    assert provider.parent == ""
    assert lab.resources()["a"].provider == f"{provider.urn}::{provider.id}"


def test_a_newer_provider_version_takes_over_without_touching_resources(lab: Lab) -> None:
    lab.run(declare(thing("a", version="1.0.0")))
    lab.world.calls.clear()
    result = lab.run(declare(thing("a", version="2.0.0")))
    assert lab.ops(result) == [("same", "a")]
    assert not lab.world.writes()
    names = [r.name for r in lab.storage.state.resources if r.type == "pulumi:providers:test"]
    assert names == ["default_2_0_0"]


def test_what_is_unchanged_stays_same_and_sends_nothing(lab: Lab) -> None:
    lab.run(declare(thing("a")))
    lab.world.calls.clear()
    assert lab.ops(lab.run(declare(thing("a")))) == [("same", "a")]
    assert lab.world.calls == []


def test_a_changed_input_updates_and_shows_the_path(lab: Lab) -> None:
    lab.run(declare(thing("a", inputs={"deep": {"value": 1}})))
    result = lab.run(declare(thing("a", inputs={"deep": {"value": 2}})))
    step = next(step for step in result.steps if step.op == "update")
    assert step.diffs == ["deep"]
    assert list(step.detailed_diff or {}) == ["deep.value"]
    assert lab.resources()["a"].outputs["deep"] == {"value": 2}
    assert lab.resources()["a"].created < lab.resources()["a"].modified


def test_a_preview_plans_the_same_steps_and_writes_nothing(lab: Lab) -> None:
    lab.run(declare(thing("a"), thing("gone")))
    lab.world.calls.clear()
    saves = lab.storage.saves
    program = declare(thing("a", inputs={"value": 1}), thing("new"))
    preview = lab.run(program, "preview")
    assert lab.world.writes() == []
    assert lab.storage.saves == saves
    up = lab.run(program)
    assert preview.changes == up.changes == {"update": 1, "create": 1, "delete": 1, "same": 1}


def test_a_replacement_creates_first_and_deletes_at_the_end(lab: Lab) -> None:
    lab.run(declare(thing("a", inputs={"fixed": 1}), thing("z")))
    lab.world.calls.clear()
    result = lab.run(declare(thing("a", inputs={"fixed": 2}), thing("z")))
    assert lab.ops(result) == [
        ("create-replacement", "a"),
        ("replace", "a"),
        ("same", "z"),
        ("delete-replaced", "a"),
    ]
    assert lab.world.calls == [("create", "a"), ("delete", "a")]
    assert result.changes == {"replace": 1, "same": 2}


def test_delete_before_replace_takes_dependents_that_it_would_replace(lab: Lab) -> None:
    lab.run(chain(BOX, 1))
    lab.world.calls.clear()
    result = lab.run(chain(BOX, 2))
    assert result.succeeded
    assert lab.world.calls == [
        ("delete", "b"),
        ("delete", "a"),
        ("create", "a"),
        ("create", "b"),
    ]
    assert_sound(lab.storage.state.resources)
    assert len(lab.world.things) == 3


def test_the_program_decides_over_the_provider_whether_to_delete_first(lab: Lab) -> None:
    lab.run(declare(thing("a", inputs={"fixed": 1})))
    lab.world.calls.clear()
    lab.run(declare(thing("a", inputs={"fixed": 2}, delete_before_replace=True)))
    assert lab.world.calls == [("delete", "a"), ("create", "a")]


def test_a_replacement_cut_off_between_delete_and_create_is_finished_by_the_next_run(
    lab: Lab,
) -> None:
    lab.run(chain(BOX, 1))
    lab.world.fault = _failing("create")
    assert not lab.run(chain(BOX, 2)).succeeded
    assert {name for name, item in lab.resources().items() if item.pending_replacement} == {
        "a",
        "b",
    }
    lab.world.fault = None
    assert lab.run(chain(BOX, 2)).succeeded
    assert sorted(lab.world.names()) == ["a", "b", "c"]


def test_what_is_no_longer_declared_is_deleted_dependents_first(lab: Lab) -> None:
    lab.run(chain(BOX, 1))
    lab.world.calls.clear()
    result = lab.run(declare())
    assert lab.ops(result)[:3] == [("delete", "c"), ("delete", "b"), ("delete", "a")]
    assert not lab.world.things


def test_nothing_is_deleted_after_a_failure(lab: Lab) -> None:
    lab.run(declare(thing("old")))
    lab.world.fault = _failing("create")
    result = lab.run(declare(thing("new")))
    assert result.result == "failed"
    assert [failure.message for failure in result.failures] == ["no"]
    assert lab.world.names() == ["old"]
    assert set(lab.resources()) == {"old"}


def test_continue_on_error_does_the_rest_and_skips_dependents(lab: Lab) -> None:
    def script(deployment: Deployment) -> None:
        bad = deployment.register(thing("bad"))
        assert (bad.result, bad.state.id) == ("fail", "")
        child = deployment.register(thing("child", dependencies=[bad.state.urn]))
        assert child.result == "skip"
        assert deployment.register(thing("good")).result == "success"

    lab.world.fault = _failing("create", "bad")
    result = lab.run(script, continue_on_error=True)
    assert result.result == "failed"
    assert lab.world.names() == ["good"]


def test_continue_on_error_keeps_what_a_failed_resource_still_needs(lab: Lab) -> None:
    def before(deployment: Deployment) -> None:
        base = deployment.register(thing("base")).state
        deployment.register(thing("user", dependencies=[base.urn]))

    lab.run(before)
    lab.world.fault = _failing("update")
    lab.run(declare(thing("user", inputs={"value": 1})), continue_on_error=True)
    assert lab.world.names() == ["base", "user"]
    assert_sound(lab.storage.state.resources)


def test_a_protected_resource_is_not_deleted_and_the_others_are(lab: Lab) -> None:
    lab.run(declare(thing("keep", protect=True), thing("go")))
    result = lab.run(declare())
    assert result.result == "failed"
    assert lab.world.names() == ["keep"]
    assert "protected" in result.failures[0].message


def test_retain_on_delete_leaves_it_in_the_workspace(lab: Lab) -> None:
    lab.run(declare(thing("a", retain_on_delete=True)))
    assert lab.run(declare()).succeeded
    assert lab.world.names() == ["a"]
    assert not lab.resources()


def test_deleted_with_another_needs_no_request_of_its_own(lab: Lab) -> None:
    def script(deployment: Deployment) -> None:
        box = deployment.register(thing("box", BOX)).state
        deployment.register(thing("in", deleted_with=box.urn))

    lab.run(script)
    lab.world.calls.clear()
    lab.run(declare())
    assert lab.world.calls == [("delete", "box")]


@pytest.mark.parametrize("ignored", [["*"], ["value", "deep.x"], ['deep["x"]', "value"]])
def test_ignored_changes_are_not_made(lab: Lab, ignored: list[str]) -> None:
    lab.run(declare(thing("a", inputs={"value": 1, "deep": {"x": 1, "y": 1}})))
    changed = thing("a", inputs={"value": 2, "deep": {"x": 2, "y": 1}}, ignore_changes=ignored)
    assert lab.ops(lab.run(declare(changed))) == [("same", "a")]
    assert lab.resources()["a"].inputs["value"] == 1


def test_replace_on_changes_replaces_what_would_be_updated(lab: Lab) -> None:
    lab.run(declare(thing("a", inputs={"deep": {"x": 1}})))
    goal = thing("a", inputs={"deep": {"x": 2}}, replace_on_changes=["deep.x"])
    result = lab.run(declare(goal))
    assert ("replace", "a") in lab.ops(result)
    step = next(step for step in result.steps if step.op == "replace")
    assert step.detailed_diff is not None
    assert step.detailed_diff["deep.x"].kind == "update-replace"


def test_a_rename_with_an_alias_keeps_the_resource_and_its_children(lab: Lab) -> None:
    group = Goal(type="test:index:Group", name="old", custom=False)

    def script(name: str, *aliases: Alias) -> Any:
        def run(deployment: Deployment) -> None:
            goal = Goal(type=group.type, name=name, custom=False, aliases=list(aliases))
            parent = deployment.register(goal).state.urn
            deployment.register(_child(parent, name))

        return run

    lab.run(script("old"))
    lab.world.calls.clear()
    result = lab.run(script("new", Alias(name="old")))
    assert result.succeeded
    assert set(result.changes) == {"same"}
    assert not lab.world.calls
    assert_sound(lab.storage.state.resources)


def _child(parent: str, prefix: str) -> Goal:
    goal = thing("a", parent=parent)
    goal.name = f"{prefix}-child"
    return goal


def test_the_same_name_twice_is_an_error(lab: Lab) -> None:
    with pytest.raises(Exception, match="Duplicate resource URN"):
        raise next(iter(_errors(lab, thing("a"), thing("a"))))


def _errors(lab: Lab, *goals: Goal) -> list[Exception]:
    found: list[Exception] = []

    def script(deployment: Deployment) -> None:
        for goal in goals:
            try:
                deployment.register(goal)
            except Exception as error:  # noqa: BLE001 - the test looks at whatever it is
                found.append(error)

    lab.run(script)
    return found


def test_an_import_that_differs_is_imported_and_updated_in_one_run(lab: Lab) -> None:
    lab.world.things["id-9"] = ("test:index:Thing", {"name": "a", "size": 1, "value": 1})
    goal = lambda: thing("a", import_id="id-9", inputs={"value": 2})  # noqa: E731
    preview = lab.run(declare(goal()), "preview")
    result = lab.run(declare(goal()))
    assert lab.ops(preview) == lab.ops(result) == [("import", "a"), ("update", "a")]
    assert lab.world.things["id-9"][1]["value"] == 2
    assert [item.id for item in lab.resources().values()] == ["id-9"]
    assert lab.ops(lab.run(declare(goal()))) == [("same", "a")]


def test_an_import_of_nothing_fails(lab: Lab) -> None:
    result = lab.run(declare(thing("a", import_id="id-404")))
    assert result.failures[0].message == "resource 'id-404' does not exist"


def test_replacing_what_import_still_names_is_refused(lab: Lab) -> None:
    lab.world.things["id-9"] = ("test:index:Thing", {"name": "a", "size": 1, "fixed": 1})
    result = lab.run(declare(thing("a", import_id="id-9", inputs={"fixed": 2})))
    assert "may not be replaced" in result.failures[0].message
    assert list(lab.world.things) == ["id-9"]


def test_secrets_are_marked_wherever_they_come_back(lab: Lab) -> None:
    goal = thing("a", inputs={"token": Secret("x"), "secretWord": "y", "plain": "z"})
    goal.additional_secret_outputs = ["serial"]
    lab.run(declare(goal))
    state = lab.resources()["a"]
    assert state.inputs["token"] == state.outputs["token"] == Secret("x")
    assert state.inputs["secretWord"] == state.outputs["secretWord"] == Secret("y")
    assert state.outputs["serial"] == Secret(1)
    assert state.outputs["plain"] == "z"
    assert '"x"' not in str([event.to_json() for event in lab.events])


def test_a_check_failure_stops_before_any_request(lab: Lab) -> None:
    goal = thing("a")
    del goal.inputs["name"]
    result = lab.run(declare(goal))
    assert "property name has a problem: is required" in result.failures[0].message
    assert not lab.world.calls


def test_refresh_finds_drift_and_what_is_gone(lab: Lab) -> None:
    lab.run(declare(thing("a"), thing("b")))
    a, b = lab.resources()["a"].id, lab.resources()["b"].id
    lab.world.things[a][1]["size"] = 5
    del lab.world.things[b]
    result = lab.run(operation="refresh")
    assert result.changes == {"same": 1, "update": 1, "delete": 1}
    assert lab.resources()["a"].inputs["size"] == 5
    assert set(lab.resources()) == {"a"}


def test_preview_with_refresh_shows_what_must_be_made_again(lab: Lab) -> None:
    lab.run(declare(thing("a"), thing("b")))
    del lab.world.things[lab.resources()["b"].id]
    result = lab.run(declare(thing("a"), thing("b")), "preview", refresh=True)
    assert result.changes == {"same": 2, "create": 1}


def test_destroy_deletes_everything_and_forgets_the_stack(lab: Lab) -> None:
    lab.run(chain(BOX, 1))
    result = lab.run(operation="destroy")
    assert result.changes == {"delete": 4}
    assert lab.storage.state.resources == []
    assert not lab.world.things


def test_destroy_may_leave_out_the_protected_and_what_they_need(lab: Lab) -> None:
    def script(deployment: Deployment) -> None:
        base = deployment.register(thing("base")).state
        deployment.register(thing("keep", dependencies=[base.urn], protect=True))
        deployment.register(thing("go"))

    lab.run(script)
    assert lab.run(operation="destroy", exclude_protected=True).succeeded
    assert lab.world.names() == ["base", "keep"]
    assert_sound(lab.storage.state.resources)


def test_targets_leave_everything_else_as_it_is(lab: Lab) -> None:
    lab.run(declare(thing("a"), thing("b"), thing("old")))
    program = declare(thing("a", inputs={"value": 1}), thing("b", inputs={"value": 1}), thing("c"))
    result = lab.run(program, targets=("**::a",))
    assert result.succeeded
    assert {name: item.inputs.get("value") for name, item in lab.resources().items()} == {
        "a": 1,
        "b": None,
        "old": None,
    }


def test_excludes_do_everything_else(lab: Lab) -> None:
    lab.run(declare(thing("a"), thing("b")))
    program = declare(thing("a", inputs={"value": 1}), thing("b", inputs={"value": 1}))
    lab.run(program, excludes=("**::a",))
    assert {name: item.inputs.get("value") for name, item in lab.resources().items()} == {
        "a": None,
        "b": 1,
    }


def test_replace_option_replaces_what_is_unchanged(lab: Lab) -> None:
    lab.run(declare(thing("a"), thing("b")))
    result = lab.run(declare(thing("a"), thing("b")), replace=("**::a",))
    assert ("replace", "a") in lab.ops(result)
    assert ("same", "b") in lab.ops(result)


def test_a_create_of_unknown_outcome_is_adopted_by_the_next_run(lab: Lab) -> None:
    lab.world.late_fault = _lost("create")
    lab.run(declare(thing("a")))
    assert [item.type for item in lab.storage.state.pending] == ["creating"]
    lab.world.late_fault = None
    result = lab.run(declare(thing("a")))
    assert lab.ops(result) == [("same", "a")]
    assert "interrupted" in result.diagnostics[0].message
    assert len(lab.world.things) == 1


def test_an_interrupted_create_that_never_happened_is_made(lab: Lab) -> None:
    lab.run(declare(thing("z")))
    goal = thing("a")
    ghost = goal.to_state("urn:pulumi:dev::proj::test:index:Thing::a", None)
    ghost.provider = lab.resources()["z"].provider
    lab.storage.state.pending = [PendingOperation(ghost, "creating")]
    assert lab.ops(lab.run(declare(thing("z"), thing("a")))) == [("same", "z"), ("create", "a")]


def test_nothing_is_touched_when_an_interrupted_create_cannot_be_looked_up(lab: Lab) -> None:
    lab.world.late_fault = _lost("create")
    lab.run(declare(thing("a")))
    lab.world.late_fault = None
    lab.world.fault = _failing("read")
    result = lab.run(declare(thing("a")))
    assert result.error is not None
    assert "Nothing was changed" in result.error
    assert len(lab.world.things) == 1
    assert [item.type for item in lab.storage.state.pending] == ["creating"]


def test_a_partial_create_is_kept_with_its_errors_and_updated_next_time(lab: Lab) -> None:
    def half(operation: str, name: str, inputs: object) -> None:
        if operation == "create":
            lab.world.things["id-7"] = ("test:index:Thing", dict(inputs))  # type: ignore[call-overload]
            raise ProviderError("half done", partial=("id-7", {"name": name}))

    lab.world.fault = half
    assert not lab.run(declare(thing("a"))).succeeded
    assert lab.resources()["a"].init_errors == ["half done"]
    lab.world.fault = None
    assert lab.ops(lab.run(declare(thing("a")))) == [("update", "a")]
    assert lab.resources()["a"].init_errors == []


def test_an_error_in_one_operation_leaves_the_lock_free(lab: Lab) -> None:
    lab.world.fault = _failing("create")
    lab.run(declare(thing("a")))
    lab.world.fault = None
    assert lab.run(declare(thing("a"))).succeeded


def _failing(operation: str, name: str = "") -> Any:
    def fault(actual: str, actual_name: str, inputs: object) -> None:
        if actual == operation and name in ("", actual_name):
            raise ProviderError("no")

    return fault


def _lost(operation: str) -> Any:
    def fault(actual: str, name: str, inputs: object) -> None:
        if actual == operation:
            raise ProviderError("the connection broke", outcome_known=False)

    return fault
