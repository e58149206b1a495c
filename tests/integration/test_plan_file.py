"""What was approved is exactly what is deployed."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from project import Project, seeded_project

from databricks_alerts.engine import urn as urns
from databricks_alerts.local_workspace import process


@pytest.fixture(scope="module")
def planned_once(
    tmp_path_factory: pytest.TempPathFactory, local_workspace: process.Running
) -> Iterator[Project]:
    """Two rules are deployed, a change of one is planned; for tests that only look at the plan."""
    with seeded_project(tmp_path_factory.mktemp("planned") / "project", local_workspace) as made:
        yield _planned(made)


def _planned(project: Project) -> Project:
    project.keep_rules("COST-001", "COST-002")
    assert project.deploy().status == 0
    _set(project, "threshold_value_double = 42")
    answer = project.preview("--out", "plan.json")
    assert answer.status == 0, answer.text
    return project


def _set(project: Project, assignments: str) -> None:
    project.sql(f"UPDATE alert_configurations SET {assignments} WHERE alert_id = 'COST-001'")


def test_the_plan_is_applied_once_and_only_while_everything_is_as_it_was(project: Project) -> None:
    planned = _planned(project)
    document = json.loads((planned.directory / "plan.json").read_text())
    assert [(step["op"], urns.name_of(step["urn"])) for step in document["steps"]] == [
        ("update", "COST-001")
    ]
    _set(planned, "threshold_value_double = 43")
    changed = planned.deploy("--plan", "plan.json")
    assert changed.status == 1
    assert "is not what the plan says" in changed.text
    assert "alert_configurations: " in changed.text
    assert planned.sql("SELECT count(*) FROM alert_sync_metrics") == [(1,)]

    # Another version of the tables with the same steps is the same plan.
    _set(planned, "threshold_value_double = 42, updated_by = 'me'")
    answer = planned.deploy("--plan", "plan.json")
    assert answer.status == 0, answer.text
    again = planned.deploy("--plan", "plan.json")
    assert again.status == 1
    assert "planned and no more: update COST-001" in again.text


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (lambda text: text[: len(text) // 2], "is no whole plan file"),
        (lambda text: text.replace("update", "delete"), "was changed after it was made"),
        (lambda text: text.replace('"stack": "test"', '"stack": "prod"'), "was changed after"),
    ],
)
def test_a_damaged_plan_is_refused(planned_once: Project, damage, message: str) -> None:  # type: ignore[no-untyped-def]
    whole = (planned_once.directory / "plan.json").read_text()
    (planned_once.directory / "damaged.json").write_text(damage(whole))
    answer = planned_once.deploy("--plan", "damaged.json")
    assert answer.status == 2
    assert message in answer.text


def test_nothing_secret_stands_in_a_plan(planned_once: Project) -> None:
    document = json.loads((planned_once.directory / "plan.json").read_text())
    assert set(document["steps"][0]) == {"op", "urn", "digest"}
