"""What people read of a deployment."""

from __future__ import annotations

import io
import time
from typing import Any

import pytest
from rich.console import Console

from databricks_alerts.engine.display import (
    LiveDisplay,
    PlainDisplay,
    changes,
    for_people,
    lines,
    words,
)
from databricks_alerts.engine.display.changes import Change
from databricks_alerts.engine.events import (
    CancelEvent,
    DiagnosticEvent,
    EngineEvent,
    Payload,
    PropertyDifference,
    ResourceFailedEvent,
    ResourceOutputsEvent,
    ResourcePreEvent,
    StdoutEvent,
    StepMetadata,
    StepState,
    SummaryEvent,
)
from databricks_alerts.engine.values import UNKNOWN, Asset, Output, ResourceReference, Secret

TYPE = "databricks:index/alertV2:AlertV2"
URN = f"urn:pulumi:dev::proj::{TYPE}::COST-001"
ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"


def state(
    inputs: dict[str, Any], outputs: dict[str, Any] | None = None, urn: str = URN
) -> StepState:
    return StepState(TYPE, urn, "1", custom=True, inputs=inputs, outputs=outputs or {})


def step(
    op: str, old: dict[str, Any] | None, new: dict[str, Any] | None, **more: Any
) -> StepMetadata:
    return StepMetadata(
        op,
        URN,
        TYPE,
        None if old is None else state(old, old),
        None if new is None else state(new),
        **more,
    )


def event(payload: Payload) -> EngineEvent:
    return EngineEvent(1, 0, payload)


def shown(*payloads: Payload, **options: Any) -> str:
    stream = io.StringIO()
    with PlainDisplay(Console(file=stream, width=300), **options) as display:
        for payload in payloads:
            display(event(payload))
    return stream.getvalue()


def text(metadata: StepMetadata, *, planned: bool = True) -> str:
    return "\n".join(line.plain for line in lines.step(metadata, planned=planned))


def test_an_update_shows_old_and_new_value_by_path() -> None:
    detailed = {"evaluation.threshold.value": PropertyDifference("update")}
    old = {"evaluation": {"threshold": {"value": 100}}}
    new = {"evaluation": {"threshold": {"value": 200}}}
    assert text(step("update", old, new, detailed_diff=detailed)) == (
        "~  AlertV2 COST-001 update\n    ~ evaluation.threshold.value: 100 -> 200"
    )


def test_without_a_detailed_diff_the_inputs_are_compared() -> None:
    found = changes.of_step(step("update", {"a": 1, "b": [1, 2]}, {"b": [1, 3, 4], "c": None}))
    assert found == [
        Change("a", "delete", 1, None),
        Change("b[1]", "update", 2, 3),
        Change("b[2]", "add", None, 4),
        Change("c", "add", None, None),
    ]


def test_a_change_of_a_whole_object_is_shown_by_its_parts() -> None:
    detailed = {"schedule": PropertyDifference("update")}
    old, new = {"schedule": {"cron": "a", "zone": "z"}}, {"schedule": {"cron": "b", "zone": "z"}}
    assert changes.of_step(step("update", old, new, detailed_diff=detailed)) == [
        Change("schedule.cron", "update", "a", "b")
    ]


def test_secrets_are_blinded_even_by_a_path_into_them() -> None:
    detailed = {"config.slack.url": PropertyDifference("update")}
    old = {"config": Secret({"slack": {"url": "https://old-hook"}})}
    new = {"config": Secret({"slack": {"url": "https://new-hook"}})}
    found = text(step("update", old, new, detailed_diff=detailed))
    assert "~ config.slack.url: [secret] -> [secret]" in found
    assert "hook" not in found


def test_unknown_values_are_marked() -> None:
    found = text(step("update", {"id": "1"}, {"id": UNKNOWN, "l": [UNKNOWN]}))
    assert '~ id: "1" -> [unknown]' in found
    assert "+ l: [[unknown]]" in found


