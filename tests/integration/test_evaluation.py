"""Alerts run: by schedule on a fast clock, by hand; states, history and notifications follow."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.settings import (
    Config,
    DatabricksAppSlackConfig,
    DatabricksAppTeamsConfig,
    EmailConfig,
    GenericWebhookConfig,
    PagerdutyConfig,
    SlackConfig,
)
from databricks.sdk.service.sql import AlertV2
from project import Project
from waiting import until

from databricks_alerts.local_workspace import client
from databricks_alerts.local_workspace.process import Running

_THREE = "SELECT explode(array(4, 5, 6)) AS v"


@pytest.fixture
def sdk(local_workspace: Running) -> WorkspaceClient:
    return WorkspaceClient(profile="local", config_file=str(local_workspace.config_file))


@pytest.fixture
def make_alert(
    sdk: WorkspaceClient, request: pytest.FixtureRequest
) -> Iterator[Callable[..., str]]:
    """Makes alerts that go when the test is over."""
    made: list[str] = []

    def make(query: str, **changes: Any) -> str:
        document = {
            "display_name": f"{request.node.name} {len(made)}",
            "query_text": query,
            "warehouse_id": "0000000000000001",
            "evaluation": {
                "source": {"name": "v"},
                "comparison_operator": "GREATER_THAN",
                "threshold": {"value": {"double_value": 10}},
                "empty_result_state": "OK",
                **changes.pop("evaluation", {}),
            },
            "schedule": {
                "quartz_cron_schedule": "0 0 * * * ?",
                "timezone_id": "UTC",
                "pause_status": "PAUSED",
            },
            **changes,
        }
        made.append(str(sdk.alerts_v2.create_alert(AlertV2.from_dict(document)).id))
        return made[-1]

    yield make
    for key in made:
        sdk.alerts_v2.trash_alert(key, purge=True)


def test_a_run_by_hand_sets_the_state_in_the_api(
    local_workspace: Running, sdk: WorkspaceClient, make_alert: Callable[..., str]
) -> None:
    key = make_alert("SELECT 11 AS v")
    assert sdk.alerts_v2.get_alert(key).evaluation.state.value == "UNKNOWN"  # type: ignore[union-attr]
    found = client.run_alert(local_workspace, key)
    assert (found["state"], found["value"], found["threshold"]) == ("TRIGGERED", 11, 10)
    evaluation = sdk.alerts_v2.get_alert(key).evaluation
    assert evaluation.state is not None
    assert evaluation.state.value == "TRIGGERED"
    assert evaluation.last_evaluated_at


@pytest.mark.parametrize(
    ("query", "evaluation", "state"),
    [
        ("SELECT 9 AS v", {}, "OK"),
        ("SELECT CAST(NULL AS INT) AS v", {}, "OK"),
        ("SELECT 1 AS v WHERE false", {}, "OK"),
        ("SELECT 1 AS v WHERE false", {"empty_result_state": "TRIGGERED"}, "TRIGGERED"),
        ("SELECT 1 AS other", {}, "ERROR"),
        ("SELECT 'x' AS v", {}, "ERROR"),
        ("SELECT nope FROM nowhere", {}, "ERROR"),
        (
            "SELECT explode(array(4, 5, 6)) AS v",
            {"source": {"name": "v", "aggregation": "SUM"}},
            "TRIGGERED",
        ),
        (
            "SELECT explode(array(4, 5, 6)) AS v",
            {"source": {"name": "v", "aggregation": "AVG"}},
            "OK",
        ),
        ("SELECT 5 AS v, 4 AS w", {"threshold": {"column": {"name": "w"}}}, "TRIGGERED"),
        (
            "SELECT 1 AS v WHERE false",
            {"source": {"name": "v", "aggregation": "COUNT"}, "comparison_operator": "LESS_THAN"},
            "TRIGGERED",
        ),
        ("SELECT 11 AS v;", {"source": {"name": "v", "aggregation": "SUM"}}, "ERROR"),
        ("SELECT 11 AS v; -- done", {}, "TRIGGERED"),
    ],
)
def test_results_lead_to_states(
    local_workspace: Running,
    make_alert: Callable[..., str],
    query: str,
    evaluation: dict[str, Any],
    state: str,
) -> None:
    key = make_alert(query, evaluation=evaluation)
    assert client.run_alert(local_workspace, key)["state"] == state


def test_parameters_are_bound_in_their_types(
    local_workspace: Running, make_alert: Callable[..., str]
) -> None:
    key = make_alert(
        "SELECT :n + 1 AS v, :s AS s",
        parameters=[
            {"name": "n", "type": "NUMBER", "value": "41"},
            {"name": "s", "type": "STRING", "value": "it's"},
        ],
    )
    found = client.run_alert(local_workspace, key)
    assert (found["value"], found["rows"][0]["s"]) == (42, "it's")


def test_subscribers_of_every_kind_are_told_once_and_on_ok(
    local_workspace: Running, sdk: WorkspaceClient, make_alert: Callable[..., str]
) -> None:
    inbox = f"{local_workspace.url}/inbox"
    made = [
        sdk.notification_destinations.create(display_name=name, config=config)
        for name, config in {
            "s": Config(slack=SlackConfig(url=f"{inbox}/told_slack")),
            "w": Config(
                generic_webhook=GenericWebhookConfig(
                    url=f"{inbox}/told_hook", username="u", password="secret-word"
                )
            ),
            "p": Config(pagerduty=PagerdutyConfig(integration_key="secret-key")),
            "e": Config(email=EmailConfig(addresses=["team@local.test"])),
            "dead": Config(slack=SlackConfig(url="http://127.0.0.1:9/nobody")),
            "far": Config(slack=SlackConfig(url="https://hooks.slack.example/x")),
            "app": Config(
                databricks_app_slack=DatabricksAppSlackConfig(
                    channel_id="secret-channel", team_id="secret-team"
                )
            ),
            "teams app": Config(
                databricks_app_teams=DatabricksAppTeamsConfig(
                    channel_id="secret-channel", team_id="secret-team", tenant_id="secret-tenant"
                )
            ),
        }.items()
    ]
    subscriptions: list[dict[str, str]] = [{"destination_id": str(item.id)} for item in made]
    subscriptions.append({"user_email": "me@local.test"})
    notification = {"notify_on_ok": True, "subscriptions": subscriptions}
    key = make_alert(
        "SELECT 11 AS v, '<b>' AS w",
        evaluation={"notification": notification},
        custom_summary="{{ALERT_NAME}} is {{ALERT_STATUS}} at {{QUERY_RESULT_VALUE}}",
        custom_description="{{#QUERY_RESULT_ROWS}}{{w}}{{/QUERY_RESULT_ROWS}}",
    )
    client.run_alert(local_workspace, key)
    client.run_alert(local_workspace, key)  # still TRIGGERED: nobody is told again

    def settled() -> list[dict[str, Any]]:
        mine = [item for item in client.deliveries(local_workspace) if item["alert_id"] == key]
        return [] if any(item["status"] == "WAITING" for item in mine) else mine

    told = until(settled, 40)
    assert len(told) == 9
    failed = {item["receiver"]: item["error"] for item in told if item["status"] == "FAILED"}
    assert set(failed) == {str(made[4].id), str(made[5].id)}
    assert "--allow-egress" in failed[str(made[5].id)]
    received = {
        item["name"]: item["body"]
        for item in client.inbox(local_workspace)
        if item["name"] != "pagerduty" or item["body"]["dedup_key"].endswith(key)
    }
    assert received["told_slack"]["text"].endswith("is TRIGGERED at 11")
    assert "&lt;b&gt;" in received["told_slack"]["blocks"][0]["text"]["text"]
    hook = received["told_hook"]
    assert (hook["event"], hook["alert"]["alert"]["id"]) == ("alert_state_change", key)
    assert hook["alert"]["title"].endswith("is TRIGGERED at 11")
    assert hook["alert"]["alert"]["owner"]["email"] == "admin@local.test"
    assert received["pagerduty"]["event_action"] == "trigger"
    assert received["pagerduty"]["routing_key"] == "[secret]"
    assert "&lt;b&gt;" in received["me@local.test"]["html"]
    assert received["team@local.test"]["subject"].endswith("is TRIGGERED at 11")
    assert received["slack-app"]["text"].endswith("is TRIGGERED at 11")
    assert received["teams-app"]["type"] == "message"
    shown = sdk.notification_destinations.get(str(made[6].id)).config
    assert shown is not None
    assert shown.databricks_app_slack is not None
    assert shown.databricks_app_slack.as_dict() == {"channel_id_set": True, "team_id_set": True}
    text = str(client.deliveries(local_workspace)) + str(client.inbox(local_workspace))
    assert "secret-word" not in text
    assert not [word for word in ("secret-channel", "secret-team") if word in text]
    assert "secret-key" not in text

    alert = sdk.alerts_v2.get_alert(key)
    alert.query_text = "SELECT 1 AS v, 2 AS w"
    sdk.alerts_v2.update_alert(key, alert, "query_text")
    client.run_alert(local_workspace, key)
    resolved = until(
        lambda: [
            item
            for item in client.inbox(local_workspace)
            if item["name"] == "pagerduty" and item["body"]["event_action"] == "resolve"
            if item["body"]["dedup_key"].endswith(key)  # other tests' alerts ring there, too
        ]
    )
    assert len(resolved) == 1
    for item in made:
        sdk.notification_destinations.delete(str(item.id))


@pytest.fixture
def ahead(local_workspace: Running) -> Iterator[Running]:
    """The workspace whose clock a test may set; all others go by today's."""
    yield local_workspace
    now = dt.datetime.now(dt.UTC).isoformat()
    client.set_clock(local_workspace, time=now, speed=1)


