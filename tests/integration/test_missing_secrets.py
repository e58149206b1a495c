"""One destination whose secret is missing is told by its row; everything else deploys."""

from __future__ import annotations

import json

from databricks.sdk import WorkspaceClient
from project import Project

from databricks_alerts.local_workspace import client as local


def _add(project: Project, key: str, config: dict[str, str]) -> None:
    project.sql(
        "INSERT INTO notification_destinations (destination_id, destination_name, "
        "destination_type, config_json, owner, is_enabled, created_by, created_at) VALUES "
        f"('{key}', '{key} {project.schema}', 'WEBHOOK', '{json.dumps(config)}', 'me', true, "
        "'me', current_timestamp())"
    )


def _destination(project: Project, key: str) -> tuple[object, ...]:
    [found] = project.sql(
        "SELECT last_sync_status, last_sync_action, last_sync_error, databricks_destination_id "
        f"FROM notification_destinations WHERE destination_id = '{key}'"
    )
    return found


def _rule(project: Project, key: str) -> tuple[object, ...]:
    [found] = project.sql(
        "SELECT last_sync_status, last_sync_action, databricks_alert_id FROM "
        f"alert_configurations WHERE alert_id = '{key}'"
    )
    return found


def test_a_missing_secret_stops_its_destination_alone(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002", "COST-004")
    scope = f"scope-{project.schema}"
    admin = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    admin.secrets.create_scope(scope)
    admin.secrets.put_secret(scope, "hook", string_value="http://127.0.0.1:9/")
    reference = f"{{{{secrets/{scope}/hook}}}}"
    _add(project, "used", {"url": reference})
    _add(project, "never", {"url": "{{secrets/nowhere/at-all}}"})
    _add(project, "unset", {"url": "http://a.example/{{config/not-set}}"})
    project.sql(
        "UPDATE alert_configurations SET notification_channels = array('used') "
        "WHERE alert_id = 'COST-001'"
    )
    project.sql(
        "UPDATE alert_configurations SET notification_channels = array('never') "
        "WHERE alert_id = 'COST-002'"
    )
    answer = project.up()
    assert answer.status == 0, answer.text
    assert "{{secrets/nowhere/at-all}}" in answer.text
    status, action, error, identity = _destination(project, "never")
    assert (status, action, identity) == ("ERROR", "SKIPPED", None)
    assert "{{secrets/nowhere/at-all}}" in str(error)
    assert "{{config/not-set}} is not set" in str(_destination(project, "unset")[2])
    assert _rule(project, "COST-002") == ("ERROR", "SKIPPED", None)
    assert _destination(project, "used")[:2] == ("SUCCESS", "CREATED")
    assert _rule(project, "COST-004")[:2] == ("SUCCESS", "CREATED")

    # Every command tells the same, none gives up.
    validated = project.alerts("validate", "-s", "test", "--json")
    assert validated.status == 1
    keys = {item["key"] for item in json.loads(validated.out)["findings"]}
    assert keys == {"never", "unset", "COST-002"}
    gate = project.alerts("gate", "-s", "test", "--format", "json")
    assert gate.status == 1, gate.text
    assert {item["key"] for item in json.loads(gate.out)["findings"]} == keys
    assert project.preview().status == 0

    # One that is deployed is held, with the rule that names it.
    before, alert = _destination(project, "used")[3], _rule(project, "COST-001")[2]
    admin.secrets.delete_secret(scope, "hook")
    answer = project.up()
    assert answer.status == 0, answer.text
    assert _destination(project, "used")[:2] == ("ERROR", "HELD")
    assert _destination(project, "used")[3] == before
    assert _rule(project, "COST-001") == ("ERROR", "HELD", alert)
    assert before in {item.id for item in admin.notification_destinations.list()}

    admin.secrets.put_secret(scope, "hook", string_value="http://127.0.0.1:9/new")
    assert project.up().status == 0
    assert _destination(project, "used")[:3] == ("SUCCESS", "UPDATED", None)
    assert _rule(project, "COST-001")[0] == "SUCCESS"


def test_secrets_that_nobody_can_look_up_blame_no_row(project: Project) -> None:
    project.keep_rules("COST-001")
    _add(project, "hook", {"url": "{{secrets/some/where}}"})
    local.add_fault(
        project.workspace, "server_error", method="GET", path="/api/2.0/secrets/get", status=500
    )
    try:
        answer = project.alerts("validate", "-s", "test")
    finally:
        local.clear_faults(project.workspace)
    assert answer.status == 1
    assert "findings" not in answer.text
    assert "{{secrets/some/where}} cannot be read" in answer.text


def test_what_failed_was_not_created(project: Project) -> None:
    project.keep_rules("COST-001")
    local.add_fault(
        project.workspace, "server_error", method="POST", path="/api/2.0/alerts", status=500
    )
    try:
        assert "failed: COST-001" in project.deploy().text  # most changes succeeded: status 0
    finally:
        local.clear_faults(project.workspace)
    assert _rule(project, "COST-001") == ("ERROR", "ERROR", None)
    [(counted,)] = project.sql("SELECT created_count FROM alert_sync_metrics")
    assert counted == 0
