"""A pull request meets the gate: each reason to block, each exit status, each report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from project import Answer, Project


def gate(project: Project, *arguments: str) -> tuple[Answer, dict[str, Any]]:
    """`alerts gate` and its JSON report."""
    target = project.directory / "gate.json"
    answer = project.alerts(
        "gate", "-s", "test", "--engine", "embedded", f"--format=json={target}", *arguments
    )
    return answer, json.loads(target.read_text())


@pytest.fixture
def deployed(project: Project) -> Project:
    assert project.deploy().status == 0
    return project


def policies(project: Project, text: str) -> None:
    (project.directory / "stacks" / "policies.yaml").write_text(text)


def test_the_shipped_pack_passes_before_and_after_it_is_deployed(project: Project) -> None:
    answer, report = gate(project)
    assert (answer.status, report["verdict"]) == (0, "pass"), answer.text
    alerts = [step["op"] for step in report["steps"] if step["kind"] == "AlertV2"]
    assert alerts == ["create"] * 29  # destinations may stand there from other tests
    assert project.sql("SELECT count(*) FROM alert_sync_metrics") == [(0,)]
    assert project.deploy().status == 0
    answer, report = gate(project)
    assert (answer.status, report["steps"], report["unchanged"] > 39) == (0, [], True)


def test_the_branches_of_four_people(deployed: Project, tmp_path: Path) -> None:
    """A breaks a column, B removes six rules, C renames a rule, D changes a threshold."""
    rows = "alert_configurations"
    deployed.sql(f"UPDATE {rows} SET threshold_value_double = 42 WHERE alert_id = 'COST-001'")
    answer, report = gate(deployed)  # D
    (step,) = report["steps"]
    assert (answer.status, step["op"], step["key"]) == (0, "update", "COST-001")
    assert step["changes"][0]["path"] == "evaluation.threshold.value.doubleValue"
    assert (step["changes"][0]["old"], step["changes"][0]["new"]) == ("150", "42")
    assert deployed.deploy().status == 0

    deployed.sql(f"UPDATE {rows} SET alert_name = 'New name' WHERE alert_id = 'COST-002'")
    answer, report = gate(deployed)  # C
    assert [(step["op"], step["key"]) for step in report["steps"]] == [("update", "COST-002")]
    assert deployed.deploy().status == 0

    version = report["config_version"]
    deployed.sql(f"DELETE FROM {rows} WHERE alert_id LIKE 'COST-00%'")
    answer, report = gate(deployed)  # B
    assert (answer.status, report["verdict"]) == (1, "blocked")
    assert "6 of 29 deployed alerts would be deleted" in report["reasons"][0]
    assert report["config_version"] > version
    deployed.set_config("maxDeletes", "6")
    answer, report = gate(deployed)
    assert (answer.status, report["counts"]) == (0, {"delete": 6})
    assert deployed.deploy().status == 0

    deployed.sql("DROP VIEW fact_audit_logs")
    deployed.sql("CREATE TABLE fact_audit_logs (event_time TIMESTAMP, other STRING)")
    reports = {name: tmp_path / f"gate.{name}" for name in ("markdown", "junit", "sarif", "html")}
    answer, report = gate(deployed, *(f"--format={key}={file}" for key, file in reports.items()))
    assert answer.status == 1  # A
    assert {finding["key"] for finding in report["findings"]} == {"SEC-006", "SEC-008"}
    assert "SEC-006" in answer.out
    assert "**blocked**" in reports["markdown"].read_text()
    suite = ET.fromstring(reports["junit"].read_text())[0]
    assert (suite.get("failures"), suite.get("errors")) == ("2", "0")
    (run,) = json.loads(reports["sarif"].read_text())["runs"]
    errors = [item for item in run["results"] if item["level"] == "error"]
    files = {item["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] for item in errors}
    assert files == {"packs/health_monitor/security.yaml"}
    assert "<script" not in reports["html"].read_text()


def test_a_broken_policy_blocks_only_where_it_is_mandatory(deployed: Project) -> None:
    deployed.sql(
        "UPDATE alert_configurations SET notification_channels = array('a@b.example') "
        "WHERE alert_id = 'COST-003'"
    )
    answer, report = gate(deployed)
    assert answer.status == 1
    assert report["reasons"] == ["policy critical-has-pager is broken by COST-003"]
    policies(deployed, "policies:\n  critical-has-pager: advisory\n")
    assert gate(deployed)[0].status == 0
    policies(deployed, "policies:\n  critical-has-pager: off\n")
    answer, report = gate(deployed)
    assert "critical-has-pager" not in {item["policy"] for item in report["violations"]}


def test_drift_and_labels_are_policies_too(deployed: Project) -> None:
    policies(
        deployed, "policies:\n  no-drift: mandatory\n  critical-change-needs-label: mandatory\n"
    )
    deployed.sql("UPDATE alert_configurations SET alert_name = 'x' WHERE alert_id = 'COST-003'")
    assert gate(deployed)[0].status == 1
    assert gate(deployed, "--label", "critical-approved")[0].status == 0
    from databricks.sdk import WorkspaceClient

    client = WorkspaceClient(profile="local", config_file=str(deployed.workspace.config_file))
    (row,) = deployed.sql(
        "SELECT databricks_alert_id FROM alert_configurations WHERE alert_id = 'COST-001'"
    )
    client.alerts_v2.trash_alert(str(row[0]))
    answer, report = gate(deployed, "--label", "critical-approved")
    assert answer.status == 1
    assert [(item["key"], item["what"]) for item in report["drift"]] == [("COST-001", "deleted")]


def test_a_teams_own_policy_takes_part(deployed: Project) -> None:
    policies(
        deployed,
        "functions: [ours.py]\npolicies:\n  no-night-shift: {level: mandatory, hour: 6}\n",
    )
    (deployed.directory / "stacks" / "ours.py").write_text(
        "from databricks_alerts.policies import Problem, policy\n"
        "@policy('no-night-shift', level='advisory', hour=0)\n"
        "def no_night_shift(change, options):\n"
        "    for view in change.rules:\n"
        "        if view.rule.schedule_cron.split()[2] == str(options['hour']):\n"
        "            yield Problem(view.key, 'it runs at night', 'run it by day')\n"
    )
    answer, report = gate(deployed)
    assert answer.status == 1
    assert report["reasons"] == ["policy no-night-shift is broken by COST-003, GOV-001"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("policies:\n  no-such: off\n", "policies.yaml:2:3: there is no policy 'no-such'"),
        ("policies:\n  no-drift: strict\n", "policies.yaml:2:3: level 'strict' must be"),
        ("policies:\n  no-drift: {days: 3}\n", "no-drift has no option 'days'"),
        ("rules: []\n", "policies.yaml:1:1: 'rules' is not known here"),
        ("functions: [gone.py]\n", "is no Python file"),
    ],
)
def test_a_gate_that_cannot_see_never_says_yes(project: Project, text: str, message: str) -> None:
    policies(project, text)
    answer, report = gate(project)
    assert (answer.status, report["verdict"]) == (2, "unknown")
    assert message in report["reasons"][0]


def test_without_a_workspace_the_answer_is_could_not_tell(
    bare_project: Project, tmp_path: Path
) -> None:
    profile = tmp_path / "databrickscfg"
    profile.write_text("[local]\nhost = http://127.0.0.1:9\ntoken = dapi0\n")
    text = bare_project.settings_file.read_text()
    bare_project.settings_file.write_text(
        text.replace(str(bare_project.workspace.config_file), str(profile))
    )
    answer, report = gate(bare_project)
    assert (answer.status, report["verdict"]) == (2, "unknown")
    assert "127.0.0.1:9" in report["reasons"][0]


def test_an_unknown_format_is_wrong_usage(project: Project) -> None:
    answer = project.alerts("gate", "-s", "test", "--format", "pdf=x")
    assert answer.status == 2
    assert "json, markdown, junit, sarif, html" in answer.text
