"""A plan file is taken whole, by its own stack, or not at all."""

from __future__ import annotations

from pathlib import Path

import pytest

from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.plan_file import (
    PlanFile,
    PlannedStep,
    read_plan,
    require_same,
    write_plan,
)
from databricks_alerts.errors import ConfigurationError, GuardError

STEP = PlannedStep(op="update", urn="urn:pulumi:prod::databricks-alerts::t::COST-001", digest="d")


def plan(**changes: object) -> PlanFile:
    return PlanFile(
        project="databricks-alerts",
        stack="prod",
        config_version=1,
        destinations_version=1,
        validation="v",
        program="p",
        state="s",
        steps=(STEP,),
    ).model_copy(update=changes)


@pytest.fixture
def context(tmp_path: Path) -> StackContext:
    (tmp_path / "Pulumi.yaml").write_text("name: databricks-alerts\nruntime: python\n")
    return StackContext(tmp_path, "prod", {})


def test_what_is_written_is_read(context: StackContext) -> None:
    path = context.project_dir / "new folder" / "plan.json"
    write_plan(path, plan().sealed())
    assert read_plan(path, context) == plan().sealed()
    assert [item.name for item in path.parent.iterdir()] == ["plan.json"]


@pytest.mark.parametrize("changes", [{"stack": "dev"}, {"project": "another"}])
def test_a_plan_of_another_stack_or_project_is_refused(
    context: StackContext, changes: dict[str, object]
) -> None:
    path = context.project_dir / "plan.json"
    write_plan(path, plan(**changes).sealed())
    with pytest.raises(ConfigurationError, match="not of databricks-alerts/prod"):
        read_plan(path, context)


@pytest.mark.parametrize("text", ["", "{}", "[]", "null", "not json", '{"version": 1}'])
def test_what_is_no_plan_is_refused(context: StackContext, text: str) -> None:
    path = context.project_dir / "plan.json"
    path.write_text(text)
    with pytest.raises(ConfigurationError, match="is no whole plan file"):
        read_plan(path, context)


def test_a_plan_that_is_not_there_is_named(context: StackContext) -> None:
    with pytest.raises(ConfigurationError, match=r"gone\.json: No such file"):
        read_plan(context.project_dir / "gone.json", context)


def test_an_edited_plan_is_refused(context: StackContext) -> None:
    path = context.project_dir / "plan.json"
    write_plan(path, plan(steps=()).model_copy(update={"seal": plan().sealed().seal}))
    with pytest.raises(ConfigurationError, match="was changed after it was made"):
        read_plan(path, context)


def test_the_same_steps_are_the_same_plan_whatever_changed_around_them() -> None:
    require_same(plan(), plan(config_version=9, state="x", program="y", validation="z"))


def test_other_steps_are_refused_with_all_that_changed() -> None:
    other = STEP.model_copy(update={"digest": "other"})
    now = plan(steps=(other,), config_version=9, state="x", program="y", validation="z")
    with pytest.raises(GuardError) as caught:
        require_same(plan(), now)
    told = str(caught.value)
    for part in ("alert_configurations: 1 → 9", "program", "state", "validation", "COST-001"):
        assert part in told
    assert "notification_destinations" not in told
