"""Schedules that will never fire again, held against a clock that tries every minute and day."""

from __future__ import annotations

import datetime as dt
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from databricks_alerts import quartz
from databricks_alerts.validation.schedule import never_fires

NOW = dt.datetime(2026, 11, 27, 12, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("cron", "said"),
    [
        ("0 0 8 30 2 ?", "never fires: no year"),
        ("0 0 8 31 4,6,9,11 ?", "never fires: no year"),
        ("0 0 8 31 NOV ? 2026-2099", "never fires: no year"),
        ("0 0 8 31W 2 ?", "never fires: no year"),
        ("0 0 8 L-30 2,4 ?", "never fires: no year"),
        ("0 0 8 29 2 ? 2027", "never fires: no year"),
        ("0 0 8 ? 2 MON#5 2027", "never fires: no year"),
        ("0 0 8 * * ? 2025", "never fires again"),
        ("0 0 8 27 11 ? 2026", "never fires again"),
        ("0 0 8 ? JAN-MAR 6L 2020-2026", "never fires again"),
    ],
)
def test_a_schedule_without_a_time_to_come_is_found(cron: str, said: str) -> None:
    assert said in (never_fires(cron, "UTC", NOW) or "")


@pytest.mark.parametrize(
    "cron",
    [
        "0 0 8 29 2 ?",
        "0 0 8 31 * ?",
        "0 0 8 L-30 1 ?",
        "0 0 8 ? 2 MON#5",  # in leap years that begin February on a Monday
        "0 0 13 27 11 ? 2026",
        "59 59 23 31 12 ? 2099",
        "* * * * * ?",
    ],
)
def test_a_schedule_that_fires_rarely_is_none(cron: str) -> None:
    assert never_fires(cron, "UTC", NOW) is None


def test_the_time_zone_decides() -> None:
    # Clocks in Berlin skip 2:30 on that day, those in London do not.
    skipped = "0 30 2 28 3 ? 2027"
    assert never_fires(skipped, "Europe/Berlin", NOW)
    assert never_fires(skipped, "Europe/London", NOW) is None
    today = "0 0 8 27 11 ? 2026"
    assert never_fires(today, "UTC", NOW)
    assert never_fires(today, "America/Los_Angeles", NOW) is None


ZONES = ("UTC", "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Pacific/Apia")
DAYS = st.one_of(
    st.tuples(st.sampled_from(["29", "30", "31", "L", "LW", "L-29", "L-30", "31W"]), st.just("?")),
    st.tuples(st.just("?"), st.sampled_from(["MON#5", "FRI#1", "SUN#5", "6L", "L"])),
)


@settings(max_examples=150, deadline=None)
@given(
    DAYS,
    st.sets(st.integers(1, 12), min_size=1, max_size=2),
    st.sets(st.integers(2025, 2028), min_size=1, max_size=2),
    st.integers(0, 23),
    st.sampled_from([0, 30]),
    st.sampled_from(ZONES),
)
def test_it_agrees_with_a_clock_that_tries_every_day(
    days: tuple[str, str], months: set[int], years: set[int], hour: int, minute: int, zone: str
) -> None:
    listed = ",".join(map(str, sorted(months)))
    years_listed = ",".join(map(str, sorted(years)))
    cron = f"0 {minute} {hour} {days[0]} {listed} {days[1]} {years_listed}"
    expression, place = quartz.parse(cron), ZoneInfo(zone)
    assert (never_fires(cron, zone, NOW) is None) is any(
        fires_on(expression, day, hour, minute, place)
        for day in (dt.date(2026, 1, 1) + dt.timedelta(days=n) for n in range(3 * 366))
    )


def fires_on(
    expression: quartz.Expression, day: dt.date, hour: int, minute: int, zone: ZoneInfo
) -> bool:
    if day.year not in expression.years or day.month not in expression.months:
        return False
    if day.day not in expression.days(day.year, day.month):
        return False
    local = dt.datetime(day.year, day.month, day.day, hour, minute)
    moment = local.replace(tzinfo=zone, fold=1).astimezone(dt.UTC)
    return moment.astimezone(zone).replace(tzinfo=None) == local and moment > NOW
