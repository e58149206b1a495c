"""A rule that was valid is not sent again, until its text or a table under it changes."""

from __future__ import annotations

import json
from typing import Any

from project import Project


def validation(project: Project, *arguments: str) -> dict[str, Any]:
    answer = project.alerts("validate", "-s", "test", "--json", *arguments)
    assert answer.status in (0, 1), answer.text
    found: dict[str, Any] = json.loads(answer.out)
    return found


def _with_another_column(project: Project, name: str) -> None:
    """A table in a view's place that has one column more."""
    project.sql(f"CREATE TABLE copied AS SELECT *, 'x' AS extra FROM {name}")
    project.sql(f"DROP VIEW {name}")
    project.sql(f"ALTER TABLE copied RENAME TO {name}")


def test_only_what_changed_is_explained(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002", "SEC-006", "QUAL-001")
    assert validation(project)["explained"] == 4
    assert validation(project)["explained"] == 4  # validate records nothing
    assert project.deploy().status == 0
    assert validation(project)["explained"] == 0
    assert validation(project, "--full")["explained"] == 4

    project.sql("UPDATE alert_configurations SET alert_name = 'x' WHERE alert_id = 'COST-001'")
    assert validation(project)["explained"] == 0
    project.sql(
        "UPDATE alert_configurations SET alert_query_template = concat(alert_query_template, ' ') "
        ", threshold_value_double = 3 WHERE alert_id = 'COST-001'"
    )
    assert validation(project)["explained"] == 0  # the rendered text is the same
    project.sql(
        "UPDATE alert_configurations SET threshold_column = 'nowhere' WHERE alert_id = 'COST-001'"
    )
    found = validation(project)
    assert found["explained"] == 1
    assert [item["key"] for item in found["findings"]] == ["COST-001"]

    _with_another_column(project, "fact_audit_logs")
    assert validation(project)["explained"] == 2  # and SEC-006, which reads that table


def test_a_table_that_breaks_under_a_rule_is_found_though_no_rule_changed(
    project: Project,
) -> None:
    project.keep_rules("COST-001", "SEC-006")
    assert project.deploy().status == 0
    project.sql("DROP VIEW fact_audit_logs")
    project.sql("CREATE TABLE fact_audit_logs (event_time TIMESTAMP, action_name STRING)")
    found = validation(project)
    assert found["explained"] == 1
    assert [item["key"] for item in found["findings"]] == ["SEC-006"]
    answer = project.preview()
    assert "SEC-006 is held" in answer.text


def test_a_view_is_as_good_as_the_tables_under_it(project: Project) -> None:
    project.keep_rules("COST-001")
    project.sql("CREATE TABLE under_it (v INT, w INT)")
    project.sql(f"CREATE VIEW seen AS SELECT v AS check_value FROM main.{project.schema}.under_it")
    project.sql(
        "UPDATE alert_configurations SET alert_query_template = "
        "'SELECT check_value FROM ${catalog}.${gold_schema}.seen'"
    )
    assert project.deploy().status == 0
    assert validation(project)["explained"] == 0
    project.sql("ALTER TABLE under_it ADD COLUMNS (x INT)")
    assert validation(project)["explained"] == 1


def test_an_older_results_table_only_costs_the_explains(project: Project) -> None:
    project.keep_rules("COST-001")
    project.sql("DROP TABLE alert_validation_results")
    project.sql("CREATE TABLE alert_validation_results (alert_id STRING, is_valid BOOLEAN)")
    assert validation(project)["explained"] == 1
    assert validation(project)["findings"] == []
    assert project.deploy().status == 0  # and migrates it, to record there
    assert project.deploy().status == 0  # which the next run can then use
    assert validation(project)["explained"] == 0
