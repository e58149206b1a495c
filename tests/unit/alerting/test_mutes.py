"""A rule is muted at a time exactly when a plain reading of the rows says so."""

from __future__ import annotations

import datetime as dt
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from test_all_findings_at_once import RULE

from databricks_alerts.mutes.force import idle_at, muted_at, told, with_mutes
from databricks_alerts.mutes.rows import Mute, read_mute, read_mutes
from databricks_alerts.mutes.selector import selects, terms
from databricks_alerts.rules.durations import duration, in_short
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.resources import alert_arguments
from databricks_alerts.rules.rows import Rule, read_rule
from databricks_alerts.rules.settings import Settings

BERLIN = "Europe/Berlin"
STACK = Settings(catalog="main", gold_schema="gold", warehouse_id="w", parent_path="/a")


def moment(text: str, zone: str = "UTC") -> dt.datetime:
    return dt.datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).astimezone(dt.UTC)


def row(**changes: Any) -> dict[str, Any]:
    return {
        "mute_id": "m",
        "selector": "*",
        "kind": "paused",
        "starts_at": moment("2026-01-01"),
        "ends_at": moment("2026-01-02"),
        "recurrence_cron": None,
        "recurrence_duration": None,
        "timezone": None,
        "reason": "because",
        "created_by": "ana@example.com",
        "created_at": moment("2026-01-01"),
        **changes,
    }


def mute(**changes: Any) -> Mute:
    found = read_mute(row(**changes))
    assert isinstance(found, Mute), found
    return found


def nightly(**changes: Any) -> Mute:
    """From 22:00 for ten hours on the clocks of Berlin."""
    wanted = {
        "recurrence_cron": "0 0 22 * * ?",
        "recurrence_duration": "10h",
        "timezone": BERLIN,
        "ends_at": None,
    }
    return mute(**(wanted | changes))


def rule(**changes: Any) -> Rule:
    found = read_rule({**RULE, **changes})
    assert isinstance(found, Rule), found
    return found


# --- moments ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("local", "until"),
    [
        ("2026-01-10 21:59:59", None),
        ("2026-01-10 22:00", "2026-01-11 08:00"),
        ("2026-01-11 07:59:59", "2026-01-11 08:00"),
        ("2026-01-11 08:00", None),
        # The night of 29 March has nine hours, that of 25 October eleven: the wall clock counts.
        ("2026-03-29 07:59:59", "2026-03-29 08:00"),
        ("2026-03-29 08:00", None),
        ("2026-10-25 07:59:59", "2026-10-25 08:00"),
        ("2026-10-25 08:00", None),
    ],
)
def test_a_night_is_a_night_when_the_clocks_change_too(local: str, until: str | None) -> None:
    wanted = None if until is None else moment(until, BERLIN)
    assert nightly().until(moment(local, BERLIN)) == wanted


def test_an_end_that_does_not_exist_or_exists_twice_is_read_as_the_later_one() -> None:
    into_the_gap = nightly(recurrence_cron="0 45 1 * * ?", recurrence_duration="45m")
    [start] = [moment("2026-03-29 00:45")]
    assert into_the_gap.until(start) == moment("2026-03-29 01:30")  # 3:30 in summer time
    twice = nightly(recurrence_cron="0 45 1 * * ?", recurrence_duration="45m")
    assert twice.until(moment("2026-10-24 23:45")) == moment("2026-10-25 01:30")


_ZONES = ("UTC", BERLIN, "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata")


@settings(deadline=None, max_examples=150)
@given(
    hour=st.integers(0, 23),
    minute=st.sampled_from([0, 15, 30, 45]),
    days=st.sampled_from(["* * ?", "? * MON-FRI", "? * SUN", "1,15 * ?"]),
    minutes=st.integers(1, 23 * 60),
    zone=st.sampled_from(_ZONES),
    start=st.integers(0, 365 * 24 * 60),
    end=st.none() | st.integers(1, 90 * 24 * 60),
    offsets=st.lists(st.integers(-3 * 24 * 60, 30 * 24 * 60), min_size=1, max_size=20),
)
def test_in_force_is_what_counting_every_day_says(
    hour: int,
    minute: int,
    days: str,
    minutes: int,
    zone: str,
    start: int,
    end: int | None,
    offsets: list[int],
) -> None:
    starts_at = moment("2026-01-01") + dt.timedelta(minutes=start)
    ends_at = None if end is None else starts_at + dt.timedelta(minutes=end)
    found = read_mute(
        row(
            recurrence_cron=f"0 {minute} {hour} {days}",
            recurrence_duration=f"{minutes}m",
            timezone=zone,
            starts_at=starts_at,
            ends_at=ends_at,
        )
    )
    assert isinstance(found, Mute), found
    for offset in offsets:
        at = starts_at + dt.timedelta(minutes=offset)
        expected = _by_counting(at, hour, minute, days, minutes, zone, starts_at, ends_at)
        assert (found.until(at) is not None) == expected
        if expected:
            until = found.until(at)
            assert until is not None
            assert until > at
            before = until - dt.timedelta(seconds=1)
            assert found.until(before) is not None
        begins = found.next_start(at)
        if begins is not None:
            assert begins > at
            assert found.until(begins) is not None


