"""Rows that refer to destinations of others: an id and no configuration."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.settings import Config, SlackConfig
from project import Project
from test_destinations_kept import subscribed, there

pytestmark = pytest.mark.slow


@pytest.fixture
def theirs(project: Project) -> Iterator[str]:
    """The Databricks id of a Slack destination that somebody else made."""
    client = _client(project)
    made = client.notification_destinations.create(
        display_name="of another team", config=Config(slack=SlackConfig(url="http://127.0.0.1:9/x"))
    )
    yield str(made.id)
    if made.id in there(project):
        client.notification_destinations.delete(str(made.id))


def _client(project: Project) -> WorkspaceClient:
    return WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))


def _refer(project: Project, identity: str, kind: str = "SLACK", config: str = "NULL") -> None:
    """One rule that notifies the row `shared` alone, as the original framework has such rows."""
    project.keep_rules("COST-001")
    project.sql(
        "INSERT INTO notification_destinations (destination_id, destination_name, "
        "destination_type, databricks_destination_id, config_json, owner, is_enabled, created_by, "
        f"created_at) VALUES ('shared', 'Shared', '{kind}', '{identity}', {config}, 'me', true, "
        "'me', current_timestamp())"
    )
    project.sql("UPDATE alert_configurations SET notification_channels = array('shared')")


def _row(project: Project) -> tuple[object, ...]:
    [row] = project.sql(
        "SELECT databricks_destination_id, last_sync_status, last_sync_error IS NULL "
        "FROM notification_destinations WHERE destination_id = 'shared'"
    )
    return row


@pytest.mark.parametrize("config", ["NULL", "''", "'{}'"])
def test_it_is_notified_and_neither_made_nor_changed_nor_deleted(
    project: Project, theirs: str, config: str
) -> None:
    _refer(project, theirs, config=config)
    before = there(project)
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert subscribed(project, "COST-001") == {theirs}
    assert _row(project) == (theirs, "SUCCESS", True)
    assert "NotificationDestination shared" not in answer.text
    [mine] = [
        item for item in _client(project).notification_destinations.list() if item.id == theirs
    ]
    assert mine.display_name == "of another team"
    again = project.deploy()
    assert again.status == 0
    assert "unchanged" in again.text
    assert "updated" not in again.text

    project.sql("DELETE FROM notification_destinations WHERE destination_id = 'shared'")
    project.sql("UPDATE alert_configurations SET notification_channels = array('a@b.example')")
    assert project.deploy().status == 0
    assert theirs in there(project)
    assert before <= there(project)


@pytest.mark.parametrize(
    ("kind", "lost", "said"),
    [
        ("SLACK", True, "no destination with the Databricks id"),
        ("EMAIL", False, "is of type SLACK"),
    ],
)
def test_what_it_refers_to_has_to_be_there_and_of_its_type(
    project: Project, theirs: str, kind: str, lost: bool, said: str
) -> None:
    identity = "9d0d1e30-0000-4000-8000-000000000000" if lost else theirs
    _refer(project, identity, kind)
    project.sql(
        "UPDATE alert_configurations SET notification_channels = array('a@b.example') "
        "WHERE alert_id = 'COST-001'"
    )
    answer = project.deploy()  # nobody needs it: the rule is deployed, the row is told
    assert said in answer.text, answer.text
    assert _row(project) == (identity, "ERROR", False)
    project.sql("UPDATE alert_configurations SET notification_channels = array('shared')")
    answer = project.deploy()
    assert "COST-001" in answer.text
    assert "'shared' is invalid" in answer.text
    assert _row(project)[0] == identity
    project.sql(
        "UPDATE notification_destinations SET destination_type = 'SLACK', "
        f"databricks_destination_id = '{theirs}' WHERE destination_id = 'shared'"
    )
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert subscribed(project, "COST-001") == {theirs}
    assert _row(project) == (theirs, "SUCCESS", True)


def test_a_row_that_made_its_destination_and_lost_its_configuration_keeps_it(
    project: Project,
) -> None:
    project.keep_rules("COST-001")
    assert project.deploy().status == 0
    [(key, identity)] = project.sql(
        "SELECT destination_id, databricks_destination_id FROM notification_destinations "
        "WHERE destination_type = 'SLACK' LIMIT 1"
    )
    project.sql(
        f"UPDATE notification_destinations SET config_json = NULL WHERE destination_id = '{key}'"
    )
    project.sql(
        f"UPDATE alert_configurations SET notification_channels = array('{key}') "
        "WHERE alert_id = 'COST-001'"
    )
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert identity in there(project)
    assert subscribed(project, "COST-001") == {identity}
    # Under another key the state still holds it as the old one: kept, since a row refers to it.
    project.sql(
        f"UPDATE notification_destinations SET destination_id = 'moved' "
        f"WHERE destination_id = '{key}'"
    )
    project.sql("UPDATE alert_configurations SET notification_channels = array('moved')")
    answer = project.deploy()
    assert answer.status == 0, answer.text
    assert identity in there(project)
    assert subscribed(project, "COST-001") == {identity}
