"""A new user on a workspace that has never seen us: the README's "Your own workspace"."""

from __future__ import annotations

import os
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from databricks.sdk import WorkspaceClient
from project import ROOT, Answer, Project, make_project

from databricks_alerts.local_workspace import client, process

USER = "newcomer@corp.example"
GRANTS = (
    "USE CATALOG, USE SCHEMA, CREATE SCHEMA, CREATE TABLE, SELECT, MODIFY ON CATALOG dev",
    "USE CATALOG, USE SCHEMA, SELECT ON CATALOG system",
)
SCOPE = "databricks secrets create-scope databricks_alerts"


@dataclass
class Newcomer:
    """Somebody who is no admin, with credentials in the environment and nowhere else."""

    project: Project
    token: str

    def alerts(self, *arguments: str) -> Answer:
        environment = {"DATABRICKS_HOST": self.project.workspace.url}
        environment |= {"DATABRICKS_TOKEN": self.token, "DATABRICKS_CONFIG_FILE": "/dev/null"}
        return self.project.alerts(*arguments, env=environment)

    def up(self) -> Answer:
        return self.alerts("up", "-s", "dev", "--yes", "--engine", "embedded")


@pytest.fixture(scope="module")
def newcomer(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Newcomer]:
    directory = tmp_path_factory.mktemp("foreign")
    running = process.start(directory / "workspace", spark=os.environ.get("ALERTS_TEST_SPARK"))
    try:
        project = make_project(directory / "project", running)
        project.settings_file.unlink()
        text = (ROOT / "stacks" / "Pulumi.dev.yaml").read_text(encoding="utf-8")
        text = text.replace("set-the-id-of-your-sql-warehouse", running.warehouse_id)
        (project.directory / "stacks" / "Pulumi.dev.yaml").write_text(text, encoding="utf-8")
        token = client.add_user(running, USER)["token"]
        project.schema = "default"
        for grant in GRANTS:
            project.sql(f"GRANT {grant} TO `{USER}`")
        yield Newcomer(project, token)
    finally:
        process.stop(directory / "workspace")


def subscriptions(newcomer: Newcomer) -> dict[str, list[dict[str, str]]]:
    """Whom each alert notifies, by its name."""
    return {
        alert["display_name"]: alert["evaluation"]["notification"]["subscriptions"]
        for alert in client.alerts(newcomer.project.workspace)
    }


def test_a_first_day_on_a_foreign_workspace(newcomer: Newcomer) -> None:
    the_first_run_deploys_all_rules_and_notifies_who_deploys(newcomer)
    a_second_run_has_nothing_to_do_and_validation_nothing_to_find(newcomer)
    a_destination_comes_in_when_its_secret_is_there(newcomer)


def the_first_run_deploys_all_rules_and_notifies_who_deploys(newcomer: Newcomer) -> None:
    made = newcomer.alerts("init", "-s", "dev")
    assert made.status == 0, made.text
    assert made.text.count("created view fact_") == 7
    seeded = newcomer.alerts("seed", "-s", "dev")
    assert seeded.status == 0, seeded.text

    answer = newcomer.up()
    assert answer.status == 0, answer.text
    found = subscriptions(newcomer)
    assert len(found) == 29
    assert {str(item) for item in found.values()} == {str([{"user_email": USER}])}
    # What is missing is told once, with what makes it.
    assert answer.text.count(SCOPE) == 1, answer.text
    for key in ("finops_slack_url", "security_pagerduty_key", "finops_address"):
        assert answer.text.count(f"databricks secrets put-secret databricks_alerts {key}") == 1
    assert "findings" not in answer.text

    # An analyst sees it in the rows, which stay as they were seeded.
    rows = newcomer.project.sql(
        "SELECT destination_id, stand_in, last_sync_action, last_sync_error, "
        "databricks_destination_id FROM dev.gold.notification_destinations"
    )
    assert len(rows) == 10
    for _, stand_in, action, error, identity in rows:
        assert ([*stand_in], action, identity) == (["deployer"], "SKIPPED", None)
        assert USER in str(error)
    [(channels,)] = newcomer.project.sql(
        "SELECT notification_channels FROM dev.gold.alert_configurations WHERE alert_id='COST-004'"
    )
    assert [*channels] == ["finops_slack", "finops_email", "platform_pagerduty"]  # type: ignore[call-overload]


def a_second_run_has_nothing_to_do_and_validation_nothing_to_find(newcomer: Newcomer) -> None:
    validated = newcomer.alerts("validate", "-s", "dev")
    assert validated.status == 0, validated.text
    assert SCOPE in validated.text
    again = newcomer.up()
    assert again.status == 0, again.text
    assert "created" not in again.text
    assert "updated" not in again.text
    assert "29 of 29" in newcomer.alerts("status", "-s", "dev").text
    made = newcomer.alerts("init", "-s", "dev")
    assert "up to date" in made.text, made.text


def a_destination_comes_in_when_its_secret_is_there(newcomer: Newcomer) -> None:
    running = newcomer.project.workspace
    admin = WorkspaceClient(profile="local", config_file=str(running.config_file))
    admin.secrets.create_scope("databricks_alerts")
    url = "http://127.0.0.1:9/finops"
    admin.secrets.put_secret("databricks_alerts", "finops_slack_url", string_value=url)
    answer = newcomer.up()  # who may not read the scope is as far as before
    assert answer.status == 0, answer.text
    assert "databricks secrets put-acl databricks_alerts" in answer.text
    assert SCOPE not in answer.text

    environment = {"DATABRICKS_HOST": running.url, "DATABRICKS_TOKEN": running.token}
    admins = newcomer.project.alerts(
        "up", "-s", "dev", "--yes", "--engine", "embedded", env=environment
    )
    assert admins.status == 0, admins.text
    [slack] = list(admin.notification_destinations.list())
    assert slack.display_name == "FinOps channel"
    found = subscriptions(newcomer)
    assert {"destination_id": slack.id} in found["[CRITICAL] Budget Exceeded"]
    assert "finops_email" in admins.text  # still out
