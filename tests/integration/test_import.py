"""Alerts made by hand become rows, and the next `up` adopts them without a change."""

from __future__ import annotations

import json
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.settings import Config, SlackConfig
from databricks.sdk.service.sql import AlertV2
from project import Project, bodies, imported

from databricks_alerts.engine import urn as urns


def make(project: Project, name: str, **changes: Any) -> str:
    sdk = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    document: dict[str, Any] = {
        "display_name": name,
        "query_text": "SELECT 11 AS v",
        "warehouse_id": project.workspace.warehouse_id,
        "parent_path": f"/Workspace/Shared/{project.schema}",
        "evaluation": {
            "source": {"name": "v"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 10}},
            **changes.pop("evaluation", {}),
        },
        "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "Europe/Berlin"},
        **changes,
    }
    return str(sdk.alerts_v2.create_alert(AlertV2.from_dict(document)).id)


def test_a_folder_of_hand_made_alerts_becomes_rules_and_nothing_changes(project: Project) -> None:
    project.sql("DELETE FROM alert_configurations")
    null = {"comparison_operator": "IS_NULL", "threshold": None}
    made = {
        "[CRITICAL] by hand": {},
        "[INFO] it's `quoted` 😀": {
            "evaluation": {
                "source": {"name": "v", "aggregation": "MEDIAN"},
                "comparison_operator": "NOT_EQUAL",
                "threshold": {"value": {"string_value": "x"}},
                "empty_result_state": "ERROR",
                "notification": {
                    "notify_on_ok": True,
                    "retrigger_seconds": 60,
                    "subscriptions": [{"user_email": "a@b.example"}],
                },
            },
            "custom_summary": "{{ALERT_NAME}}",
        },
        "[WARNING] null": {"evaluation": null},
        "[WARNING] false": {
            "evaluation": {
                "threshold": {"value": {"bool_value": False}},
                "comparison_operator": "EQUAL",
            }
        },
        "[WARNING] zero": {"evaluation": {"threshold": {"value": {"double_value": 0}}}},
    }
    ids = {name: make(project, name, **changes) for name, changes in made.items()}
    parameter = {"name": "n", "type": "NUMBER", "value": "1"}
    more = {
        "[INFO] parameters": {"query_text": "SELECT :n AS v", "parameters": [parameter]},
        "[INFO] column": {
            "query_text": "SELECT 11 AS v, 10 AS least",
            "evaluation": {"threshold": {"column": {"name": "least", "aggregation": "MAX"}}},
        },
        "[INFO] markdown": {
            "custom_description": "**{{ALERT_NAME}}**",
            "custom_template_format": "MARKDOWN",
        },
    }
    ids |= {name: make(project, name, **changes) for name, changes in more.items()}
    made |= more
    source = {"name": "v", "display": "the value"}
    make(project, "[INFO] display", evaluation={"source": source})
    make(project, "[INFO] dollars", query_text="SELECT '${x}' AS v")
    before = bodies(project)

    shown = imported(project, "--name", "[[]*")
    assert {name for name, item in shown.items() if item["action"] == "new rule"} >= set(made)
    assert "evaluation.source.display" in shown["[INFO] display"]["reason"]
    assert "${…}" in shown["[INFO] dollars"]["reason"]
    assert project.sql("SELECT count(*) FROM alert_configurations") == [(0,)]

    imported(project, "--write")
    again = imported(project)
    assert {again[name]["action"] for name in made} == {"has a rule"}

    preview = json.loads(project.preview("--json").out)
    ops = {
        urns.name_of(step["urn"]): step["op"]
        for step in preview["steps"]
        if urns.type_of(step["urn"]).endswith("AlertV2")
    }
    assert set(ops.values()) == {"import"}, ops
    assert len(ops) == len(made)
    assert project.deploy().status == 0
    assert bodies(project) == before
    rows = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    assert {str(row[0]) for row in rows} == set(ids.values())


def test_what_means_nothing_is_kept_until_its_rule_says_something_else(project: Project) -> None:
    project.sql("DELETE FROM alert_configurations")
    query = "\n  SELECT 11 AS v, 12 AS w -- both\n\n"
    column = {"name": "w", "display": "w", "aggregation": "MAX"}
    made = make(
        project,
        "[INFO] spaces",
        query_text=query,
        evaluation={
            "source": {"name": "v", "display": "v"},
            "threshold": {"column": column},
        },
    )
    make(project, "[INFO] no end", query_text="SELECT 11 AS v -- a bracket would stand in it")
    before = bodies(project)
    shown = imported(project, "--write")
    assert shown["[INFO] spaces"]["action"] == "new rule", shown
    assert shown["[INFO] no end"]["reason"].startswith("query_text: ")
    assert project.deploy().status == 0
    assert bodies(project) == before
    again = project.deploy()
    assert again.status == 0
    assert "updated" not in again.text

    project.sql("UPDATE alert_configurations SET threshold_column = 'w', aggregation_type = 'SUM'")
    assert project.deploy().status == 0
    changed = bodies(project)[made]
    assert changed["evaluation"]["source"] == {"name": "w", "aggregation": "SUM"}
    assert changed["evaluation"]["threshold"] == {"column": column}
    assert changed["query_text"] == query


def test_an_alert_keeps_its_destination_that_has_no_row(project: Project) -> None:
    project.sql("DELETE FROM alert_configurations")
    sdk = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    others = sdk.notification_destinations.create(
        display_name=f"others' {project.schema}",
        config=Config(slack=SlackConfig(url="http://127.0.0.1:9/hook")),
    )
    subscribed = {"notification": {"subscriptions": [{"destination_id": others.id}]}}
    alert = make(project, "[INFO] to others", evaluation=subscribed)
    shown = imported(project, "--write", "--name", "*others")
    assert shown["[INFO] to others"]["action"] == "new rule", shown
    assert project.sql("SELECT notification_channels FROM alert_configurations") == [([others.id],)]

    assert project.deploy().status == 0
    kept = sdk.alerts_v2.get_alert(alert).evaluation
    assert kept is not None
    assert kept.notification is not None
    assert [item.destination_id for item in kept.notification.subscriptions or []] == [others.id]

    project.sql(
        "UPDATE alert_configurations SET notification_channels = "
        "array('9e1c0aa8-56d5-4c5b-8a3e-0d1b5d6c7e8f')"
    )
    answer = project.alerts("validate", "-s", "test")
    assert answer.status == 1
    assert "no destination with the Databricks id" in answer.text


def test_an_alert_that_a_row_names_in_another_folder_stays(project: Project) -> None:
    project.keep_rules("COST-001")
    sdk = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    sdk.workspace.mkdirs(f"/Workspace/Shared/away-{project.schema}")
    away = make(project, "[INFO] away", parent_path=f"/Workspace/Shared/away-{project.schema}")
    project.sql(f"UPDATE alert_configurations SET databricks_alert_id = '{away}'")
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert f"COST-001: /Workspace/Shared/away-{project.schema}" in answer.text
    ((now,),) = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    assert now != away


def test_a_name_without_a_severity_gets_one(project: Project) -> None:
    project.sql("DELETE FROM alert_configurations")
    key = make(project, "plain name")
    imported(project, "--write", "--severity", "INFO", "--domain", "COST", "--name", "plain*")
    assert project.sql(
        "SELECT alert_id, alert_name, severity, agent_domain, databricks_alert_id "
        "FROM alert_configurations"
    ) == [("IMPORTED-PLAIN-NAME", "plain name", "INFO", "COST", key)]
