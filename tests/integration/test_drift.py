"""What people do to deployed alerts in the workspace is seen, and repaired by `up`."""

from __future__ import annotations

import json

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.iam import AccessControlRequest, PermissionLevel
from databricks.sdk.service.sql import AlertV2
from project import Project

from databricks_alerts.engine import urn as urns


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
    kinds = {urns.name_of(step["urn"]): step["op"] for step in preview["steps"]}
    assert kinds["COST-001"] == kinds["COST-002"] == "update"
    assert kinds["SEC-006"] == kinds["SEC-001"] == "create"

    # What `up` repairs by itself, a preview without --refresh shows.
    answer = project.preview("--json")
    plain = json.loads(answer.out)
    kinds = {urns.name_of(step["urn"]): step["op"] for step in plain["steps"]}
    assert {kinds[key] for key in ("COST-001", "COST-002")} == {"update"}
    assert {kinds[key] for key in ("SEC-006", "SEC-001")} == {"create"}
    assert "QUAL-001" not in kinds

    answer = project.deploy()
    assert answer.status == 0
    assert "COST-001 (changed), COST-002 (renamed), SEC-001 (gone), SEC-006 (gone)" in answer.text
    after = status(project)
    assert {drift for _, drift in after.values()} == {None}
    assert after["QUAL-001"] == deployed["QUAL-001"]
    assert after["COST-001"][0] == deployed["COST-001"][0]
    assert after["SEC-006"][0] != deployed["SEC-006"][0]


def test_permissions_that_somebody_changed_are_named_and_repaired(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    _configure(project, "permissions: {alerts: {CAN_RUN: ['group:users']}}")
    assert project.deploy().status == 0
    deployed = status(project)
    assert {drift for _, drift in deployed.values()} == {None}

    permissions = client(project).permissions
    everybody = AccessControlRequest(
        group_name="users", permission_level=PermissionLevel.CAN_MANAGE
    )
    permissions.set("alertsv2", deployed["COST-001"][0], access_control_list=[everybody])
    assert {key: drift for key, (_, drift) in status(project).items()} == {
        "COST-001": "permissions",
        "COST-002": None,
    }
    assert project.deploy("--refresh").status == 0
    assert {drift for _, drift in status(project).values()} == {None}


def test_a_destination_that_somebody_deleted_is_made_again(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    ((key, identity),) = project.sql(
        "SELECT destination_id, databricks_destination_id FROM notification_destinations LIMIT 1"
    )
    client(project).notification_destinations.delete(str(identity))
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert f"{key} (gone)" in answer.text
    there = {item.id for item in client(project).notification_destinations.list()}
    ids = {
        row[0]
        for row in project.sql(
            "SELECT databricks_destination_id FROM notification_destinations WHERE is_enabled"
        )
    }
    assert identity not in ids
    assert ids <= there


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


def _configure(project: Project, line: str) -> None:
    text = project.settings_file.read_text()
    project.settings_file.write_text(
        text.replace("config:\n", f"config:\n  databricks-alerts:{line}\n", 1)
    )


def _named(alert: AlertV2) -> AlertV2:
    alert.display_name = "somebody renamed me"
    return alert


def test_a_destination_renamed_in_its_row_was_not_changed_outside(project: Project) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    ((key, identity),) = project.sql(
        "SELECT destination_id, databricks_destination_id FROM notification_destinations LIMIT 1"
    )
    project.sql(
        "UPDATE notification_destinations SET destination_name = concat(destination_name, ' new') "
        f"WHERE destination_id = '{key}'"
    )
    for answer in (project.preview(), project.deploy(), project.preview()):
        assert answer.status == 0, answer.text
        assert "changed outside" not in answer.text

    there = client(project).api_client
    path = f"/api/2.0/notification-destinations/{identity}"
    there.do("PATCH", path, body={"display_name": f"theirs {project.schema}"})
    answer = project.preview()
    assert f"{key} (renamed)" in answer.text


def test_a_destination_that_an_alert_needs_and_somebody_deleted_is_told(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    project.sql(
        "UPDATE alert_configurations SET notification_channels = array('a@b.example') "
        "WHERE alert_id = 'COST-002'"
    )
    assert project.deploy().status == 0
    for (identity,) in project.sql(
        "SELECT databricks_destination_id FROM notification_destinations"
    ):
        client(project).notification_destinations.delete(str(identity))
    found = {key: drift for key, (_, drift) in status(project).items()}
    assert found == {"COST-001": "destination", "COST-002": None}
    assert project.deploy().status == 0
    assert {drift for _, drift in status(project).values()} == {None}
