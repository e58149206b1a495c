"""Whatever alert the API takes: import refuses it with a reason, or `up` changes nothing."""

from __future__ import annotations

import dataclasses
import json
import re
from typing import Any

from alert_bodies import odd, plain
from databricks.sdk import WorkspaceClient
from databricks.sdk.errors import DatabricksError, ResourceAlreadyExists
from databricks.sdk.service.settings import Config
from hypothesis import HealthCheck, Phase, given, settings
from project import Project

from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.engine import urn as urns

SEVERITY = re.compile(r"\[(CRITICAL|INFO|WARNING)\] .+", re.DOTALL)


class Stage:
    """A project's folder in the workspace, and what its alerts are."""

    def __init__(self, project: Project) -> None:
        self.project = project
        self.home = f"/Workspace/Shared/{project.schema}"
        self.sdk = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
        self.me = str(self.sdk.current_user.me().user_name)
        for folder in ("", "/team/deep down", "-outside"):
            self.sdk.workspace.mkdirs(self.home + folder)
        project.sql("DELETE FROM alert_configurations")
        project.sql("DELETE FROM notification_destinations")

    def destinations(self) -> list[str]:
        """A destination of each type that the SDK knows; every other one has a row that refers."""
        made = []
        for number, block in enumerate(dataclasses.fields(Config)):
            kind = next(name for name, kind in KINDS.items() if kind.block == block.name)
            values: dict[str, Any] = dict.fromkeys(KINDS[kind].one_of[-1], "secret")
            if kind == "EMAIL":
                values = {"addresses": ["x@y.example"]}
            body = {"display_name": f"their {kind}", "config": {block.name: values}}
            answer: Any = self.sdk.api_client.do(
                "POST", "/api/2.0/notification-destinations", body=body
            )
            made.append(str(answer["id"]))
            if number % 2:
                self.project.sql(
                    "INSERT INTO notification_destinations (destination_id, destination_name, "
                    "destination_type, databricks_destination_id, owner, is_enabled, created_by, "
                    f"created_at) VALUES ('their-{number}', 'their {kind}', '{kind}', "
                    f"'{made[-1]}', 'me', true, 'me', current_timestamp())"
                )
        return made

    def their_bodies(self, keys: list[str]) -> list[Any]:
        """Those destinations as the API answers them."""
        path = "/api/2.0/notification-destinations"
        return [self.sdk.api_client.do("GET", f"{path}/{key}") for key in keys]

    def make(self, body: dict[str, Any], number: int) -> bool:
        """Make an alert, with the number behind a name that is taken; whether the API takes it."""
        body = {"warehouse_id": self.project.workspace.warehouse_id, **body}
        for name in (body["display_name"], f"{body['display_name']} {number}"):
            try:
                self.sdk.api_client.do(
                    "POST", "/api/2.0/alerts", body={**body, "display_name": name}
                )
            except ResourceAlreadyExists:
                continue
            except DatabricksError:
                return False
            return True
        return False

    def bodies(self) -> dict[str, dict[str, Any]]:
        """All alerts in and beside the folder as the API answers them, without times."""
        found: dict[str, dict[str, Any]] = {}
        query: dict[str, Any] = {"page_size": 100}
        while True:
            page: Any = self.sdk.api_client.do("GET", "/api/2.0/alerts", query=query)
            for alert in page.get("alerts", []):
                if alert["parent_path"].startswith(self.home):
                    found[alert["id"]] = {**alert, "update_time": ""}
            if not page.get("next_page_token"):
                return found
            query = {**query, "page_token": page["next_page_token"]}

    def imported(self) -> dict[str, dict[str, str]]:
        """What `alerts import` says of each alert; new rows are written."""
        answer = self.project.alerts("import", "-s", "test", "--write", "--json")
        assert answer.status == 0, answer.text
        return {item["databricks_alert_id"]: item for item in json.loads(answer.out)}

    def previewed(self) -> dict[str, dict[str, Any]]:
        """The preview's steps of alerts, by rule; there are none of destinations."""
        preview = self.project.preview("--json")
        assert preview.status == 0, preview.text
        steps = json.loads(preview.out)["steps"]
        assert not [step for step in steps if "NotificationDestination" in step["urn"]]
        return {
            urns.name_of(step["urn"]): step
            for step in steps
            if urns.type_of(step["urn"]).endswith("AlertV2")
        }


def renamed(body: dict[str, Any]) -> dict[str, Any]:
    """With a severity in front of a name that has none: what import is for."""
    name = body["display_name"]
    return {
        **body,
        "display_name": name if SEVERITY.fullmatch(name) else f"[WARNING] {name}",
    }


def test_any_alert_is_refused_with_a_reason_or_adopted_as_it_is(project: Project) -> None:
    stage = Stage(project)
    theirs = stage.destinations()
    seen = stage.their_bodies(theirs)
    made: list[bool] = []

    # Bodies are drawn one by one, then imported together: a run of all commands takes seconds.
    @settings(
        max_examples=50,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        derandomize=True,
        phases=[Phase.generate],
    )
    @given(plain(stage.home, stage.me, theirs))
    def fill(body: dict[str, Any]) -> None:
        made.append(stage.make(body, len(made)))

    fill()
    assert all(made)
    for body in odd(stage.home, stage.me, theirs[0]):
        made.append(stage.make(body, len(made)))
    before = stage.bodies()
    assert len(before) == sum(made)

    told = {key: item for key, item in stage.imported().items() if key in before}
    assert set(told) == set(before)
    for key, item in told.items():
        assert (item["action"] == "new rule") != bool(item["reason"]), (item, before[key])
        field = item["reason"].partition(":")[0].partition(".")[0]
        assert not item["reason"] or field in before[key], item["reason"]
    taken = {item["rule"]: key for key, item in told.items() if not item["reason"]}
    steps = stage.previewed()
    faults = [
        (step["op"], list(step["detailedDiff"]), before[taken[key]])
        for key, step in steps.items()
        if step["op"] != "import"
        and (
            list(step["detailedDiff"]) != ["displayName"]
            or renamed(before[taken[key]]) == before[taken[key]]
        )
    ]
    assert not faults
    assert set(steps) == set(taken)

    deployed = project.deploy()
    assert deployed.status == 0, deployed.text
    after = stage.bodies()
    assert set(after) == set(before)
    lost = [
        (body, after[key])
        for key, body in before.items()
        if after[key] not in (body, body if told[key]["reason"] else renamed(body))
    ]
    assert not lost
    assert stage.their_bodies(theirs) == seen
    # Both sides of the property were looked at.
    assert len(taken) > 30
    assert len(told) - len(taken) > 20