def _by_counting(
    at: dt.datetime,
    hour: int,
    minute: int,
    days: str,
    minutes: int,
    zone: str,
    starts_at: dt.datetime,
    ends_at: dt.datetime | None,
) -> bool:
    """Day by day on the wall clock, by zoneinfo alone."""
    if at < starts_at or (ends_at is not None and at >= ends_at):
        return False
    place = ZoneInfo(zone)
    today = at.astimezone(place).date()
    for back in range(-1, 4):
        day = today - dt.timedelta(days=back)
        if not _is_on(day, days):
            continue
        wall = dt.datetime.combine(day, dt.time(hour, minute))
        begin = wall.replace(tzinfo=place, fold=1).astimezone(dt.UTC)
        if begin.astimezone(place).replace(tzinfo=None, fold=0) != wall:
            continue  # clocks jump over it
        over = wall + dt.timedelta(minutes=minutes)
        end = max(over.replace(tzinfo=place, fold=fold).astimezone(dt.UTC) for fold in (0, 1))
        if begin <= at < end:
            return True
    return False


def _is_on(day: dt.date, days: str) -> bool:
    return {
        "* * ?": True,
        "? * MON-FRI": day.weekday() < 5,
        "? * SUN": day.weekday() == 6,
        "1,15 * ?": day.day in (1, 15),
    }[days]


# --- what it makes of a rule --------------------------------------------------------------------


@settings(deadline=None, max_examples=60)
@given(
    paused=st.booleans(),
    channels=st.lists(st.sampled_from(["a@example.com", "b@example.com"]), unique=True),
    kind=st.sampled_from(["paused", "silent"]),
    seconds=st.integers(-90_000, 180_000),
)
def test_a_mute_changes_one_field_and_its_end_gives_the_body_before(
    paused: bool, channels: list[str], kind: str, seconds: int
) -> None:
    plain = rule(pause_status="PAUSED" if paused else "UNPAUSED", notification_channels=channels)
    row_of_mute = mute(kind=kind)
    at = row_of_mute.starts_at + dt.timedelta(seconds=seconds)
    [changed] = with_mutes([plain], muted_at([plain], [row_of_mute], at))
    before, after = _body(plain), _body(changed)
    if not 0 <= seconds < 86_400:
        assert after == before
    elif kind == "paused":
        assert after["schedule"].pop("pause_status") == "PAUSED"
        del before["schedule"]["pause_status"]
        assert after == before
    else:
        assert after["evaluation"]["notification"].pop("subscriptions") == []
        del before["evaluation"]["notification"]["subscriptions"]
        assert after == before


def _body(item: Rule) -> dict[str, Any]:
    return alert_arguments(item, "SELECT 1", STACK, lambda key: key)


def test_of_several_mutes_a_pause_wins_and_then_the_last_to_end() -> None:
    later = {"ends_at": moment("2026-01-05")}
    mutes = [
        mute(mute_id="a"),
        mute(mute_id="b", kind="silent", **later),
        mute(mute_id="c", ends_at=moment("2026-01-03")),
    ]
    plain, at = rule(), moment("2026-01-01 12:00")
    for order in (mutes, mutes[::-1]):
        [found] = muted_at([plain], order, at).values()
        assert (found.mute.mute_id, found.kind) == ("c", "paused")
    [found] = muted_at([plain], mutes, moment("2026-01-04")).values()
    assert found.kind == "silent"
    assert found.told() == (
        "muted until 2026-01-05 00:00 UTC (silent: because, by ana@example.com)"
    )


def test_a_mute_in_force_that_selects_no_rule_is_told() -> None:
    at = moment("2026-01-01 12:00")
    kept = mute(mute_id="kept", selector="*")
    lost = mute(mute_id="lost", selector="FAM-1@bills")
    over = mute(mute_id="over", selector="FAM-1@bills", ends_at=at)
    idle = idle_at([rule()], [kept, lost, over], at)
    assert [item.mute.mute_id for item in idle] == ["lost"]
    [line] = told({}, [rule()], idle)
    assert "selects no rule by 'FAM-1@bills'" in line
    assert "`alerts unmute lost`" in line


