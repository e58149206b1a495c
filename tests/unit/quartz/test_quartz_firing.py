"""When schedules fire: by examples, by summer time, and against a clock that tries every minute."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databricks_alerts import quartz

NEW_YORK = ZoneInfo("America/New_York")


def fires(text: str, after: str, zone: dt.tzinfo = dt.UTC, count: int = 3) -> list[str]:
    moment: dt.datetime | None = dt.datetime.fromisoformat(after).replace(tzinfo=dt.UTC)
    found: list[str] = []
    while moment is not None and len(found) < count:
        moment = quartz.next_fire(quartz.parse(text), moment, zone)
        if moment is not None:
            found.append(moment.astimezone(zone).isoformat())
    return found


@pytest.mark.parametrize(
    ("text", "days"),
    [
        ("0 0 8 * * ?", ["2026-11-01", "2026-11-02"]),
        ("0 0 8 LW * ?", ["2026-11-30", "2026-12-31", "2027-01-29"]),  # Jan 31 is a Sunday
        ("0 0 8 L-3 * ?", ["2026-11-27", "2026-12-28"]),
        ("0 0 8 15W * ?", ["2026-11-16", "2026-12-15"]),  # Nov 15 is a Sunday
        ("0 0 8 1W * ?", ["2026-11-02", "2026-12-01", "2027-01-01"]),  # Nov 1 is a Sunday
        ("0 0 8 31 * ?", ["2026-12-31", "2027-01-31", "2027-03-31"]),
        ("0 0 8 ? * 6#5", ["2027-01-29", "2027-04-30"]),  # the fifth Friday
        ("0 0 8 ? * 2L", ["2026-11-30", "2026-12-28"]),  # the last Monday
        ("0 0 8 ? * L", ["2026-11-07", "2026-11-14"]),  # Saturday
        ("0 0 8 ? * FRI-MON", ["2026-11-01", "2026-11-02", "2026-11-06", "2026-11-07"]),
        ("0 0 8 29 2 ?", ["2028-02-29", "2032-02-29"]),
        ("0 0 8 1 JAN ? 2027-2028", ["2027-01-01", "2028-01-01"]),
    ],
)
def test_days(text: str, days: list[str]) -> None:
    found = fires(text, "2026-11-01T00:00:00", count=len(days))
    assert [moment[:10] for moment in found] == days


def test_it_never_fires_again_after_its_last_year() -> None:
    assert fires("0 0 8 1 1 ? 2020", "2026-11-01T00:00:00") == []


@pytest.mark.parametrize(
    ("text", "zone", "after", "wanted"),
    [
        # What org.quartz.CronExpression 2.3.2 answers on Java 17.
        ("0 30 2 * * ?", "America/New_York", "2026-03-07T12:00:00", "2026-03-09T06:30:00"),
        ("0 0 * * * ?", "America/New_York", "2026-03-08T06:00:00", "2026-03-08T07:00:00"),
        ("0 30 1 * * ?", "America/New_York", "2026-10-31T12:00:00", "2026-11-01T06:30:00"),
        ("0 0 * * * ?", "America/New_York", "2026-11-01T04:00:00", "2026-11-01T06:00:00"),
        ("0 */15 * * * ?", "America/New_York", "2026-11-01T05:10:00", "2026-11-01T06:15:00"),
        ("0 0 2 * * ?", "Europe/Berlin", "2026-10-24T12:00:00", "2026-10-25T01:00:00"),
        ("0 15 2 * * ?", "Australia/Lord_Howe", "2026-10-03T00:00:00", "2026-10-04T15:15:00"),
        ("0 0 0 * * ?", "Africa/Cairo", "2026-04-23T12:00:00", "2026-04-24T21:00:00"),
    ],
)
def test_summer_time_is_as_in_quartz(text: str, zone: str, after: str, wanted: str) -> None:
    moment = dt.datetime.fromisoformat(after).replace(tzinfo=dt.UTC)
    found = quartz.next_fire(quartz.parse(text), moment, ZoneInfo(zone))
    assert found is not None
    assert found.isoformat() == f"{wanted}+00:00"


def test_a_missing_time_is_left_out_and_a_repeated_one_fires_at_the_second() -> None:
    assert fires("0 */30 * * * ?", "2026-03-08T06:20:00", NEW_YORK) == [
        "2026-03-08T01:30:00-05:00",
        "2026-03-08T03:00:00-04:00",
        "2026-03-08T03:30:00-04:00",
    ]
    assert fires("0 0 * * * ?", "2026-11-01T03:30:00", NEW_YORK) == [
        "2026-11-01T00:00:00-04:00",
        "2026-11-01T01:00:00-05:00",
        "2026-11-01T02:00:00-05:00",
    ]


_MINUTES = st.sampled_from(["0", "*/7", "5,35", "50-10", "*"])
_HOURS = st.sampled_from(["*", "*/5", "0-3", "22-2", "1", "2,3"])
_DAYS = st.sampled_from(
    ["* * ?", "? * MON-FRI", "L * ?", "? * 1#1", "1-8 3,11 ?", "8W 3 ?", "? 3,11 SUN"]
)
_ZONES = st.sampled_from(
    ["UTC", "America/New_York", "Australia/Lord_Howe", "Africa/Cairo", "Atlantic/Azores"]
)
_MOMENTS = st.datetimes(dt.datetime(2026, 2, 25), dt.datetime(2026, 11, 10))


@settings(max_examples=60, deadline=None)
@given(_MINUTES, _HOURS, _DAYS, _ZONES, _MOMENTS)
def test_nothing_is_left_out_and_nothing_is_made_up(
    minutes: str, hours: str, days: str, zone_name: str, after: dt.datetime
) -> None:
    """Against an oracle that looks at every minute of the next two days."""
    expression = quartz.parse(f"0 {minutes} {hours} {days}")
    zone = ZoneInfo(zone_name)
    start = after.replace(tzinfo=dt.UTC)
    wanted = _first(expression, start, zone)
    found = quartz.next_fire(expression, start, zone)
    if wanted is None:
        assert found is None or found > start + dt.timedelta(days=2)
    else:
        assert found == wanted


def _first(expression: quartz.Expression, start: dt.datetime, zone: ZoneInfo) -> dt.datetime | None:
    wall = start.astimezone(zone).replace(tzinfo=None)
    moment = start.replace(second=0, microsecond=0)
    for _ in range(2 * 24 * 60):
        moment += dt.timedelta(minutes=1)
        local = moment.astimezone(zone)
        if (
            local.minute in expression.minutes
            and local.hour in expression.hours
            and local.month in expression.months
            and local.day in expression.days(local.year, local.month)
            and local.utcoffset() == local.replace(fold=1).utcoffset()
            and local.replace(tzinfo=None, fold=0) > wall
        ):
            return moment
    return None


@pytest.mark.parametrize(
    ("text", "times"),
    [
        ("0 0 8 * * ?", 1),
        ("0 */15 * * * ?", 96),
        ("* * * * * ?", 86400),
        ("0 0 8 ? * MON", 52 / 365),
    ],
)
def test_how_often_a_day(text: str, times: float) -> None:
    assert quartz.fires_a_day(quartz.parse(text), 2026) == pytest.approx(times)


def test_an_illegal_expression_says_why() -> None:
    with pytest.raises(quartz.QuartzError, match="day-of-month"):
        quartz.parse("0 0 8 32 * ?")
