"""The main job, end to end: rows in Delta to deployed alerts, by the embedded engine."""

from __future__ import annotations

import json
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2
from project import Project


def client(project: Project) -> WorkspaceClient:
    return WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))


def deployed(project: Project) -> list[AlertV2]:
    home = f"/Workspace/Shared/{project.schema}"
    return [a for a in client(project).alerts_v2.list_alerts() if a.parent_path == home]


def steps(project: Project, *arguments: str) -> list[dict[str, Any]]:
    """The steps of a preview that change something."""
    answer = project.preview("--json", *arguments)
    assert answer.status == 0, answer.text
    document = json.loads(answer.out)
    return [step for step in document["steps"] if step["op"] not in ("same", "refresh")]


def test_29_rules_are_deployed_recorded_and_then_unchanged(project: Project) -> None:
    answer = project.up()
    assert answer.status == 0, answer.text
    assert len(deployed(project)) == 29

    rows = project.sql(
        "SELECT count(*), count(DISTINCT databricks_alert_id), min(last_sync_status), "
        "max(last_sync_status), min(last_sync_action), max(last_sync_action), "
        "count(last_synced_at), count(last_sync_error) FROM alert_configurations"
    )
    assert rows == [(29, 29, "SUCCESS", "SUCCESS", "CREATED", "CREATED", 29, 0)]
    assert project.sql(
        "SELECT count(*), count(DISTINCT databricks_destination_id) FROM notification_destinations"
    ) == [(10, 10)]
    assert project.sql(
        "SELECT count(*), min(is_valid), count(query_hash) FROM alert_validation_results"
    ) == [(29, True, 29)]
    assert project.sql(
        "SELECT total_alerts, success_count, error_count, created_count, stack "
        "FROM alert_sync_metrics"
    ) == [(29, 29, 0, 29, "test")]

    assert steps(project) == []


def test_an_update_of_one_row_is_a_one_alert_diff_that_up_applies(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    assert project.deploy().status == 0
    project.sql(
        "UPDATE alert_configurations SET threshold_value_double = 200 WHERE alert_id = 'COST-001'"
    )

    (step,) = steps(project)
    assert step["op"] == "update"
    assert step["urn"].endswith("::COST-001")
    assert list(step["detailedDiff"]) == ["evaluation.threshold.value.doubleValue"]
    shown = project.preview().text
    assert "150" in shown
    assert "200" in shown

    before = {alert.display_name: alert.id for alert in deployed(project)}
    assert project.deploy().status == 0
    after = {alert.display_name: alert for alert in deployed(project)}
    assert {name: alert.id for name, alert in after.items()} == before
    changed = after["[WARNING] Daily Cost Spike"]
    assert changed.evaluation.threshold is not None
    assert changed.evaluation.threshold.value is not None
    assert changed.evaluation.threshold.value.double_value == 200
    assert project.sql(
        "SELECT alert_id, last_sync_action FROM alert_configurations ORDER BY alert_id"
    ) == [("COST-001", "UPDATED"), ("COST-002", "UNCHANGED")]


def test_a_rename_is_an_update_and_a_disabled_rule_is_deleted(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    assert project.deploy().status == 0
    project.sql("UPDATE alert_configurations SET alert_name = 'Spike' WHERE alert_id = 'COST-001'")
    project.sql("UPDATE alert_configurations SET is_enabled = false WHERE alert_id = 'COST-002'")
    assert {step["op"] for step in steps(project)} == {"update", "delete"}
    assert project.deploy().status == 0
    assert [alert.display_name for alert in deployed(project)] == ["[WARNING] Spike"]
    assert project.sql(
        "SELECT last_sync_action, databricks_alert_id FROM alert_configurations "
        "WHERE alert_id = 'COST-002'"
    ) == [("DELETED", None)]


def test_an_invalid_new_version_is_held_and_leaves_the_alert_as_it_is(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    (before,) = deployed(project)
    project.sql(
        "UPDATE alert_configurations SET alert_query_template = "
        "'SELECT nope AS check_value FROM ${catalog}.${gold_schema}.fact_usage'"
    )
    assert steps(project) == []
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert "nope" in answer.text
    (after,) = deployed(project)
    assert after.as_dict() == before.as_dict()
    ((action, status, error),) = project.sql(
        "SELECT last_sync_action, last_sync_status, last_sync_error FROM alert_configurations"
    )
    assert (action, status) == ("HELD", "ERROR")
    assert "nope" in str(error)
    assert (
        project.sql(
            "SELECT is_valid, error_class FROM alert_validation_results ORDER BY validated_at DESC "
            "LIMIT 1"
        )[0][0]
        is False
    )


def test_a_trashed_alert_is_drift_and_is_deployed_again(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    (alert,) = deployed(project)
    assert alert.id is not None
    client(project).alerts_v2.trash_alert(alert.id)
    assert [step["op"] for step in steps(project, "--refresh")] == ["create"]
    assert project.deploy("--refresh").status == 0
    (again,) = deployed(project)
    assert again.id != alert.id


def test_an_alert_made_by_hand_is_adopted_and_not_doubled(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    (alert,) = deployed(project)
    # The state is lost, the alert and its row are not: the rule finds its alert again.
    project.state_file.unlink()
    assert {step["op"] for step in steps(project) if "alertV2" in step["urn"]} <= {"import"}
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert [found.id for found in deployed(project)] == [alert.id]
    assert steps(project) == []


def test_destroy_trashes_all_and_leaves_the_tables(project: Project) -> None:
    project.keep_rules("COST-001", "SEC-006")
    assert project.deploy().status == 0
    answer = project.alerts("destroy", "-s", "test", "--yes", "--engine", "embedded")
    assert answer.status == 0, answer.text
    assert deployed(project) == []
    assert project.sql("SELECT count(*) FROM alert_configurations") == [(2,)]


def test_status_lists_every_rule_for_machines(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    (entry,) = json.loads(project.alerts("status", "-s", "test", "--json").out)
    assert entry["alert_id"] == "COST-001"
    assert entry["databricks_alert_id"] == deployed(project)[0].id
    assert entry["last_sync_status"] == "SUCCESS"
    assert entry["state"] == "UNKNOWN"
    assert entry["drift"] is None
