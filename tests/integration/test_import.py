"""Alerts made by hand become rows, and the next `up` adopts them without a change."""

from __future__ import annotations

import json
from typing import Any

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2
from project import Project


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


def mine(project: Project, *arguments: str) -> dict[str, dict[str, str]]:
    answer = project.alerts("import", "-s", "test", "--json", *arguments)
    assert answer.status == 0, answer.text
    return {item["display_name"]: item for item in json.loads(answer.out)}


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
    make(project, "[INFO] parameters", parameters=[{"name": "n", "value": "1"}])
    make(project, "[INFO] column", evaluation={"threshold": {"column": {"name": "v"}}})
    make(project, "[INFO] dollars", query_text="SELECT '${x}' AS v")

    shown = mine(project, "--name", "[[]*")
    assert {name for name, item in shown.items() if item["action"] == "new rule"} >= set(made)
    assert "query parameters" in shown["[INFO] parameters"]["reason"]
    assert "threshold is a column" in shown["[INFO] column"]["reason"]
    assert "${…}" in shown["[INFO] dollars"]["reason"]
    assert project.sql("SELECT count(*) FROM alert_configurations") == [(0,)]

    mine(project, "--write")
    again = mine(project)
    assert {again[name]["action"] for name in made} == {"has a rule"}

    preview = json.loads(project.preview("--json").out)
    ops = {
        step["urn"].rsplit("::")[-1]: step["op"]
        for step in preview["steps"]
        if step["urn"].split("::")[-2].endswith("AlertV2")
    }
    assert set(ops.values()) == {"import"}, ops
    assert len(ops) == len(made)
    assert project.deploy().status == 0
    rows = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    assert {str(row[0]) for row in rows} == set(ids.values())


def test_a_name_without_a_severity_gets_one(project: Project) -> None:
    project.sql("DELETE FROM alert_configurations")
    key = make(project, "plain name")
    mine(project, "--write", "--severity", "INFO", "--domain", "COST", "--name", "plain*")
    assert project.sql(
        "SELECT alert_id, alert_name, severity, agent_domain, databricks_alert_id "
        "FROM alert_configurations"
    ) == [("IMPORTED-PLAIN-NAME", "plain name", "INFO", "COST", key)]