def test_sql_of_many_lines_is_shown_as_a_unified_diff() -> None:
    old, new = "SELECT a\nFROM t\nWHERE x = 1\n", "SELECT a\nFROM t\nWHERE x = 2\n"
    found = text(step("update", {"queryText": old}, {"queryText": new}))
    assert found.splitlines()[1:] == [
        "    ~ queryText:",
        "        @@ -1,3 +1,3 @@",
        "         SELECT a",
        "         FROM t",
        "        -WHERE x = 1",
        "        +WHERE x = 2",
    ]


def test_a_very_long_diff_is_cut_and_says_so() -> None:
    old = "\n".join(f"a{i}" for i in range(300))
    new = "\n".join(f"b{i}" for i in range(300))
    assert "… 401 lines more" in text(step("update", {"q": old}, {"q": new}))


def test_a_replacement_says_why() -> None:
    found = text(
        step(
            "replace",
            {"parentPath": "/a"},
            {"parentPath": "/b"},
            keys=["parentPath"],
            detailed_diff={"parentPath": PropertyDifference("update-replace", input_diff=True)},
        )
    )
    assert found == (
        "+- AlertV2 COST-001 replace (because of parentPath)\n"
        '    ~ parentPath: "/a" -> "/b"  [replaces]'
    )


def test_replacing_keys_are_marked_without_a_detailed_diff_too() -> None:
    found = changes.of_step(step("replace", {"a": {"b": 1}}, {"a": {"b": 2}}, keys=["a"]))
    assert found == [Change("a.b", "update", 1, 2, replaces=True)]


def test_a_create_shows_its_inputs_but_not_the_providers_notes() -> None:
    found = text(step("create", None, {"displayName": "x", "__defaults": []}))
    assert found == '+  AlertV2 COST-001 create\n    + displayName: "x"'


def test_a_delete_shows_no_properties() -> None:
    assert text(step("delete", {"a": 1}, None), planned=False) == "-  AlertV2 COST-001 deleted"


def test_keys_with_dots_are_quoted_in_paths() -> None:
    found = changes.of_step(step("update", {"tags": {"a.b": 1}}, {"tags": {"a.b": 2}}))
    assert found[0].path == 'tags["a.b"]'


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (Output(1), "1"),
        (Output(1, secret=True), "[secret]"),
        (ResourceReference("urn:x"), '"urn:x"'),
        (Asset("asset", {"path": "f.txt"}), '"asset f.txt"'),
        ({"a": Secret(1)}, '{"a": [secret]}'),
        ("x" * 1000, '"' + "x" * 399 + "… (1002 chars)"),
    ],
)
def test_values_of_every_kind_fit_on_a_line(value: Any, expected: str) -> None:
    assert lines.value(value) == expected


def test_the_summary_counts_in_a_fixed_order() -> None:
    counts = {"same": 3, "update": 1, "create": 29, "delete": 0}
    assert words.summary(counts, planned=True) == (
        "Resources: + 29 to create, ~ 1 to update, 3 unchanged"
    )
    assert words.summary({"replace": 2, "delete": 1}, planned=False) == (
        "Resources: +- 2 replaced, - 1 deleted"
    )
    assert words.summary({}, planned=True) == "Resources: none"


def test_plain_lines_tell_the_whole_story_in_order() -> None:
    update = step("update", {"a": 1}, {"a": 2})
    assert shown(
        ResourcePreEvent(update),
        ResourceOutputsEvent(update),
        DiagnosticEvent("half way", "info", ephemeral=True),
        DiagnosticEvent("details", "debug"),
        DiagnosticEvent("the API said no\n", "error", URN),
        ResourceFailedEvent(step("delete", {"a": 1}, None)),
        StdoutEvent("done"),
        SummaryEvent(3, {"update": 1, "same": 2}, result="failed"),
        CancelEvent(),
    ).splitlines() == [
        "~  AlertV2 COST-001 updated",
        "    ~ a: 1 -> 2",
        "error: AlertV2 COST-001: the API said no",
        "x  AlertV2 COST-001 deleting failed",
        "done",
        "Resources: ~ 1 updated, 2 unchanged",
        "The operation failed.",
        "Duration: 3 s",
    ]


