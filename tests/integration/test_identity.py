"""An alert is never lost: keys that change, names that move, state that was operated on."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import AlertV2
from project import Answer, Project

from databricks_alerts.engine import urn as urns


def alerts_of(project: Project) -> dict[str, AlertV2]:
    """The project's alerts by display name, trashed ones excepted."""
    client = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    home = f"/Workspace/Shared/{project.schema}"
    return {
        str(item.display_name): item
        for item in client.alerts_v2.list_alerts()
        if item.parent_path == home
    }


def ids(project: Project) -> dict[str, str]:
    return {name: str(item.id) for name, item in alerts_of(project).items()}


def quiet(project: Project) -> bool:
    answer = project.preview("--json", "--refresh")
    assert answer.status == 0, answer.text
    return set(json.loads(answer.out)["changeSummary"]) == {"same"}


def resources(project: Project) -> list[dict[str, Any]]:
    answer = project.alerts("stack", "export", "-s", "test")
    assert answer.status == 0, answer.text
    found: list[dict[str, Any]] = json.loads(answer.out)["deployment"]["resources"]
    return found


def names_in_state(project: Project, kind: str) -> set[str]:
    return {urns.name_of(item["urn"]) for item in resources(project) if item["type"].endswith(kind)}


def good(answer: Answer) -> Answer:
    assert answer.status == 0, answer.text
    return answer


@pytest.fixture
def two(project: Project) -> Project:
    """Two deployed rules whose alerts have permissions."""
    project.keep_rules("COST-001", "COST-003")
    project.set_config("permissions", "{alerts: {CAN_RUN: ['group:users']}}")
    good(project.deploy())
    return project


def test_a_changed_key_keeps_its_alert_and_its_permissions(two: Project) -> None:
    before = ids(two)
    two.sql("UPDATE alert_configurations SET alert_id = 'COST::903' WHERE alert_id = 'COST-003'")
    answer = good(two.up())
    assert "delete" not in answer.text
    assert "import" not in answer.text
    assert ids(two) == before
    assert names_in_state(two, ":AlertV2") == {"COST-001", "COST::903"}
    assert names_in_state(two, ":Permissions") == {
        "COST-001-permissions",
        "COST::903-permissions",
    }
    assert two.sql(
        "SELECT databricks_alert_id, last_sync_status FROM alert_configurations "
        "WHERE alert_id = 'COST::903'"
    ) == [(before["[CRITICAL] Budget Threshold Warning"], "SUCCESS")]
    assert quiet(two)


def test_a_changed_key_is_followed_when_other_rules_are_the_targets(two: Project) -> None:
    before = ids(two)
    two.sql(
        "UPDATE alert_configurations SET alert_id = 'COST-903', threshold_value_double = 81 "
        "WHERE alert_id = 'COST-003'"
    )
    good(two.up("--target", "COST-001"))
    assert ids(two) == before
    good(two.up("--target", "COST-903"))
    assert ids(two) == before
    good(two.up())
    assert ids(two) == before
    changed = alerts_of(two)["[CRITICAL] Budget Threshold Warning"]
    assert changed.evaluation.threshold is not None
    assert changed.evaluation.threshold.value is not None
    assert changed.evaluation.threshold.value.double_value == 81
    assert quiet(two)


def test_a_changed_destination_key_keeps_its_destination(two: Project) -> None:
    ((before,),) = two.sql(
        "SELECT databricks_destination_id FROM notification_destinations "
        "WHERE destination_id = 'finops_slack'"
    )
    two.sql(
        "UPDATE notification_destinations SET destination_id = 'money' "
        "WHERE destination_id = 'finops_slack'"
    )
    two.sql(
        "UPDATE alert_configurations SET notification_channels = "
        "transform(notification_channels, c -> if(c = 'finops_slack', 'money', c))"
    )
    good(two.up())
    assert two.sql(
        "SELECT databricks_destination_id FROM notification_destinations "
        "WHERE destination_id = 'money'"
    ) == [(before,)]
    assert quiet(two)


def test_a_row_put_in_the_place_of_another_takes_its_alert(two: Project) -> None:
    before = ids(two)
    columns = ", ".join(
        name
        for name, *_ in two.sql("DESCRIBE TABLE alert_configurations")
        if not str(name).startswith(("alert_id", "databricks_", "last_sync"))
    )
    two.sql(
        f"INSERT INTO alert_configurations (alert_id, {columns}) SELECT 'M-2', {columns} "
        "FROM alert_configurations WHERE alert_id = 'COST-003'"
    )
    two.sql("DELETE FROM alert_configurations WHERE alert_id = 'COST-003'")
    good(two.up())
    assert ids(two) == before
    assert quiet(two)


