"""Values of steps as reports show them."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from databricks_alerts.cli import gate
from databricks_alerts.cli.context import StackContext
from databricks_alerts.cli.deploy import Request
from databricks_alerts.engine.events import StepMetadata, StepState
from databricks_alerts.engine.values import Secret
from databricks_alerts.errors import WarehouseError

DESTINATION = "databricks:index/notificationDestination:NotificationDestination"
URN = f"urn:pulumi:s::p::{DESTINATION}::slack"


def created(**inputs: Any) -> gate.Watched:
    """What a preview that makes one destination tells."""
    state = {field.name: None for field in dataclasses.fields(StepState)}
    state.update(inputs=inputs, outputs={}, type=DESTINATION, urn=URN)
    values = {field.name: None for field in dataclasses.fields(StepMetadata)}
    values.update(op="create", type=DESTINATION, urn=URN)
    values.update(new=StepState(**state), keys=(), detailed_diff=None)
    return gate.Watched(steps=[StepMetadata(**values)])


def test_a_report_shows_values_as_json_and_no_secret() -> None:
    (step,) = created(displayName="x", config={"slack": {"url": Secret("hidden")}}, on=True).steps
    change = gate._step(step)
    shown = {item.path: item.new for item in change.changes}
    assert shown == {"displayName": "x", "config": '{"slack": {"url": "[secret]"}}', "on": "true"}
    assert "hidden" not in change.model_dump_json()


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (WarehouseError("the warehouse is down"), "the warehouse is down"),
        (
            RuntimeError("a mistake"),
            "the gate itself failed: RuntimeError('a mistake'); `alerts --debug gate` shows where",
        ),
    ],
)
def test_whatever_goes_wrong_the_gate_does_not_say_yes(
    error: Exception, told: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Any
) -> None:
    def fail(*_: Any) -> None:
        raise error

    monkeypatch.setattr(gate, "load_policies", fail)
    report = gate.run_gate(Request(StackContext(tmp_path, "prod", {})), frozenset())
    assert (report.verdict, report.exit_status, report.reasons) == ("unknown", 2, (told,))
