"""No destination that a deployed alert notifies goes by accident."""

from __future__ import annotations

import pytest
from databricks.sdk import WorkspaceClient
from project import Project


def destinations(project: Project) -> dict[str, str]:
    """destination_id → Databricks id, as the state's rows know them."""
    rows = project.sql(
        "SELECT destination_id, databricks_destination_id FROM notification_destinations "
        "WHERE databricks_destination_id IS NOT NULL"
    )
    return {str(key): str(identity) for key, identity in rows}


def there(project: Project) -> set[str]:
    client = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    return {str(item.id) for item in client.notification_destinations.list()}


def subscribed(project: Project, key: str) -> set[str | None]:
    [(alert,)] = project.sql(
        f"SELECT databricks_alert_id FROM alert_configurations WHERE alert_id = '{key}'"
    )
    client = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    evaluation = client.alerts_v2.get_alert(str(alert)).evaluation
    assert evaluation is not None
    assert evaluation.notification is not None
    return {item.destination_id for item in evaluation.notification.subscriptions or []}


@pytest.fixture
def deployed(project: Project) -> Project:
    project.keep_rules("COST-001")
    answer = project.deploy()
    assert answer.status == 0, answer.text
    return project


def test_an_emptied_table_of_destinations_deletes_none(deployed: Project) -> None:
    before = destinations(deployed)
    deployed.sql("DELETE FROM notification_destinations")
    answer = deployed.up()
    assert answer.status == 1
    assert "notification_destinations is empty" in answer.text
    assert set(before.values()) <= there(deployed)
    ((error, counted),) = deployed.sql(
        "SELECT error_summary, created_count FROM alert_sync_metrics "
        "ORDER BY sync_started_at DESC LIMIT 1"
    )
    assert "notification_destinations is empty" in str(error)  # a refused `up` is recorded
    assert counted == 0


def test_too_many_deletes_of_destinations_are_refused(deployed: Project) -> None:
    known, used = destinations(deployed), subscribed(deployed, "COST-001")
    free = sorted(key for key, identity in known.items() if identity not in used)
    assert len(free) > 6
    listed = ", ".join(f"'{key}'" for key in free[:6])
    deployed.sql(f"DELETE FROM notification_destinations WHERE destination_id IN ({listed})")
    answer = deployed.preview()
    assert answer.status == 1
    assert f"6 of {len(known)} deployed destinations would be deleted" in answer.text


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM notification_destinations WHERE databricks_destination_id = '{}'",
        "UPDATE notification_destinations SET is_enabled = false "
        "WHERE databricks_destination_id = '{}'",
        "UPDATE notification_destinations SET destination_type = 'PIGEON' "
        "WHERE databricks_destination_id = '{}'",
        "UPDATE notification_destinations SET config_json = 'no json' "
        "WHERE databricks_destination_id = '{}'",
    ],
)
def test_what_a_held_alert_notifies_is_kept(deployed: Project, change: str) -> None:
    targets = subscribed(deployed, "COST-001")
    assert targets
    for target in targets:
        deployed.sql(change.format(target))
    answer = deployed.deploy()
    assert "COST-001 is held" in answer.text
    assert targets <= there(deployed)
    assert subscribed(deployed, "COST-001") == targets
