"""What people do to deployed alerts in the workspace is seen, and repaired by `up`."""

from __future__ import annotations

import json

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2
from project import Project


def client(project: Project) -> WorkspaceClient:
    return WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))


def status(project: Project) -> dict[str, tuple[str, str | None]]:
    answer = project.alerts("status", "-s", "test", "--json")
    assert answer.status == 0, answer.text
    return {
        item["alert_id"]: (item["databricks_alert_id"], item["drift"])
        for item in json.loads(answer.out)
    }


def test_changes_from_outside_are_named_and_repaired(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002", "SEC-006", "SEC-001", "QUAL-001")
    assert project.deploy().status == 0
    deployed = status(project)
    assert {drift for _, drift in deployed.values()} == {None}

    api = client(project).alerts_v2
    changed = api.get_alert(deployed["COST-001"][0])
    assert changed.schedule is not None
    changed.schedule.quartz_cron_schedule = "0 0 1 * * ?"
    api.update_alert(deployed["COST-001"][0], changed, "schedule")
    api.update_alert(
        deployed["COST-002"][0], _named(api.get_alert(deployed["COST-002"][0])), "display_name"
    )
    api.trash_alert(deployed["SEC-006"][0])
    api.trash_alert(deployed["SEC-001"][0], purge=True)

    found = {key: drift for key, (_, drift) in status(project).items()}
    assert found == {
        "COST-001": "changed",
        "COST-002": "renamed",
        "SEC-006": "trashed",
        "SEC-001": "gone",
        "QUAL-001": None,
    }
    preview = json.loads(project.preview("--refresh", "--json").out)
    kinds = {step["urn"].rsplit("::")[-1]: step["op"] for step in preview["steps"]}
    assert kinds["COST-001"] == kinds["COST-002"] == "update"
    assert kinds["SEC-006"] == kinds["SEC-001"] == "create"

    assert project.deploy("--refresh").status == 0
    assert {drift for _, drift in status(project).values()} == {None}


def test_an_edit_of_a_row_that_is_not_deployed_yet_is_no_drift(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    project.sql("UPDATE alert_configurations SET threshold_value_double = 1, alert_name = 'new'")
    assert status(project)["COST-001"][1] is None


def test_destroy_is_recorded_in_the_rows(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    assert project.deploy().status == 0
    answer = project.alerts("destroy", "-s", "test", "--yes", "--engine", "embedded")
    assert answer.status == 0, answer.text
    assert project.sql(
        "SELECT DISTINCT last_sync_action, last_sync_status, databricks_alert_id "
        "FROM alert_configurations"
    ) == [("DELETED", "SUCCESS", None)]
    assert project.sql(
        "SELECT count(databricks_destination_id) FROM notification_destinations"
    ) == [(0,)]
    assert set(status(project).values()) == {(None, None)}


def _named(alert: AlertV2) -> AlertV2:
    alert.display_name = "somebody renamed me"
    return alert
