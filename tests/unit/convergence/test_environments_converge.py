"""A stack's settings change between runs: one `up` makes the workspace as the stack has its rows.

What others made, and what was imported, keeps its alert; the run behind is quiet, and nothing that
the stack itself did counts as changed outside.
"""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pytest
from in_process import ADMIN, HOME, Models
from team import BROKEN, MOMENT, Row, Team

from databricks_alerts.drift.alerts import drifts_of
from databricks_alerts.plan.adoption import Defaults, find_adoptions
from databricks_alerts.rules.presets import Override

PREFIXES = ("", "[dev] ", "[dev ana] ", "x")


@pytest.mark.parametrize("seed", range(24))
def test_one_run_after_the_settings_changed_is_enough(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)
    team = _team(tmp_path, dice)
    for _ in range(3):
        _resettle(team, dice)
        assert team.up_and_check(), team.story
        assert _drifts(team) == {}, team.story
        team.edit()


@pytest.mark.parametrize("seed", range(8))
def test_what_was_imported_into_a_prefixed_and_paused_stack_keeps_its_alert(
    tmp_path: Path, seed: int
) -> None:
    dice = random.Random(seed)
    team = _team(tmp_path, dice)
    team.settings = team.settings.model_copy(
        update={"name_prefix": "[dev] ", "paused": True, "channels": ()}
    )
    assert team.up_and_check(), team.story
    names = ["by hand", "[INFO] told", "[dev] [CRITICAL] ours before", "[dev] no severity"]
    ids = {name: _by_hand(team, name) for name in names}
    prepared = team.prepared()
    found = find_adoptions(
        prepared.snapshot, prepared.inventory, team.settings, defaults=Defaults("ana")
    )
    new = {item.alert.id: item for item in found if item.row is not None}
    assert set(new) == set(ids.values()), [item.reason for item in found]
    for item in new.values():
        assert item.row is not None
        team.rules.append({"created_by": "c", "created_at": MOMENT, **item.row})
    assert team.up_and_check(), team.story
    alerts = {alert["id"]: alert for alert in team.models.alerts.active()}
    assert [alerts[ids[name]]["display_name"] for name in names] == [
        "[dev] [WARNING] by hand",
        "[dev] [INFO] told",
        "[dev] [CRITICAL] ours before",
        "[dev] [WARNING] no severity",
    ]
    assert {alert["schedule"]["pause_status"] for alert in alerts.values()} == {"PAUSED"}
    assert _drifts(team) == {}


def test_a_message_that_holds_a_placeholder_is_imported_by_no_row(tmp_path: Path) -> None:
    team = _team(tmp_path, random.Random(1))
    identity = _by_hand(team, "by hand", custom_summary="see ${HOME}")
    prepared = team.prepared()
    (found,) = find_adoptions(
        prepared.snapshot, prepared.inventory, team.settings, defaults=Defaults("ana")
    )
    assert (found.alert.id, found.row) == (identity, None)
    assert "custom_summary" in found.reason


def test_a_held_alert_that_runs_in_a_paused_stack_is_told(tmp_path: Path) -> None:
    team = _team(tmp_path, random.Random(1))
    row = team.rules[0]
    row |= {"pause_status": "UNPAUSED", "notification_channels": []}
    team.deploy()
    row["alert_query_template"] = BROKEN
    team.settings = team.settings.model_copy(update={"paused": True})
    team.deploy()
    (warning,) = [item for item in team.warnings if "paused" in item]
    assert row["alert_id"] in warning


def test_the_same_rows_are_silent_in_one_stack_and_loud_in_the_other(tmp_path: Path) -> None:
    team = _team(tmp_path, random.Random(1))
    for row in team.rules:
        row |= {"notification_channels": [team.destinations[0]["destination_id"]]}
        row["pause_status"] = "UNPAUSED"
    team.settings = team.settings.model_copy(update={"paused": True, "channels": ()})
    team.deploy()
    assert {_subscribers(alert) for alert in team.models.alerts.active()} == {0}
    team.settings = team.settings.model_copy(update={"paused": False, "channels": None})
    team.deploy()
    assert {_subscribers(alert) for alert in team.models.alerts.active()} == {1}
    schedules = [alert["schedule"] for alert in team.models.alerts.active()]
    assert {item.get("pause_status", "UNPAUSED") for item in schedules} == {"UNPAUSED"}


def _team(directory: Path, dice: random.Random) -> Team:
    (directory / "Pulumi.yaml").write_text("name: databricks-alerts\nruntime: python\n")
    (directory / "Pulumi.test.yaml").write_text("")
    team = Team(directory, dice, Models(directory / "w.sqlite"))
    team.insert_destination()
    for _ in range(3):
        team.insert_rule()
    return team


def _resettle(team: Team, dice: random.Random) -> None:
    keys = [row["alert_id"] for row in team.rules]
    overrides = {
        key: Override(
            threshold=dice.choice([5, 2.5]), severity=dice.choice(["INFO", "WARNING", None])
        )
        for key in keys
        if dice.random() < 0.5
    }
    known = [row["destination_id"] for row in team.destinations]
    team.settings = team.settings.model_copy(
        update={
            "paused": dice.random() < 0.5,
            "name_prefix": dice.choice(PREFIXES),
            "channels": dice.choice([None, (), (dice.choice(known),)]),
            "overrides": overrides,
        }
    )
    team.story.append(repr(team.settings))


def _by_hand(team: Team, name: str, **more: Any) -> str:
    body: dict[str, Any] = {
        **more,
        "display_name": name,
        "query_text": "SELECT 1 AS v",
        "warehouse_id": "w",
        "parent_path": HOME,
        "evaluation": {
            "source": {"name": "v"},
            "comparison_operator": "GREATER_THAN",
            "threshold": {"value": {"double_value": 1.0}},
        },
        "schedule": {"quartz_cron_schedule": "0 0 8 * * ?", "timezone_id": "UTC"},
    }
    return str(team.models.alerts.create(ADMIN, body, lambda folder: folder == HOME)["id"])


def _drifts(team: Team) -> dict[str, Any]:
    """What counts as changed outside, for rows that were synchronized before all of it."""
    prepared = team.prepared()
    rules = tuple(
        rule.model_copy(update={"last_synced_at": rule.created_at})
        for rule in prepared.snapshot.rules
    )
    snapshot = prepared.snapshot.model_copy(update={"rules": rules})
    return dict(drifts_of(snapshot, prepared.inventory, team.settings, {}))


def _subscribers(alert: Row) -> int:
    return len(alert["evaluation"]["notification"].get("subscriptions", []))