def test_names_that_swap_and_move_stand_at_their_rules_after_one_run(two: Project) -> None:
    before = ids(two)
    two.sql(
        "UPDATE alert_configurations SET severity = 'WARNING', alert_name = CASE alert_id WHEN "
        "'COST-001' THEN 'Budget Threshold Warning' ELSE 'Daily Cost Spike' END"
    )
    # What was [CRITICAL] Budget Threshold Warning gets the other's name, and back.
    good(two.up())
    after = ids(two)
    assert after == {
        "[WARNING] Budget Threshold Warning": before["[WARNING] Daily Cost Spike"],
        "[WARNING] Daily Cost Spike": before["[CRITICAL] Budget Threshold Warning"],
    }
    assert quiet(two)
    two.sql(
        "UPDATE alert_configurations SET alert_name = CASE alert_id WHEN 'COST-003' THEN "
        "'Budget Threshold Warning' ELSE 'Daily Cost Spike' END"
    )
    good(two.up())
    assert ids(two) == {
        "[WARNING] Daily Cost Spike": before["[WARNING] Daily Cost Spike"],
        "[WARNING] Budget Threshold Warning": before["[CRITICAL] Budget Threshold Warning"],
    }
    assert quiet(two)
    # One goes, the other gets its name.
    two.sql("UPDATE alert_configurations SET is_enabled = false WHERE alert_id = 'COST-003'")
    two.sql(
        "UPDATE alert_configurations SET alert_name = 'Budget Threshold Warning' "
        "WHERE alert_id = 'COST-001'"
    )
    good(two.up())
    assert ids(two) == {"[WARNING] Budget Threshold Warning": before["[WARNING] Daily Cost Spike"]}
    assert quiet(two)


def test_state_that_was_operated_on_converges_in_one_run(two: Project, tmp_path: Path) -> None:
    before = ids(two)
    whole = json.loads(good(two.alerts("stack", "export", "-s", "test")).out)

    def without(*names: str) -> None:
        document = json.loads(json.dumps(whole))
        kept = [
            item
            for item in document["deployment"]["resources"]
            if urns.name_of(item["urn"]) not in names
        ]
        document["deployment"]["resources"] = kept
        file = tmp_path / "state.json"
        file.write_text(json.dumps(document))
        good(two.alerts("stack", "import", "-s", "test", "--file", str(file)))

    for names in (
        ("COST-001", "COST-001-permissions"),
        ("COST-001", "COST-003", "COST-001-permissions", "COST-003-permissions"),
    ):
        without(*names)
        good(two.up())
        assert ids(two) == before
        assert quiet(two)
    # Everything of it is lost.
    two.state_file.unlink()
    good(two.up())
    assert ids(two) == before
    assert quiet(two)


def test_a_resource_of_another_name_in_the_state_is_renamed(two: Project, tmp_path: Path) -> None:
    """`pulumi state rename`, and what `pulumi import` leaves without a parent."""
    before = ids(two)
    for old, new in (
        (":AlertV2::COST-001", ":AlertV2::renamed"),
        (
            "databricks-alerts:index:Alerting$databricks:index/alertV2:AlertV2::COST-003",
            "databricks:index/alertV2:AlertV2::COST-003",
        ),
    ):
        text = good(two.alerts("stack", "export", "-s", "test")).out
        assert old in text
        file = tmp_path / "state.json"
        file.write_text(text.replace(old, new))
        good(two.alerts("stack", "import", "-s", "test", "--file", str(file)))
        good(two.up())
        assert ids(two) == before
        assert names_in_state(two, ":AlertV2") == {"COST-001", "COST-003"}
        assert quiet(two)


def test_a_quiet_run_writes_nothing_and_shows_no_change(two: Project) -> None:
    tables = ("alert_configurations", "notification_destinations", "alert_sync_metrics")

    def versions() -> list[Any]:
        return [two.sql(f"DESCRIBE HISTORY {table} LIMIT 1")[0][0] for table in tables]

    before, state = versions(), two.state_file.read_bytes()
    shown = good(two.preview()).text
    assert "Version" not in shown
    assert "->" not in shown
    good(two.up())
    assert versions() == before
    assert two.state_file.read_bytes() == state

    two.sql(
        "UPDATE alert_configurations SET threshold_value_double = 99 WHERE alert_id = 'COST-003'"
    )
    assert "configVersion" in good(two.preview("--diff")).text
    good(two.up())
    assert quiet(two)
