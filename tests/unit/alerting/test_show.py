"""What `alerts show` tells of a rule, for people and for machines."""

from __future__ import annotations

import datetime as dt
import json
from dataclasses import replace
from typing import Any, cast

import pytest
from test_all_findings_at_once import RULE
from test_environments import snapshot_of, stack

from databricks_alerts.errors import WarehouseError
from databricks_alerts.packs.loader import find_pack, load_pack
from databricks_alerts.reports.rule import (
    State,
    Story,
    cases_of,
    facts,
    lines,
    read_states,
    tell,
)
from databricks_alerts.rules import sentences
from databricks_alerts.rules.settings import Settings
from databricks_alerts.scaffold.origin import project_files
from databricks_alerts.sql.warehouse import SqlWarehouse

NOW = dt.datetime(2026, 6, 17, 12, tzinfo=dt.UTC)
SETTINGS = stack(
    namePrefix="[dev] ",
    channels=["ana@b.co"],
    variables={"budget": 5000},
    overrides={"R": {"threshold": 7}},
)
ROW: dict[str, Any] = {
    **RULE,
    "pause_status": "UNPAUSED",
    "schedule_timezone": "Europe/Berlin",
    "alert_query_template": "SELECT 1 AS value\nFROM ${catalog}.t\nWHERE x > ${budget}",
}


def story_of(settings: Settings = SETTINGS, **changes: Any) -> Story:
    snapshot = snapshot_of(settings, {**ROW, **changes})
    return tell(snapshot, settings, snapshot.rules[0], "stacks/Pulumi.dev.yaml", NOW)


def text_of(story: Story) -> str:
    return "\n".join(f"{heading}: {text}" for heading, text in lines(story))


def test_people_read_the_rule_as_the_stack_has_it() -> None:
    text = text_of(story_of())
    for said in (
        "R  [dev] [WARNING] Rule",
        "at 08:00 every day (Europe/Berlin)",
        "next at 2026-06-18 08:00 CEST",
        "TRIGGERED when value of the first row > 7; without rows: OK",
        "EMAIL     ana@b.co",
        "databricks-alerts:overrides.R.threshold: 7, the row says 1.0  (stacks/Pulumi.dev.yaml)",
        "databricks-alerts:namePrefix: '[dev] '  (stacks/Pulumi.dev.yaml)",
        "databricks-alerts:channels: ['ana@b.co'], the row says ['hook']",
        "budget = 5000",
        "FROM `main`.t\nWHERE x > 5000",
        "last sync: never",
    ):
        assert said in text, said


def test_machines_get_stable_keys_that_are_json() -> None:
    story = replace(story_of(), states=(State("2026-06-17 08:00:00", "OK", 1.0, None),), state="OK")
    document = json.loads(json.dumps(facts(story)))
    assert list(document) == [
        *("alert_id", "display_name", "description", "domain", "severity", "owner", "enabled"),
        *("schedule", "threshold", "query", "subject", "body", "notifies", "notification"),
        *(
            "settings",
            "muted",
            "variables",
            "findings",
            "tests",
            "databricks_alert_id",
            "state",
            "states",
        ),
        "last_sync",
    ]
    assert document["settings"][0] == {
        "setting": "databricks-alerts:overrides.R.threshold",
        "source": "stacks/Pulumi.dev.yaml",
        "field": "threshold",
        "row": 1.0,
        "value": 7,
    }
    assert document["states"] == [
        {"at": "2026-06-17 08:00:00", "state": "OK", "value": 1.0, "error": None}
    ]


def test_a_destination_is_told_with_its_name_and_whether_it_is_there() -> None:
    text = text_of(story_of(stack(variables={"budget": 1})))
    assert "WEBHOOK   hook (Hook): not deployed yet" in text


def test_a_variable_that_is_missing_is_told() -> None:
    story = story_of(stack())
    assert "set databricks-alerts:variables.budget" in text_of(story)
    assert facts(story)["findings"][0]["check"] == "template"


@pytest.mark.parametrize(
    "changes",
    [{"pause_status": "PAUSED"}, {"is_enabled": False}, {"schedule_cron": "0 8 * * *"}],
)
def test_what_does_not_run_has_no_next_time(changes: dict[str, Any]) -> None:
    story = story_of(**changes)
    assert story.next_run is None
    assert "next at" not in text_of(story)


def test_the_cases_of_a_pack_are_told_with_their_place() -> None:
    pack = load_pack(find_pack("health_monitor", project_files() / "packs"))
    located = pack.rules[0]
    story = replace(story_of(), tests=cases_of(located.tests, "packs/health_monitor/cost.yaml:4"))
    text = text_of(story)
    assert "tests: packs/health_monitor/cost.yaml:4" in text
    for case in located.rule.tests:
        assert f"{case.name}: {case.expect.state}" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"aggregation_type": "SUM"}, "TRIGGERED when sum(value) > 1; without rows: OK"),
        ({"aggregation_type": "COUNT_DISTINCT"}, "TRIGGERED when count(DISTINCT value) > 1"),
        ({"threshold_value_double": 1234567.5}, "> 1,234,567.5; without"),
        (
            {"threshold_operator": "IS NULL", "threshold_value_double": None},
            "value of the first row IS NULL; without",
        ),
        (
            {
                "threshold_value_type": "STRING",
                "threshold_value_double": None,
                "threshold_value_string": "a'b",
                "threshold_operator": "=",
            },
            """value of the first row = "a'b"; without""",
        ),
        (
            {
                "threshold_value_type": "BOOLEAN",
                "threshold_value_double": None,
                "threshold_value_bool": True,
                "threshold_operator": "=",
            },
            "value of the first row = true; without",
        ),
    ],
)
def test_thresholds_in_words(changes: dict[str, Any], words: str) -> None:
    assert words in sentences.threshold(snapshot_of(stack(), {**RULE, **changes}).rules[0])


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(1, "second"), (90, "90 seconds"), (900, "15 minutes"), (3600, "hour"), (86400, "day")],
)
def test_durations_in_words(seconds: int, words: str) -> None:
    assert sentences.duration(seconds) == words
    rule = snapshot_of(stack(), {**RULE, "retrigger_seconds": seconds}).rules[0]
    assert sentences.notification(rule) == (
        f"when triggered, and again every {words}; also when OK again"
    )


class _History:
    """A warehouse that answers with rows, or without the table."""

    def __init__(self, rows: list[dict[str, Any]] | None) -> None:
        self._rows = rows

    def query(self, sql: str, parameters: dict[str, Any]) -> list[dict[str, Any]]:
        assert parameters == {"key": "R"}
        if self._rows is None:
            raise WarehouseError("no such table", condition="TABLE_OR_VIEW_NOT_FOUND")
        return self._rows


def test_states_are_read_with_the_value_that_they_have() -> None:
    row = {
        "at": "2026-06-17 08:00:00",
        "evaluation_status": "TRIGGERED",
        "query_result_value_double": None,
        "query_result_value_string": "x",
        "error_message": None,
    }
    found = read_states(cast(SqlWarehouse, _History([row])), SETTINGS, "R")
    assert found == (State("2026-06-17 08:00:00", "TRIGGERED", "x", None),)
    assert read_states(cast(SqlWarehouse, _History(None)), SETTINGS, "R") == ()
