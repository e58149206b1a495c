"""`alerts log` and `alerts rollback` on a workspace."""

from __future__ import annotations

import json
from typing import Any

from project import Project


def log(project: Project, rule: str) -> list[dict[str, Any]]:
    answer = project.alerts("log", rule, "-s", "test", "--json")
    assert answer.status == 0, answer.text
    found: list[dict[str, Any]] = json.loads(answer.out)["changes"]
    return found


def rows(project: Project) -> list[tuple[object, ...]]:
    return project.sql("SELECT * FROM alert_configurations ORDER BY alert_id")


def one(project: Project, column: str, rule: str) -> object:
    [(value,)] = project.sql(f"SELECT {column} FROM alert_configurations WHERE alert_id = '{rule}'")
    return value


def version(project: Project) -> int:
    [row, *_] = project.sql("DESCRIBE HISTORY alert_configurations LIMIT 1")
    assert isinstance(row[0], int)
    return row[0]


def edit(project: Project, rule: str, change: str) -> None:
    project.sql(f"UPDATE alert_configurations SET {change} WHERE alert_id = '{rule}'")


def test_one_of_three_changes_is_taken_back_and_that_is_one_diff(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002", "COST-003")
    assert project.deploy().status == 0
    good = version(project)
    before = one(project, "alert_query_template", "COST-002")
    edit(project, "COST-001", "severity = 'CRITICAL'")
    edit(project, "COST-002", "alert_query_template = 'SELECT 1 AS n', owner = 'eve'")
    edit(project, "COST-003", "severity = 'INFO'")
    told = log(project, "COST-002")
    assert [item["kind"] for item in told][-2:] == ["deployed", "changed"]
    assert set(told[-1]["columns"]) == {"alert_query_template", "owner"}
    assert told[-1]["by"] == "admin@local.test"
    kept = one(project, "databricks_alert_id", "COST-002")
    refused = project.alerts("rollback", "COST-002", "--to-version", str(good), "-s", "test")
    assert (refused.status, "pass --yes" in refused.text) == (2, True)
    assert "+ alert_query_template" in refused.text or "@@ alert_query" in refused.text
    assert "- owner: eve" in refused.text
    done = project.alerts("rollback", "COST-002", "--to-version", str(good), "--yes", "-s", "test")
    assert done.status == 0, done.text
    assert one(project, "alert_query_template", "COST-002") == before
    assert one(project, "databricks_alert_id", "COST-002") == kept
    assert one(project, "updated_by", "COST-002") == "admin@local.test"
    assert one(project, "severity", "COST-001") == "CRITICAL"
    assert log(project, "COST-002")[-1]["kind"] == "changed"
    newest = version(project)
    again = project.alerts("rollback", "COST-002", "--to-version", str(good), "--yes", "-s", "test")
    assert "nothing to do" in again.text
    assert version(project) == newest
    # The others' changes are what is left to deploy.
    preview = project.preview("--json")
    assert "COST-002" not in json.dumps(json.loads(preview.out).get("steps", []))
    people = project.alerts("log", "COST-002", "-s", "test")
    assert "changed by admin@local.test" in people.text
    assert "deployed by admin@local.test (CREATED)" in people.text


def test_a_row_that_was_deleted_comes_back_and_a_column_that_is_new_is_emptied(
    project: Project,
) -> None:
    project.keep_rules("COST-001", "COST-002")
    edit(project, "COST-001", "databricks_alert_id = 'id-1'")
    good, [first, second] = version(project), rows(project)
    project.sql("DELETE FROM alert_configurations WHERE alert_id = 'COST-001'")
    edit(
        project, "COST-002", "severity = 'INFO', tags = map('a', 'b'), runbook_url = 'https://x.y'"
    )
    assert [item["kind"] for item in log(project, "COST-001")][-1] == "deleted"
    back = ("rollback", "COST-001", "COST-002", "--to-version", str(good), "--yes", "-s", "test")
    done = project.alerts(*back, "--json")
    assert done.status == 0, done.text
    assert set(json.loads(done.out)["rules"]) == {"COST-001", "COST-002"}
    names = [row[0] for row in project.sql("DESCRIBE TABLE alert_configurations")]
    for was, now in zip((first, second), rows(project), strict=True):
        differ = {name for name, a, b in zip(names, was, now, strict=False) if str(a) != str(b)} - {
            "updated_by",
            "updated_at",
        }
        assert differ <= {"databricks_alert_id"}
    assert one(project, "databricks_alert_id", "COST-001") is None


def test_what_cannot_be_rolled_back_is_told(project: Project) -> None:
    for arguments, said in (
        (("log", "COST-0O1"), "has no rule 'COST-0O1' in its last"),
        (("rollback", "COST-001"), "one of --to-version N and --to TIME"),
        (("rollback", "COST-001", "--to-version", "9999"), "has no version 9999"),
        (("rollback", "COST-001", "--to-version", "0", "--yes"), "has no rule COST-001"),
        (("rollback", "COST-001", "--to", "2001-01-01"), "has no version of 2001-01-01"),
        (("rollback", "COST-001", "--to", "soon"), "--to soon is neither a time"),
    ):
        answer = project.alerts(*arguments, "-s", "test")
        assert answer.status == 2, answer.text
        assert said in answer.text
