"""The program by itself, as plain `pulumi up` runs it: it records its own outcome."""

from __future__ import annotations

import json
import os

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import (
    AlertV2,
    AlertV2Evaluation,
    AlertV2OperandColumn,
    ComparisonOperator,
    CronSchedule,
)
from project import PASSPHRASE, Project

from databricks_alerts.engine import DeploymentOptions
from databricks_alerts.engine.engine import Engine
from databricks_alerts.engine.options import DeploymentResult


def run(project: Project, *, continue_on_error: bool = False) -> DeploymentResult:
    engine = Engine(project.directory, "test", passphrase=PASSPHRASE, environment=dict(os.environ))
    try:
        return engine.up(
            DeploymentOptions(continue_on_error=continue_on_error, parallel=4), lambda _: None
        )
    finally:
        engine.close()


def rows(project: Project) -> dict[object, tuple[object, ...]]:
    found = project.sql(
        "SELECT alert_id, last_sync_action, last_sync_status, databricks_alert_id IS NOT NULL, "
        "last_sync_error FROM alert_configurations"
    )
    return {row[0]: row[1:] for row in found}


def workspace(project: Project) -> WorkspaceClient:
    return WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))


def take_name(project: Project, name: str) -> None:
    """Somebody makes an alert of that name by hand, so that ours cannot get it."""
    workspace(project).alerts_v2.create_alert(
        AlertV2(
            display_name=name,
            query_text="SELECT 1 AS v",
            warehouse_id=project.workspace.warehouse_id,
            parent_path=f"/Workspace/Shared/{project.schema}",
            evaluation=AlertV2Evaluation(
                source=AlertV2OperandColumn(name="v"),
                comparison_operator=ComparisonOperator.IS_NULL,
            ),
            schedule=CronSchedule(quartz_cron_schedule="0 0 8 * * ?", timezone_id="UTC"),
        )
    )


def test_creates_updates_and_deletes_stand_in_the_rows(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002", "SEC-006")
    assert run(project).succeeded
    assert set(rows(project).values()) == {("CREATED", "SUCCESS", True, None)}

    project.sql("UPDATE alert_configurations SET alert_name = 'new' WHERE alert_id = 'COST-001'")
    project.sql("UPDATE alert_configurations SET is_enabled = false WHERE alert_id = 'COST-002'")
    assert run(project).succeeded
    found = rows(project)
    assert found["COST-001"] == ("UPDATED", "SUCCESS", True, None)
    assert found["SEC-006"] == ("UNCHANGED", "SUCCESS", True, None)

    assert found["COST-002"] == ("DELETED", "SUCCESS", False, None)
    assert project.sql(
        "SELECT created_count, updated_count, deleted_count FROM alert_sync_metrics "
        "ORDER BY sync_started_at"
    ) == [(3, 0, 0), (0, 1, 1)]


@pytest.mark.parametrize("continue_on_error", [False, True])
def test_a_failure_is_recorded_with_the_apis_message(
    project: Project, continue_on_error: bool
) -> None:
    project.keep_rules("COST-001", "COST-002")
    assert run(project).succeeded
    take_name(project, "[WARNING] x")
    project.sql("UPDATE alert_configurations SET alert_name = 'x' WHERE alert_id = 'COST-001'")
    assert not run(project, continue_on_error=continue_on_error).succeeded
    action, status, known, error = rows(project)["COST-001"]
    assert (action, status, known) == ("ERROR", "ERROR", True)
    assert "already exists" in str(error)
    assert project.sql(
        "SELECT error_count, engine FROM alert_sync_metrics ORDER BY sync_started_at DESC LIMIT 1"
    ) == [(1, "pulumi")]


def test_a_trashed_alert_is_deployed_again_and_what_somebody_edited_is_not_told_as_in_sync(
    project: Project,
) -> None:
    project.keep_rules("COST-001", "COST-002")
    assert run(project).succeeded
    sql = "SELECT alert_id, databricks_alert_id FROM alert_configurations"
    before = {key: str(id_) for key, id_ in project.sql(sql)}
    api = workspace(project).alerts_v2
    api.trash_alert(before["COST-001"])
    edited = api.get_alert(before["COST-002"])
    edited.display_name = "mine now"
    api.update_alert(before["COST-002"], edited, "display_name")

    result = run(project)
    assert result.succeeded
    assert result.changes["replace"] == 1
    after = {key: str(id_) for key, id_ in project.sql(sql)}
    assert api.get_alert(after["COST-001"]).display_name == "[WARNING] Daily Cost Spike"
    assert after["COST-001"] != before["COST-001"]
    assert rows(project)["COST-001"][:3] == ("CREATED", "SUCCESS", True)
    # Nobody refreshed, so COST-002 is as it was left, and stays in everybody's view.
    assert rows(project)["COST-002"] == ("CREATED", "SUCCESS", True, None)
    status = json.loads(project.alerts("status", "-s", "test", "--json").out)
    assert {item["alert_id"]: item["drift"] for item in status} == {
        "COST-001": None,
        "COST-002": "renamed",
    }
    assert "replace" not in run(project).changes


def test_a_preview_records_nothing(project: Project) -> None:
    project.keep_rules("COST-001")
    engine = Engine(project.directory, "test", passphrase=PASSPHRASE, environment=dict(os.environ))
    try:
        assert engine.preview(DeploymentOptions(), lambda _: None).succeeded
    finally:
        engine.close()
    assert project.sql("SELECT count(*) FROM alert_sync_metrics") == [(0,)]
    assert rows(project)["COST-001"][0] is None
