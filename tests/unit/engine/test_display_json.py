"""What machines read of a deployment: the preview's document, the event log."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from databricks_alerts.engine.display import EventLog, PreviewDigest, tee
from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.events import (
    CancelEvent,
    DiagnosticEvent,
    EngineEvent,
    Payload,
    PreludeEvent,
    PropertyDifference,
    ResourceOutputsEvent,
    ResourcePreEvent,
    StdoutEvent,
    StepMetadata,
    StepState,
    SummaryEvent,
    from_json,
)
from databricks_alerts.engine.values import UNKNOWN, Secret

TYPE = "databricks:index/alertV2:AlertV2"
URN = f"urn:pulumi:dev::proj::{TYPE}::A"
ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
OLD = StepState(
    TYPE,
    URN,
    "1",
    custom=True,
    parent=ROOT,
    provider="p::1",
    inputs={"b": 1, "a": Secret("hidden")},
    outputs={"b": 1},
)
NEW = StepState(TYPE, URN, "1", custom=True, parent=ROOT, provider="p::1", inputs={"b": UNKNOWN})
UPDATE = StepMetadata(
    "update",
    URN,
    TYPE,
    OLD,
    NEW,
    diffs=["b"],
    detailed_diff={"b": PropertyDifference("update", input_diff=True)},
    provider="p::1",
)
STACK = StepMetadata(
    "same", ROOT, "pulumi:pulumi:Stack", None, StepState("pulumi:pulumi:Stack", ROOT)
)


def events(*payloads: Payload) -> list[EngineEvent]:
    return [EngineEvent(number, 1700000000, item) for number, item in enumerate(payloads)]


def digest(*payloads: Payload, **options: Any) -> dict[str, Any]:
    collect = PreviewDigest(**options)
    for item in events(*payloads):
        collect(item)
    return collect.to_json()


def test_a_preview_is_one_document_in_the_shape_of_the_cli() -> None:
    found = digest(
        PreludeEvent({"proj:a": "b", "proj:s": "[secret]"}),
        DiagnosticEvent("take care", "warning", URN, prefix="warning: "),
        DiagnosticEvent("noise", "debug"),
        DiagnosticEvent("noise", "info", ephemeral=True),
        StdoutEvent("hello"),
        ResourcePreEvent(STACK, planning=True),
        ResourcePreEvent(UPDATE, planning=True),
        ResourceOutputsEvent(UPDATE, planning=True),
        SummaryEvent(2, {"update": 1, "same": 1}, is_preview=True),
        CancelEvent(),
    )
    assert found == {
        "config": {"proj:a": "b", "proj:s": "[secret]"},
        "steps": [
            {
                "op": "same",
                "urn": ROOT,
                "newState": {"urn": ROOT, "custom": False, "type": "pulumi:pulumi:Stack"},
                "detailedDiff": None,
            },
            {
                "op": "update",
                "urn": URN,
                "provider": "p::1",
                "oldState": {
                    "urn": URN,
                    "custom": True,
                    "id": "1",
                    "type": TYPE,
                    "inputs": {"a": "[secret]", "b": 1},
                    "outputs": {"b": 1},
                    "parent": ROOT,
                    "provider": "p::1",
                },
                "newState": {
                    "urn": URN,
                    "custom": True,
                    "id": "1",
                    "type": TYPE,
                    "inputs": {"b": "04da6b54-80e4-46f7-96ec-b56ff0331ba9"},
                    "parent": ROOT,
                    "provider": "p::1",
                },
                "diffReasons": ["b"],
                "detailedDiff": {"b": {"kind": "update", "inputDiff": True}},
            },
        ],
        "diagnostics": [
            {"urn": URN, "message": "warning: take care", "severity": "warning"},
            {"message": "hello", "severity": "info"},
        ],
        "duration": 2_000_000_000,
        "changeSummary": {"same": 1, "update": 1},
    }
    assert list(found) == ["config", "steps", "diagnostics", "duration", "changeSummary"]


def test_what_stays_is_listed_only_when_asked_for() -> None:
    same = StepMetadata("same", URN, TYPE, OLD, OLD)
    assert digest(ResourcePreEvent(same)) == {}
    assert len(digest(ResourcePreEvent(same), show_sames=True)["steps"]) == 1


def test_a_refresh_is_replaced_by_what_it_found() -> None:
    refresh = StepMetadata("refresh", URN, TYPE, OLD, OLD)
    gone = StepMetadata("delete", URN, TYPE, OLD, None)
    same = StepMetadata("same", URN, TYPE, OLD, OLD)
    assert (
        digest(ResourcePreEvent(refresh), ResourceOutputsEvent(gone))["steps"][0]["op"] == "delete"
    )
    found = digest(ResourcePreEvent(refresh), ResourceOutputsEvent(UPDATE))
    assert found["steps"][0]["op"] == "update"
    assert (
        digest(ResourcePreEvent(refresh), ResourceOutputsEvent(same))["steps"][0]["op"] == "refresh"
    )


def test_the_exact_duration_is_given_in_nanoseconds() -> None:
    assert PreviewDigest().to_json(duration=1.5) == {"duration": 1_500_000_000}


def test_the_event_log_has_a_line_an_event_that_can_be_read_back(tmp_path: Path) -> None:
    sent = events(
        PreludeEvent({}),
        ResourcePreEvent(UPDATE),
        SummaryEvent(2, {"update": 1}),
        CancelEvent(),
    )
    path = tmp_path / "events.ndjson"
    with EventLog(path) as log:
        for item in sent:
            log(item)
            assert path.read_text().endswith("}\n")
    written = [json.loads(line) for line in path.read_text().splitlines()]
    assert [from_json(line) is not None for line in written] == [True] * 4
    assert "hidden" not in path.read_text()
    assert written[2]["summaryEvent"] == {
        "durationSeconds": 2,
        "resourceChanges": {"update": 1},
        "isPreview": False,
        "maybeCorrupt": False,
        "result": "succeeded",
        "PolicyPacks": {},
    }
    assert written[3]["cancelEvent"] == {}


def test_an_event_log_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    with pytest.raises(ProjectError, match="nowhere"), EventLog(tmp_path / "nowhere" / "x"):
        pass


def test_one_event_goes_to_several_sinks_in_order() -> None:
    seen: list[str] = []
    tee(lambda _event: seen.append("a"), lambda _event: seen.append("b"))(events(CancelEvent())[0])
    assert seen == ["a", "b"]