@pytest.mark.parametrize(
    ("selector", "selected"),
    [
        ("COST-*", True),
        ("cost-*", False),
        ("COST-00[1-3]", True),
        ("*", True),
        ("domain=cost", True),
        ("domain=COST severity=CRITICAL", True),
        ("domain=COST severity=INFO", False),
        ("tag=team", True),
        ("tag=team:fin*", True),
        ("tag=team:sec*", False),
        ('tag="cost centre:a b"', True),
        ("owner=*@Example.com id=COST-*", True),
    ],
)
def test_selectors(selector: str, selected: bool) -> None:
    one = rule(
        alert_id="COST-001",
        agent_domain="COST",
        severity="CRITICAL",
        owner="ana@example.com",
        tags={"team": "finops", "cost centre": "a b"},
    )
    assert selects(terms(selector), one) == selected


# --- rows that are none -------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("changes", "column", "said"),
    [
        ({"ends_at": None}, "ends_at", "a mute needs an end"),
        ({"ends_at": moment("2025-12-31")}, "ends_at", "not later than starts_at"),
        ({"starts_at": None}, "starts_at", "starts_at is empty"),
        ({"starts_at": "yesterday"}, "starts_at", "is no time"),
        ({"reason": "  "}, "reason", "reason is empty"),
        ({"created_by": None}, "created_by", "created_by is empty"),
        ({"kind": "snoozed"}, "kind", "allowed are paused, silent"),
        ({"selector": " "}, "selector", "selector is empty"),
        ({"selector": "team=x"}, "selector", "there is no 'team'"),
        ({"selector": "domain="}, "selector", "says nothing behind the ="),
        ({"selector": 'tag="x'}, "selector", "cannot be read"),
        ({"recurrence_duration": "2h"}, "recurrence_duration", "without recurrence_cron"),
        ({"recurrence_cron": "0 0 22 * *"}, "recurrence_cron", "recurrence_cron '0 0 22 * *'"),
        ({"recurrence_cron": "0 0 22 * * ?"}, "timezone", "timezone is empty"),
        ({"recurrence_cron": "0 0 22 * * ?", "timezone": "Mars"}, "timezone", "no time zone"),
        (
            {"recurrence_cron": "0 0 22 * * ?", "timezone": "UTC", "recurrence_duration": "long"},
            "recurrence_duration",
            "is no length of time",
        ),
        (
            {"recurrence_cron": "0 0 22 * * ?", "timezone": "UTC", "recurrence_duration": "25h"},
            "recurrence_duration",
            "is still on when the next begins",
        ),
        (
            {
                "recurrence_cron": "0 0 0 * * ?",
                "timezone": "UTC",
                "recurrence_duration": "24h",
                "ends_at": None,
            },
            "recurrence_duration",
            "no end",
        ),
        (
            {"recurrence_cron": "0 0 0 1 1 ? 2020", "timezone": "UTC", "recurrence_duration": "1h"},
            "recurrence_duration",
            "never begins",
        ),
    ],
)
def test_a_row_that_is_no_mute_says_where_and_what(
    changes: dict[str, Any], column: str, said: str
) -> None:
    found = read_mute(row(**changes))
    assert isinstance(found, list)
    [finding] = [item for item in found if item.where == f"alert_mutes.{column}"]
    assert said in finding.what
    assert finding.key == "m"
    assert "'m' in alert_mutes" in finding.remedy


def test_a_key_that_stands_twice_mutes_nothing() -> None:
    mutes, findings = read_mutes([row(), row(selector="x"), row(mute_id="other")])
    assert [item.mute_id for item in mutes] == ["other"]
    assert {item.what for item in findings} == {"mute_id 'm' stands in 2 rows"}


@given(
    values=st.fixed_dictionaries(
        {},
        optional={
            name: st.none() | st.text(max_size=6) | st.integers() | st.datetimes() for name in row()
        },
    )
)
def test_no_row_at_all_is_more_than_findings(values: dict[str, Any]) -> None:
    found = read_mute({**row(), **values})
    assert isinstance(found, Mute) or (found and all(isinstance(f, Finding) for f in found))


@given(st.integers(1, 3660 * 86_400))
def test_lengths_are_read_as_they_are_written(seconds: int) -> None:
    length = dt.timedelta(seconds=seconds)
    assert duration(in_short(length)) == length
