"""The component under Pulumi's mocks: what it declares, named how, depending on what."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from types import SimpleNamespace
from typing import Any

import pulumi
import pytest

from components import recording
from components.alerting import Alerting, AlertingArgs
from databricks_alerts.deployed import Deployed, Versions, deployed_from
from databricks_alerts.outcome.record import Outcome
from databricks_alerts.plan.deployment import Prepared, plan
from databricks_alerts.rules.rows import Destination, Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.snapshot import Snapshot
from databricks_alerts.validation import RuleResult, ValidationReport
from databricks_alerts.workspace_view.inventory import ExistingAlert, Inventory

MOMENT = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
ALERT = "databricks:index/alertV2:AlertV2"
DESTINATION = "databricks:index/notificationDestination:NotificationDestination"


class Mocks(pulumi.runtime.Mocks):
    """Keeps what was registered."""

    def __init__(self) -> None:
        self.made: dict[tuple[str, str], dict[str, Any]] = {}

    def new_resource(self, args: pulumi.runtime.MockResourceArgs) -> tuple[str, dict[str, Any]]:
        self.made[args.typ, args.name] = args.inputs
        return f"id-of-{args.name}", args.inputs

    def call(self, args: pulumi.runtime.MockCallArgs) -> dict[str, Any]:
        return {}


def rule(key: str, **changes: Any) -> Rule:
    values: dict[str, Any] = {
        "alert_id": key,
        "alert_name": f"name of {key}",
        "agent_domain": "COST",
        "severity": "CRITICAL",
        "alert_query_template": "SELECT 1 AS v",
        "threshold_column": "v",
        "threshold_operator": ">=",
        "threshold_value_type": "DOUBLE",
        "threshold_value_double": 0.0,
        "empty_result_state": "OK",
        "schedule_cron": "0 0 8 * * ?",
        "schedule_timezone": "UTC",
        "pause_status": "PAUSED",
        "is_enabled": True,
        "notification_channels": ("ops", "a@b.co"),
        "notify_on_ok": False,
        "use_custom_template": False,
        "owner": "o",
        "created_by": "c",
        "created_at": MOMENT,
    }
    return Rule(**{**values, **changes})


def prepared(rules: list[Rule], broken: tuple[str, ...] = ()) -> Prepared:
    destination = Destination(
        destination_id="ops",
        destination_name="Ops",
        destination_type="SLACK",
        config_json='{"url": "https://hooks/{{config/hook}}"}',
        owner="o",
        is_enabled=True,
        created_by="c",
        created_at=MOMENT,
    )
    from databricks_alerts.rules.findings import Finding

    finding = Finding(key="x", check="explain", what="broken", where="q", remedy="r")
    results = tuple(
        RuleResult(
            alert_id=item.alert_id,
            query="SELECT 1 AS v",
            findings=(finding,) if item.alert_id in broken else (),
        )
        for item in rules
    )
    return Prepared(
        settings=Settings(
            catalog="c", gold_schema="g", warehouse_id="w", parent_path="/Workspace/Shared/a"
        ),
        snapshot=Snapshot(
            config_version=3,
            destinations_version=1,
            rules=tuple(rules),
            destinations=(destination,),
        ),
        report=ValidationReport(run_id="r", validated_at=MOMENT, config_version=3, rules=results),
        inventory=Inventory(
            alerts=(
                ExistingAlert(
                    id="held-id",
                    display_name="[CRITICAL] name of HELD",
                    parent_path="/Workspace/Shared/a",
                    arguments={
                        "display_name": "as deployed",
                        "query_text": "SELECT 0 AS v",
                        "warehouse_id": "w",
                        "evaluation": {
                            "source": {"name": "v"},
                            "comparison_operator": "EQUAL",
                        },
                        "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC"},
                    },
                ),
            )
        ),
    )


@pytest.fixture
def mocks() -> Mocks:
    asyncio.set_event_loop(asyncio.new_event_loop())
    made = Mocks()
    pulumi.runtime.set_mocks(made, preview=False)
    return made


def declare(mocks: Mocks, what: Prepared, deployed: Deployed | None = None) -> Alerting:
    """Run the component to its end, every registration included."""
    holder: list[Alerting] = []

    @pulumi.runtime.test
    def run() -> Any:
        planned = plan(what, deployed or Deployed())
        args = AlertingArgs(
            planned, lambda value: f"<{value}>", lambda _id, _name: None, lambda _path: None
        )
        holder.append(Alerting("alerting", args))
        ids = [*holder[0].alerts.values(), *holder[0].destinations.values()]
        return pulumi.Output.all(*ids).apply(lambda _: None)

    run()
    return holder[0]


def test_resources_are_named_by_their_keys_and_alerts_get_their_destinations_ids(
    mocks: Mocks,
) -> None:
    declare(mocks, prepared([rule("COST-001")]))
    inputs = mocks.made[ALERT, "COST-001"]
    assert inputs["displayName"] == "[CRITICAL] name of COST-001"
    evaluation = inputs["evaluation"]
    assert evaluation["comparisonOperator"] == "GREATER_THAN_OR_EQUAL"
    # A threshold of zero is a value, not an absence.
    assert evaluation["threshold"] == {"value": {"doubleValue": 0.0}}
    assert evaluation["notification"]["subscriptions"] == [
        {"destinationId": "id-of-ops"},
        {"userEmail": "a@b.co"},
    ]
    assert (DESTINATION, "ops") in mocks.made


def test_a_held_rule_is_declared_as_deployed_and_a_skipped_one_not_at_all(mocks: Mocks) -> None:
    what = prepared([rule("HELD"), rule("NEW")], broken=("HELD", "NEW"))
    made = declare(mocks, what, Deployed(alerts={"HELD": "held-id"}))
    assert set(made.alerts) == {"HELD"}
    assert mocks.made[ALERT, "HELD"]["queryText"] == "SELECT 0 AS v"
    assert mocks.made[ALERT, "HELD"]["displayName"] == "as deployed"


def _urn(kind: str, name: str, parent: str = "databricks-alerts:index:Alerting$") -> str:
    return f"urn:pulumi:s::p::{parent}{kind}::{name}"


def test_what_is_deployed_is_read_from_the_states_resources() -> None:
    resources = {
        "urn:pulumi:s::p::pulumi:pulumi:Stack::p-s": {
            "type": "pulumi:pulumi:Stack",
            "outputs": {"configVersion": 1, "alerts": {"A": "outputs are for people"}},
        },
        "urn:pulumi:s::p::databricks-alerts:index:Alerting::alerting": {
            "type": "databricks-alerts:index:Alerting",
            "outputs": {
                "configVersion": 4.0,
                "configDigest": "x",
                "destinationsVersion": 2.0,
                "replaced": {"A": "0"},
            },
        },
        _urn(ALERT, "D::one"): {"type": ALERT, "outputs": {"id": "1"}},
        _urn(ALERT, "by-hand", ""): {"type": ALERT, "outputs": {"id": "2"}},
        _urn(DESTINATION, "ops"): {
            "type": DESTINATION,
            "outputs": {"notificationDestinationId": "3"},
        },
    }
    found = deployed_from(resources)
    assert found.alerts == {"D::one": "1"}
    assert [(item.key, item.id) for item in found.stray_alerts] == [("by-hand", "2")]
    assert found.destinations == {"ops": "3"}
    assert found.versions == Versions(4, 2, "x", "")
    assert found.replaced == {"A": "0"}
    assert found.twice == ()
    assert deployed_from({}) == Deployed()
    twice = {**resources, _urn(ALERT, "again"): {"type": ALERT, "outputs": {"id": "2"}}}
    assert deployed_from(twice).twice == ("2",)


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> list[Outcome]:
    """What a Recording writes, in place of a warehouse."""
    found: list[Outcome] = []
    monkeypatch.setattr(recording, "record_news", lambda _w, _s, outcome, *_: found.append(outcome))
    monkeypatch.setattr(
        recording, "open_warehouse", lambda *_: contextlib.nullcontext(SimpleNamespace())
    )
    for name in ("ResourceHook", "ErrorHook", "ResourceHookBinding"):
        monkeypatch.setattr(pulumi, name, lambda *_, **__: SimpleNamespace())
    monkeypatch.setattr(pulumi, "get_stack", lambda: "test")
    return found


def _call(key: str, **more: Any) -> Any:
    return SimpleNamespace(type=ALERT, name=key, id=f"id-of-{key}", old_outputs=None, **more)


def _run(hook: Any) -> None:
    with contextlib.closing(asyncio.new_event_loop()) as loop:
        loop.run_until_complete(hook)


def test_what_is_done_after_a_failure_is_recorded_too(recorded: list[Outcome]) -> None:
    what = plan(prepared([rule("A"), rule("B"), rule("C")]), Deployed())
    made = recording.Recording(what, {}, SimpleNamespace)  # type: ignore[arg-type]

    async def run() -> None:
        await made._note(_call("A"))
        assert not recorded  # nothing has failed: one MERGE at the end tells all
        await made._note_failure(_call("B", errors=["no such folder"]))
        await made._note(_call("C"))

    _run(run())
    assert [(row.key, row.action, row.error) for row in recorded[-1].alerts] == [
        ("A", "CREATED", None),
        ("B", "ERROR", "no such folder"),
        ("C", "CREATED", None),
    ]
    assert len({outcome.run_id for outcome in recorded}) == 1


def test_a_delete_that_failed_is_told_with_the_apis_message(recorded: list[Outcome]) -> None:
    what = plan(prepared([rule("A")]), Deployed(alerts={"A": "held-id", "OLD": "old-id"}))
    assert what.deletes == ("OLD",)
    made = recording.Recording(what, {"OLD": "old-id"}, SimpleNamespace)  # type: ignore[arg-type]
    _run(made._note_failure(_call("OLD", errors=["not yours"])))
    assert [(row.key, row.action, row.error) for row in recorded[-1].alerts] == [
        ("OLD", "ERROR", "not yours")
    ]