def test_a_day_of_schedules_runs_in_seconds_and_stands_in_the_history(
    project: Project, ahead: Running
) -> None:
    running = ahead
    project.keep_rules("COST-001")
    project.sql(
        "UPDATE alert_configurations SET pause_status = 'UNPAUSED', schedule_timezone = 'UTC', "
        "schedule_cron = '0 0 */4 * * ?'"
    )
    client.set_clock(running, time="2027-01-10T00:30:00Z", speed=1)
    assert project.deploy().status == 0
    ((key,),) = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    client.set_clock(running, time="2027-01-10T00:30:00Z", speed=20_000)
    times = until(
        lambda: found if len(found := client.evaluations(running, str(key))) >= 6 else None,
        30,
    )
    client.set_clock(running, speed=1)
    fired = [item["at"] for item in times][::-1][:6]
    assert [moment[:16] for moment in fired] == [
        "2027-01-10T04:00",
        "2027-01-10T08:00",
        "2027-01-10T12:00",
        "2027-01-10T16:00",
        "2027-01-10T20:00",
        "2027-01-11T00:00",
    ]
    rows = until(
        lambda: project.sql(
            "SELECT count(*), count(DISTINCT evaluation_id), min(alert_id), min(evaluation_date) "
            "FROM alert_history HAVING count(*) >= 6"
        )
    )
    assert rows[0][0] == rows[0][1]
    assert rows[0][2] == "COST-001"
    project.sql("UPDATE alert_configurations SET pause_status = 'PAUSED'")
    assert project.deploy().status == 0


def test_alerts_workspace_run_finds_an_alert_by_its_name(
    project: Project, make_alert: Callable[..., str]
) -> None:
    key = make_alert("SELECT 11 AS v", display_name="found by name")
    from unittest import mock

    with mock.patch(
        "databricks_alerts.cli.commands.workspace.process.status", return_value=project.workspace
    ):
        for wanted in (key, "found by name"):
            answer = project.alerts("workspace", "run", wanted)
            assert answer.status == 0, answer.text
            assert "TRIGGERED (v = 11" in answer.text
        answer = project.alerts(
            "workspace", "fault", "latency", "--seconds", "0.01", "--count", "1"
        )
        assert "latency" in answer.out
        assert project.alerts("workspace", "fault", "--clear").status == 0
