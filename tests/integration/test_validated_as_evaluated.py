"""What validation calls good runs, and what it calls bad does not, by the whole command."""

from __future__ import annotations

import json
from typing import Any

from databricks.sdk import WorkspaceClient
from project import Project

from databricks_alerts.local_workspace import client

_INTERVAL = (
    "SELECT current_timestamp() - max(start_time) AS age "
    "FROM ${catalog}.${gold_schema}.fact_query_history"
)
_FOUR = "SELECT explode(array(1, 3)) AS n; -- two rows; that is all"


def _rule(project: Project, key: str, **changes: Any) -> None:
    values = ", ".join(
        f"{name} = {json.dumps(value) if not isinstance(value, str) else _text(value)}"
        for name, value in changes.items()
    )
    project.sql(f"UPDATE alert_configurations SET {values} WHERE alert_id = '{key}'")


def _text(value: str) -> str:
    escaped = value.replace("\\", "\\\\").replace("'", "\\'").replace("$", "\\u0024")
    return f"'{escaped}'"


def test_all_that_alerts_would_fail_of_is_found_at_once(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002", "COST-003", "COST-007")
    _rule(project, "COST-001", alert_query_template=_INTERVAL, threshold_column="age")
    _rule(
        project,
        "COST-002",
        alert_query_template=_FOUR,
        threshold_column="m",
        aggregation_type="SUM",
    )
    _rule(
        project,
        "COST-003",
        alert_query_template=_FOUR,
        threshold_column="n",
        aggregation_type="SUM",
        custom_subject_template="{{ALERT_NAM}}",
        custom_body_template="{{#QUERY_RESULT_ROWS}}{{n}} {{sum(n)}}{{/QUERY_RESULT_ROWS}}",
    )
    _rule(
        project,
        "COST-007",
        alert_query_template="SELECT 1 AS v,\n  nope AS w",
        threshold_column="v",
        aggregation_type="MAX",
    )
    answer = project.alerts("validate", "-s", "test", "--json")
    assert answer.status == 1, answer.text
    found = {
        (item["key"], item["where"], item["line"], item["position"]): item["what"]
        for item in json.loads(answer.out)["findings"]
    }
    assert found.keys() == {
        ("COST-001", "threshold_column", None, None),
        ("COST-002", "threshold_column", None, None),
        ("COST-003", "alert_configurations.custom_subject_template", 1, 0),
        ("COST-003", "alert_configurations.custom_body_template", 1, 22),
        ("COST-007", "alert_query_template", 2, 2),
    }
    assert "interval day to second" in found["COST-001", "threshold_column", None, None]
    assert "m is no output column" in found["COST-002", "threshold_column", None, None]


def test_a_query_with_a_tail_is_deployed_so_that_its_aggregation_runs(project: Project) -> None:
    project.keep_rules("COST-001")
    _rule(
        project,
        "COST-001",
        alert_query_template=_FOUR,
        threshold_column="n",
        aggregation_type="SUM",
        threshold_operator=">=",
        threshold_value_double=4.0,
        custom_subject_template="{{ALERT_STATUS}}",
        custom_body_template="{{#QUERY_RESULT_ROWS}}{{sum(n)}}{{/QUERY_RESULT_ROWS}}",
    )
    answer = project.deploy()
    assert answer.status == 0, answer.text
    ((key,),) = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    config = str(project.workspace.config_file)
    alert = WorkspaceClient(profile="local", config_file=config).alerts_v2.get_alert(str(key))
    assert alert.query_text == "SELECT explode(array(1, 3)) AS n -- two rows; that is all\n"
    found = client.run_alert(project.workspace, str(key))
    assert (found["state"], found["value"], found["error"]) == ("TRIGGERED", 4, None)
    assert found["rows"] == [{"sum(n)": 4}]
    assert project.preview().status == 0
