"""`alerts status` for machines: JSON that stays as it is, and metrics."""

from __future__ import annotations

import json

from project import Project
from prometheus_client.parser import text_string_to_metric_families

KEYS = {
    "alert_id",
    "display_name",
    "databricks_alert_id",
    "state",
    "last_synced_at",
    "last_sync_status",
    "drift",
    "muted",
}


def metrics(project: Project) -> dict[tuple[str, ...], float]:
    """(name, last label) → value."""
    answer = project.alerts("status", "-s", "test", "--format", "prometheus")
    assert answer.status == 0, answer.text
    return {
        (sample.name, *[v for k, v in sample.labels.items() if k != "stack"]): sample.value
        for family in text_string_to_metric_families(answer.out)
        for sample in family.samples
    }


def test_status_tells_machines_of_deployed_held_and_invalid_rules(project: Project) -> None:
    project.keep_rules("COST-001", "COST-002", "COST-003")
    before = metrics(project)
    assert before["alerts_rules", "NOT_DEPLOYED"] == 3
    assert ("alerts_last_sync_age_seconds",) not in before
    assert project.deploy().status == 0
    project.sql(
        "UPDATE alert_configurations SET alert_query_template = 'SELECT nothing' "
        "WHERE alert_id = 'COST-001'"
    )
    project.sql("UPDATE alert_configurations SET severity = 'LOUD' WHERE alert_id = 'COST-002'")
    project.deploy()
    after = metrics(project)
    assert after["alerts_rules", "NOT_DEPLOYED"] == 0
    assert (after["alerts_rules_invalid",], after["alerts_rules_held",]) == (2, 2)
    assert 0 <= after["alerts_last_sync_age_seconds",] < 300

    answer = project.alerts("status", "-s", "test", "--json")
    document = json.loads(answer.out)
    assert [set(entry) for entry in document] == [KEYS, KEYS]
    same = project.alerts("status", "-s", "test", "--format", "json")
    assert json.loads(same.out) == document

    shown = json.loads(project.alerts("show", "COST-003", "-s", "test", "--json").out)
    assert (shown["alert_id"], shown["last_sync"]["status"]) == ("COST-003", "SUCCESS")
    assert shown["databricks_alert_id"]
    assert shown["query"].count("`") >= 2
    assert shown["tests"]["cases"]
    for_people = project.alerts("show", "COST-003", "-s", "test")
    assert shown["threshold"]["words"] in for_people.out
    broken = project.alerts("show", "COST-002", "-s", "test")
    assert broken.status == 1
    assert "severity is 'LOUD'" in broken.text
    unknown = project.alerts("show", "COST-02", "-s", "test")
    assert unknown.status == 2
    assert "did you mean COST-002?" in unknown.text
