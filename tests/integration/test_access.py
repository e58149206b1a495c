"""Roles of the stack configuration become permissions that the workspace enforces."""

from __future__ import annotations

import json

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import PermissionDenied
from databricks.sdk.service.iam import PermissionLevel
from project import Project

from databricks_alerts.local_workspace import client


def configure(project: Project, reader: str) -> None:
    text = project.settings_file.read_text()
    roles = (
        "config:\n  databricks-alerts:permissions:\n"
        f"    consumers: ['user:{reader}']\n"
        f"    alerts: {{CAN_RUN: ['{reader}']}}\n"
    )
    project.settings_file.write_text(text.replace("config:\n", roles, 1))


def test_a_consumer_reads_and_runs_and_no_more(project: Project) -> None:
    project.keep_rules("COST-001")
    reader = f"reader-{project.schema}@local.test"
    made = client.add_user(project.workspace, reader)
    configure(project, reader)
    answer = project.deploy()
    assert answer.status == 0, answer.text
    preview = json.loads(project.preview("--json", "--refresh").out)
    assert set(preview["changeSummary"]) == {"same"}, preview["changeSummary"]

    ((key,),) = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    sdk = WorkspaceClient(host=project.workspace.url, token=made["token"], auth_type="pat")
    assert sdk.alerts_v2.get_alert(str(key)).display_name == "[WARNING] Daily Cost Spike"
    with pytest.raises(PermissionDenied):
        sdk.alerts_v2.trash_alert(str(key))
    grants = project.sql("SHOW GRANTS ON TABLE alert_configurations")
    assert any(reader in row and "SELECT" in row for row in grants)

    admin = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    levels = {
        item.user_name: [p.permission_level for p in item.all_permissions or []]
        for item in admin.permissions.get("alertsv2", str(key)).access_control_list or []
    }
    assert levels[reader] == [PermissionLevel.CAN_RUN]

    text = project.settings_file.read_text()
    project.settings_file.write_text(text.replace("CAN_RUN", "CAN_EDIT"))
    steps = json.loads(project.preview("--json").out)["steps"]
    assert [s["op"] for s in steps if "permissions" in s["urn"]] == ["update"]


def test_a_wrong_role_is_named(project: Project) -> None:
    text = project.settings_file.read_text()
    for wrong, message in (
        ("{editors: [a]}", "permissions.editors"),
        ("{consumers: ['team:a']}", "'team:a' names nobody"),
        ("{alerts: {CAN_FLY: [a]}}", "CAN_FLY"),
    ):
        project.settings_file.write_text(
            text.replace("config:\n", f"config:\n  databricks-alerts:permissions: {wrong}\n", 1)
        )
        answer = project.alerts("validate", "-s", "test")
        assert answer.status == 2
        assert message in answer.text
