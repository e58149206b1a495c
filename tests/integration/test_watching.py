"""`alerts watch` on a workspace: what is well, what breaks, and where it cannot look."""

from __future__ import annotations

import json
from typing import Any

from databricks.sdk import WorkspaceClient
from project import Project
from waiting import until

from databricks_alerts.local_workspace import client


def watch(project: Project, *arguments: str) -> tuple[int, dict[str, Any]]:
    answer = project.alerts("watch", "-s", "test", "--json", *arguments)
    found: dict[str, Any] = json.loads(answer.out)
    return answer.status, found


def kinds(found: dict[str, Any]) -> dict[str, str]:
    return {item["rule"]: item["kind"] for item in found["concerns"]}


def test_what_breaks_is_named_and_the_exit_status_says_so(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002")
    assert project.deploy().status == 0
    status, found = watch(project)
    assert (status, kinds(found)) == (0, {"": "blind"})
    assert watch(project, "--strict")[0] == 1
    rows = dict(project.sql("SELECT alert_id, databricks_alert_id FROM alert_configurations"))
    client.run_alert(project.workspace, str(rows["COST-001"]))
    until(lambda: project.sql("SELECT count(*) FROM alert_history") == [(1,)])
    status, found = watch(project)
    assert (status, kinds(found)) == (0, {})
    assert 0 <= found["evaluation_age_seconds"]["COST-001"] < 600
    # Its last evaluations, an alarm that reached nobody and a nervous day.
    project.sql(
        "INSERT INTO alert_history (evaluation_id, alert_id, evaluation_timestamp, "
        "evaluation_date, evaluation_status, notification_sent) SELECT concat('f', n), 'COST-002', "
        "current_timestamp() - make_interval(0, 0, 0, 0, n, 0, 0), current_date(), "
        "CASE WHEN n % 2 = 0 THEN 'TRIGGERED' ELSE 'OK' END, false "
        "FROM (SELECT explode(sequence(1, 9)) AS n)"
    )
    sdk = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    sdk.alerts_v2.trash_alert(str(rows["COST-001"]))
    status, found = watch(project)
    assert (status, kinds(found)["COST-001"]) == (1, "gone")
    assert kinds(found)["COST-002"] == "flaps"
    text = project.alerts("watch", "-s", "test", "--prometheus").out
    assert 'alerts_watch_concerns{stack="test",kind="gone",level="broken"} 1\n' in text
    assert 'alerts_rule_evaluation_age_seconds{stack="test",rule="COST-002"}' in text
    people = project.alerts("watch", "-s", "test").out
    assert "2 rules watched: 1 broken, 1 to look at some day" in people
    project.sql("DROP TABLE alert_history")
    answer = project.alerts("watch", "-s", "test")
    assert (answer.status, "the watcher could not look" in answer.text) == (2, True), answer.text


def test_options_that_mean_nothing_are_refused(bare_project: Project) -> None:
    for arguments, said in (
        (("--json", "--prometheus"), "exclude each other"),
        (("--never-fired", "soon"), "--never-fired soon: 'soon' is no length of time"),
        (("--flaps", "1"), "--flaps"),
    ):
        answer = bare_project.alerts("watch", "-s", "test", *arguments)
        assert (answer.status, said in answer.text) == (2, True), answer.text