def test_a_planned_replacement_is_told_once() -> None:
    replace = step("replace", {"a": 1}, {"a": 2}, keys=["a"])
    parts = [step(op, {"a": 1}, {"a": 2}) for op in ("create-replacement", "delete-replaced")]
    payloads: list[Payload] = []
    for item in [parts[0], replace, parts[1]]:
        payloads += [
            ResourcePreEvent(item, planning=True),
            ResourceOutputsEvent(item, planning=True),
        ]
    assert shown(*payloads).splitlines() == [
        "+- AlertV2 COST-001 replace (because of a)",
        "    ~ a: 1 -> 2  [replaces]",
    ]


def test_what_stays_is_shown_only_when_asked_for() -> None:
    same = ResourceOutputsEvent(step("same", {"a": 1}, {"a": 1}))
    assert shown(same) == ""
    assert shown(same, sames=True) == "   AlertV2 COST-001 unchanged\n"


def test_changed_stack_outputs_stand_before_the_summary() -> None:
    root = StepMetadata(
        "same",
        ROOT,
        "pulumi:pulumi:Stack",
        StepState("pulumi:pulumi:Stack", ROOT, outputs={"n": 1, "s": Secret(1)}),
        StepState("pulumi:pulumi:Stack", ROOT, outputs={"n": 2, "s": Secret(2)}),
    )
    found = shown(ResourceOutputsEvent(root), SummaryEvent(1, {"same": 1}))
    assert found.splitlines()[:3] == [
        "Outputs:",
        "    ~ n: 1 -> 2",
        "    ~ s: [secret] -> [secret]",
    ]


def test_markup_in_names_and_values_is_not_interpreted() -> None:
    assert '"[red]x[/red]"' in shown(
        ResourceOutputsEvent(step("create", None, {"a": "[red]x[/red]"}))
    )


def test_a_terminal_gets_live_progress_and_a_pipe_plain_lines() -> None:
    terminal = Console(file=io.StringIO(), force_terminal=True)
    assert isinstance(for_people(terminal), LiveDisplay)
    assert isinstance(for_people(Console(file=io.StringIO())), PlainDisplay)


def test_live_progress_caps_its_rows_and_leaves_the_finished_lines() -> None:
    console = Console(file=io.StringIO(), force_terminal=True, width=100, height=40)
    with LiveDisplay(console, rows=3) as display:
        for number in range(10):
            display(event(ResourcePreEvent(_numbered(number))))
        with console.capture() as capture:
            console.print(display._render())
        drawn = capture.get()
        for number in range(10):
            display(event(ResourceOutputsEvent(_numbered(number))))
        display(event(SummaryEvent(1, {"create": 10})))
    assert drawn.count("creating") == 3
    assert "7 more at work" in drawn
    output = console.file.getvalue()  # type: ignore[attr-defined]
    assert output.count("created") == 11


def _numbered(number: int) -> StepMetadata:
    urn = f"urn:pulumi:dev::proj::{TYPE}::a{number}"
    return StepMetadata("create", urn, TYPE, None, state({"n": number}, urn=urn))


def _seconds_for(count: int) -> float:
    console = Console(file=io.StringIO(), force_terminal=True, width=100)
    steps = [_numbered(number) for number in range(count)]
    began = time.process_time()
    with LiveDisplay(console, diff=False) as display:
        for item in steps:
            display(event(ResourcePreEvent(item)))
        for item in steps:
            display(event(ResourceOutputsEvent(item)))
    return time.process_time() - began


def test_the_cost_of_an_event_does_not_grow_with_their_number() -> None:
    small, large = _seconds_for(500), _seconds_for(4000)
    # Eight times as many: linear is 8, quadratic would be 64.
    assert large < 30 * max(small, 0.05)
