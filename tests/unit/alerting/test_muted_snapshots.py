"""Mutes in a snapshot: what is declared, and which alerts a beginning or an end is to change."""

from __future__ import annotations

import datetime as dt
from typing import Any, cast

import pytest
from test_all_findings_at_once import DESTINATION, RULE, Warehouse
from test_mutes import BERLIN, STACK, moment, row

from databricks_alerts.drift.mutes import touched_by_mutes
from databricks_alerts.errors import WarehouseError
from databricks_alerts.history.columns import reading
from databricks_alerts.rules.evaluations import EvaluationHistory
from databricks_alerts.rules.rows import Rule
from databricks_alerts.snapshot import Snapshot, read_snapshot
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation import validate
from databricks_alerts.workspace_view.inventory import ExistingAlert, Inventory

_NIGHT = row(
    recurrence_cron="0 0 22 * * ?", recurrence_duration="10h", timezone=BERLIN, ends_at=None
)
_RUNS = {**RULE, "pause_status": "UNPAUSED", "databricks_alert_id": "1"}


class _WithMutes(Warehouse):
    """The warehouse of other tests with a table of mutes, or an error in its place."""

    def __init__(self, mutes: list[dict[str, Any]] | WarehouseError, *rules: Any) -> None:
        super().__init__(rules or (_RUNS,), [DESTINATION])
        self._mutes = mutes

    def query(self, sql: str, parameters: Any = None) -> list[dict[str, Any]]:
        if "alert_mutes" not in sql:
            return super().query(sql, parameters)
        if isinstance(self._mutes, WarehouseError):
            raise self._mutes
        return self._mutes


def snapshot(
    mutes: list[dict[str, Any]] | WarehouseError, at: dt.datetime, *rules: Any
) -> Snapshot:
    return read_snapshot(cast(SqlWarehouse, _WithMutes(mutes, *rules)), STACK, at)


def declared(found: Snapshot) -> Rule:
    [rule] = found.as_deployed({})
    return rule


@pytest.mark.parametrize("day", ["2026-03-29", "2026-10-25", "2026-07-01"])
def test_nights_in_which_clocks_change_are_muted_until_the_morning(day: str) -> None:
    midnight = dt.datetime.fromisoformat(day)
    evening = (midnight - dt.timedelta(hours=2)).isoformat()
    for local, status in (
        (evening, "PAUSED"),
        (f"{day} 03:30", "PAUSED"),
        (f"{day} 07:59", "PAUSED"),
        (f"{day} 08:00", "UNPAUSED"),
        (f"{day} 21:59", "UNPAUSED"),
    ):
        found = snapshot([_NIGHT], moment(local, BERLIN))
        assert declared(found).pause_status == status, local
        # What judges a rule sees it as its row has it.
        assert found.rules[0].pause_status == "UNPAUSED"


def test_digests_and_validation_do_not_know_of_mutes() -> None:
    muted = snapshot([row(kind="silent")], moment("2026-01-01 12:00"))
    plain = snapshot([], moment("2026-01-01 12:00"))
    assert muted.muted
    assert declared(muted).notification_channels == ()
    assert (muted.rules, muted.versions) == (plain.rules, plain.versions)
    [one], [other] = (
        validate(found, STACK, cast(SqlWarehouse, _WithMutes([]))).rules for found in (muted, plain)
    )
    assert (one.findings, one.fingerprint) == (other.findings, other.fingerprint)
    assert one.fingerprint


def test_no_table_is_no_mute_and_a_refusal_is_none_to_be_overlooked() -> None:
    absent = WarehouseError("[TABLE_OR_VIEW_NOT_FOUND] …", condition="TABLE_OR_VIEW_NOT_FOUND")
    found = snapshot(absent, moment("2026-01-01 12:00"))
    assert (found.muted, found.has_mutes) == ({}, False)
    assert snapshot([], moment("2026-01-01 12:00")).has_mutes
    refused = WarehouseError("[INSUFFICIENT_PERMISSIONS] …", condition="INSUFFICIENT_PERMISSIONS")
    with pytest.raises(WarehouseError, match="INSUFFICIENT_PERMISSIONS"):
        snapshot(refused, moment("2026-01-01 12:00"))


@pytest.mark.parametrize("kind", ["paused", "silent"])
@pytest.mark.parametrize("selector", ["*", "OTHER"])
@pytest.mark.parametrize("hour", [-1, 12, 25])
@pytest.mark.parametrize("paused", [False, True])
@pytest.mark.parametrize("notifies", [False, True])
def test_touched_is_what_a_mute_is_for_and_stands_otherwise(
    kind: str, selector: str, hour: int, paused: bool, notifies: bool
) -> None:
    found = snapshot(
        [row(kind=kind, selector=selector)], moment("2026-01-01") + dt.timedelta(hours=hour)
    )
    subscriptions = [{"user_email": "a@example.com"}] if notifies else []
    alert = ExistingAlert(
        id="1",
        display_name="r",
        parent_path="/a",
        arguments={
            "schedule": {"pause_status": "PAUSED"} if paused else {},
            "evaluation": {"notification": {"subscriptions": subscriptions}},
        },
    )
    in_force = selector == "*" and hour == 12
    wanted = (in_force and kind == "paused", not (in_force and kind == "silent"))
    expected = ["R"] if selector == "*" and (paused, notifies) != wanted else []
    assert touched_by_mutes(found, Inventory(alerts=(alert,))) == expected
    assert touched_by_mutes(found, Inventory()) == [], "no alert, nothing to touch"


def test_columns_of_any_type_are_read_as_what_they_are() -> None:
    base = {
        "evaluation_id": "string",
        "alert_id": "bigint",
        "state": "string",
        "START_TIME": "date",
    }
    read = reading(base, EvaluationHistory())
    assert read.time == "CAST(e.`START_TIME` AS TIMESTAMP)"
    assert "previous_evaluation_state or previous_state or previous_status" in read.lacking
    plain = reading({**base, "result_value": "decimal(10,2)"}, EvaluationHistory())
    number = plain.expressions["query_result_value_double"]
    assert number == "CAST(e.`result_value` AS DOUBLE)"
    struct = reading({**base, "value": "struct<double_value:double>"}, EvaluationHistory())
    assert struct.expressions["query_result_value_double"] == "e.`value`.double_value"
    assert "CAST(NULL AS STRING)" in struct.expressions["query_result_value_string"]
