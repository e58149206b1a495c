"""The compact notation of rows in rule tests."""

from __future__ import annotations

from typing import Any

import pytest

from databricks_alerts.packs.authored import Case, Expectation
from databricks_alerts.packs.cases import check, expand

TABLES = {
    "t": {
        "day": "DATE",
        "event_time": "TIMESTAMP",
        "event_date": "DATE",
        "name": "STRING",
        "cost": "DECIMAL(18,6)",
        "share": "DOUBLE",
        "count": "BIGINT",
        "tags": "MAP<STRING,STRING>",
    }
}
NOW = "2026-03-01T01:30:00Z"


def _case(*rows: dict[str, Any], now: str = NOW) -> Case:
    expect = Expectation(state="OK")
    return Case(name="a case", rows={"t": rows}, expect=expect, now=now)


def _column(name: str, *rows: dict[str, Any]) -> list[Any]:
    return [row[name] for row in expand(_case(*rows), TABLES)["t"]]


def test_what_a_row_does_not_name_is_null() -> None:
    [row] = expand(_case({"name": "x"}), TABLES)["t"]
    assert row == dict.fromkeys(TABLES["t"]) | {"name": "x"}


def test_days_are_relative_and_ranges_include_both_ends() -> None:
    assert _column("day", {"day": "today"}, {"day": "today-1"}) == ["2026-03-01", "2026-02-28"]
    assert _column("day", {"day": "today-2..today+1"}) == [
        "2026-02-27",
        "2026-02-28",
        "2026-03-01",
        "2026-03-02",
    ]
    assert _column("day", {"day": "2026-01-31"}) == ["2026-01-31"]


def test_times_are_relative_and_ranges_have_a_step() -> None:
    assert _column("event_time", {"event_time": "now-90m"}) == ["2026-03-01T00:00:00+00:00"]
    assert _column("event_time", {"event_time": "now-1h..now/30m"}) == [
        "2026-03-01T00:30:00+00:00",
        "2026-03-01T01:00:00+00:00",
        "2026-03-01T01:30:00+00:00",
    ]
    assert _column("event_time", {"event_time": "2026-02-01T00:00:00+02:00"}) == [
        "2026-01-31T22:00:00+00:00"
    ]


def test_the_event_date_follows_the_event_time_unless_it_is_given() -> None:
    assert _column("event_date", {"event_time": "now-2h"}) == ["2026-02-28"]
    assert _column("event_date", {"event_time": "now", "event_date": "today-9"}) == ["2026-02-20"]


def test_a_row_is_repeated_and_numbered() -> None:
    assert _column("name", {"name": "r{n}", "times": 3}) == ["r1", "r2", "r3"]
    rows = expand(_case({"day": "today-1..today", "name": "r{n}", "times": 2}), TABLES)["t"]
    assert [(row["day"][-2:], row["name"]) for row in rows] == [
        ("28", "r1"),
        ("28", "r2"),
        ("01", "r3"),
        ("01", "r4"),
    ]


def test_values_keep_their_types() -> None:
    [row] = expand(_case({"cost": 1.5, "share": 2, "count": 3, "tags": {"a": "b"}}), TABLES)["t"]
    assert (row["cost"], row["share"], row["count"], row["tags"]) == ("1.5", 2, 3, {"a": "b"})


@pytest.mark.parametrize(
    ("row", "what"),
    [
        ({"cots": 1}, "column cots is unknown; it has: day,"),
        ({"day": "yesterday"}, "day: 'yesterday' is not today, today-7 or an ISO date"),
        ({"day": "today..today-1"}, "the range ends before it begins"),
        ({"day": "2000-01-01..today+99999"}, "more than 20000 rows"),
        ({"event_time": "now-2h..now"}, "a range of times has a step"),
        ({"event_time": "now-2h..now/0m"}, "'0m' is not a step"),
        ({"event_time": "now-2h..now/1s", "times": 9}, "64809 rows are more than 20000"),
        ({"event_time": "now-2h..now/1h", "day": "today-1..today"}, "only one column of a row"),
        ({"times": 0}, "times: 0 is not a whole number from 1"),
        ({"times": True}, "times: True is not"),
        ({"name": 5}, "name: 5 is not a STRING"),
        ({"count": "5"}, "count: '5' is not a BIGINT"),
        ({"count": True}, "count: True is not a BIGINT"),
        ({"cost": "much"}, "cost: 'much' is not a DECIMAL"),
        ({"tags": "a=b"}, "tags: 'a=b' is not a MAP"),
    ],
)
def test_a_bad_row_is_told_with_its_place(row: dict[str, Any], what: str) -> None:
    [problem] = check(_case({"name": "fine"}, row), TABLES)
    assert problem.place == ("t", 1)
    assert what in problem.message


def test_an_unknown_table_and_an_illegal_time_are_told() -> None:
    case = Case(name="c", rows={"u": ()}, expect=Expectation(state="OK"))
    assert check(case, TABLES)[0].message == "table u is unknown; pack.yaml's tables: t"
    assert "now: 'soon' is not" in check(_case(now="soon"), TABLES)[0].message
