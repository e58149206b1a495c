"""All that an alert can be, said in a row: deployed, evaluated, changed, replaced."""

from __future__ import annotations

import base64
import re
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2
from databricks.sdk.service.workspace import ImportFormat, Language
from project import Project

NOTHING_TO_DO = re.compile(r"Resources: \d+ unchanged\n")
PARAMETERS = """[{"name": "n", "type": "NUMBER", "value": "7"}]"""


def client(project: Project) -> WorkspaceClient:
    return WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))


def deployed(project: Project, key: str = "COST-001") -> AlertV2:
    ((identity,),) = project.sql(
        f"SELECT databricks_alert_id FROM alert_configurations WHERE alert_id = '{key}'"
    )
    return client(project).alerts_v2.get_alert(str(identity))


def change(project: Project, key: str = "COST-001", **columns: str) -> None:
    """Set columns to SQL expressions."""
    assignments = ", ".join(f"{name} = {value}" for name, value in columns.items())
    project.sql(f"UPDATE alert_configurations SET {assignments} WHERE alert_id = '{key}'")


def say_everything(project: Project) -> None:
    change(
        project,
        alert_query_template="'SELECT :n AS v, 5 AS least'",
        threshold_column="'v'",
        threshold_operator="'>'",
        threshold_value_double="NULL",
        threshold_value_column="'least'",
        threshold_value_aggregation="'MAX'",
        aggregation_type="'SUM'",
        use_custom_template="true",
        custom_subject_template="'{{ALERT_NAME}}'",
        custom_body_template="'**{{ALERT_STATUS}}**'",
        template_format="'MARKDOWN'",
        parameters=f"'{PARAMETERS}'",
        warehouse_id=f"'{project.workspace.warehouse_id}'",
        folder="'team/finops'",
        run_as=f"'{client(project).current_user.me().user_name}'",
        runbook_url="'https://wiki.example/cost'",
        notification_channels="array()",
    )


def test_a_row_says_everything_and_a_second_run_has_nothing_to_do(project: Project) -> None:
    project.keep_rules("COST-001")
    say_everything(project)
    answer = project.deploy()
    assert answer.status == 0, answer.text
    body: dict[str, Any] = deployed(project).as_dict()
    assert body["evaluation"]["threshold"] == {"column": {"name": "least", "aggregation": "MAX"}}
    assert body["custom_template_format"] == "MARKDOWN"
    assert body["parameters"] == [{"name": "n", "type": "NUMBER", "value": "7"}]
    assert body["parent_path"] == f"/Workspace/Shared/{project.schema}/team/finops"
    assert body["run_as"] == {"user_name": client(project).current_user.me().user_name}
    again = project.deploy("--refresh")
    assert again.status == 0, again.text
    assert NOTHING_TO_DO.match(again.out), again.text
    status = project.alerts("status", "-s", "test")
    assert "moved" not in status.text
    assert "changed" not in status.text


def test_a_changed_folder_replaces_and_the_preview_says_why(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    change(project, folder="'one'")
    assert project.deploy().status == 0
    before = deployed(project)
    change(project, folder="'two/deep'")
    preview = project.preview()
    assert preview.status == 0, preview.text
    home = f"/Workspace/Shared/{project.schema}"
    assert f"COST-001: its folder is no longer {home}/one" in preview.text
    assert "COST-002: its folder" not in preview.text
    answer = project.deploy()
    assert answer.status == 0, answer.text
    after = deployed(project)
    assert after.id != before.id
    assert after.parent_path == f"{home}/two/deep"
    ((action,),) = project.sql(
        "SELECT last_sync_action FROM alert_configurations WHERE alert_id = 'COST-001'"
    )
    assert action == "REPLACED"
    quiet = project.deploy()
    assert NOTHING_TO_DO.match(quiet.out), quiet.text
    names = [
        item.display_name
        for item in client(project).alerts_v2.list_alerts()
        if str(item.parent_path).startswith(home)
    ]
    assert len(names) == 2  # the old one went


def test_rules_of_one_name_swap_folders_in_one_run(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    same = {"alert_name": "'same'", "severity": "'INFO'"}
    change(project, folder="'one'", **same)
    change(project, "COST-002", folder="'two'", **same)
    assert project.deploy().status == 0
    change(project, folder="'two'")
    change(project, "COST-002", folder="'one'")
    answer = project.deploy()
    assert answer.status == 0, answer.text
    home = f"/Workspace/Shared/{project.schema}"
    assert deployed(project).parent_path == f"{home}/two"
    assert deployed(project, "COST-002").parent_path == f"{home}/one"
    assert {deployed(project, key).display_name for key in ("COST-001", "COST-002")} == {
        "[INFO] same"
    }
    assert NOTHING_TO_DO.match(project.deploy().out)


def test_wrong_values_are_told_by_column_and_other_rules_go_on(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    sdk = client(project)
    home = f"/Workspace/Shared/{project.schema}"
    sdk.workspace.mkdirs(home)
    content = base64.b64encode(b"# Databricks notebook source").decode()
    sdk.workspace.import_(
        f"{home}/taken", content=content, format=ImportFormat.SOURCE, language=Language.PYTHON
    )
    change(
        project,
        template_format="'PLAIN'",
        warehouse_id="'gone'",
        run_as="'nobody@example.com'",
        folder="'taken/below'",
        parameters="'{'",
        runbook_url="'wiki'",
        threshold_value_column="'nothing'",
    )
    answer = project.alerts("validate", "-s", "test")
    assert answer.status == 1
    for column in (
        "template_format",
        "warehouse_id",
        "run_as",
        "folder",
        "parameters",
        "runbook_url",
    ):
        assert f"alert_configurations.{column}" in answer.text, (column, answer.text)
    deploy = project.deploy()
    assert "COST-001 is skipped" in deploy.text, deploy.text
    assert deployed(project, "COST-002").id


def test_an_unknown_threshold_column_is_told_with_the_columns_that_there_are(
    project: Project,
) -> None:
    project.keep_rules("COST-001")
    say_everything(project)
    for column, told in (("leest", "did you mean least?"), ("words", "cannot be compared")):
        change(
            project,
            alert_query_template="'SELECT :n AS v, 5 AS least, array(1) AS words'",
            threshold_value_column=f"'{column}'",
            threshold_value_aggregation="NULL",
        )
        answer = project.alerts("validate", "-s", "test")
        assert answer.status == 1, answer.text
        assert "threshold_value_column" in answer.text
        assert told in answer.text
