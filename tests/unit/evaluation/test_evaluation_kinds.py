"""Types are compared as types: what is judged good, bad, and what is not judged."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from databricks_alerts.evaluation import OPERATORS, fit, parse_kind
from databricks_alerts.evaluation.texts import is_date, is_number, is_timestamp, is_whole_number


@pytest.mark.parametrize(
    ("name", "family"),
    [
        ("int", "integer"),
        ("BIGINT", "integer"),
        ("tinyint", "integer"),
        ("interval", "interval"),
        ("interval day to second", "interval"),
        ("INTERVAL YEAR TO MONTH", "interval"),
        ("decimal(10,2)", "fraction"),
        ("DECIMAL(38, 0)", "fraction"),
        ("float", "fraction"),
        ("string", "text"),
        ("string collate UTF8_LCASE", "text"),
        ("varchar(20)", "text"),
        ("char(1)", "text"),
        ("date", "date"),
        ("timestamp", "timestamp"),
        ("timestamp_ntz", "timestamp"),
        ("array<int>", "nested"),
        ("struct<a:int>", "nested"),
        ("map<string,int>", "map"),
        ("binary", "binary"),
        ("variant", "variant"),
        ("geography(4326)", "variant"),
        ("void", "void"),
    ],
)
def test_a_type_is_parsed_not_guessed_by_its_beginning(name: str, family: str) -> None:
    found = parse_kind(name)
    assert found is not None
    assert found.family == family


@pytest.mark.parametrize(
    "name", ["integral", "datetime2", "time(6)", "doubles", "vector(3)", "", "?"]
)
def test_an_unknown_type_is_not_judged(name: str) -> None:
    assert parse_kind(name) is None
    for aggregation in (None, "SUM", "MAX"):
        assert fit(parse_kind(name), aggregation, "GREATER_THAN", 1.0).good is None
    assert fit(parse_kind(name), "COUNT", "GREATER_THAN", 1.0).good is True


@pytest.mark.parametrize(
    ("kind", "aggregation", "threshold", "good"),
    [
        ("interval day to second", None, 1.0, False),
        ("interval day to second", "AVG", 1.0, False),
        ("interval day to second", "COUNT", 1.0, True),
        ("interval day to second", None, "1", False),
        ("bigint", "MEDIAN", 1.5, True),
        ("bigint", None, "5", True),
        ("bigint", None, "5.5", False),
        ("bigint", "AVG", "5.5", True),
        ("decimal(10,2)", None, "5.5", True),
        ("double", None, "NaN", True),
        ("double", None, "many", False),
        ("string", None, 1.0, False),
        ("string", "SUM", 1.0, False),
        ("string", "MIN", "a", True),
        ("string", "COUNT_DISTINCT", 1.0, True),
        ("boolean", None, True, True),
        ("boolean", None, 1.0, False),
        ("boolean", "SUM", 1.0, False),
        ("boolean", None, "yes", True),
        ("boolean", None, "perhaps", False),
        ("bigint", None, True, False),
        ("date", None, "2026-01-31", True),
        ("date", None, "2026-02-30", False),
        ("date", None, "soon", False),
        ("date", "MAX", "2026-01-31", True),
        ("date", "SUM", 1.0, False),
        ("date", None, 1.0, False),
        ("timestamp", None, "2026-01-31 08:00:00", True),
        ("timestamp_ntz", None, "2026-01-31", True),
        ("timestamp", None, "08 o'clock", False),
        ("array<int>", None, 1.0, False),
        ("array<int>", "COUNT", 1.0, True),
        ("map<string,int>", "MAX", 1.0, False),
        ("variant", None, 1.0, False),
        ("variant", "COUNT_DISTINCT", 1.0, False),
        ("binary", None, "x", None),
        ("void", None, "x", True),
        ("void", "SUM", 1.0, True),
    ],
)
def test_a_condition_fits_its_type_or_not(
    kind: str, aggregation: str | None, threshold: Any, good: bool | None
) -> None:
    for operator in OPERATORS:
        if operator.startswith("IS_"):
            continue
        found = fit(parse_kind(kind), aggregation, operator, threshold)
        assert found.good is good
        assert bool(found.problem) is bool(found.instead) is (good is False)


@pytest.mark.parametrize("kind", ["map<string,int>", "variant", "interval", "array<int>", "string"])
@pytest.mark.parametrize("operator", ["IS_NULL", "IS_NOT_NULL"])
def test_every_type_can_be_asked_for_null(kind: str, operator: str) -> None:
    assert fit(parse_kind(kind), None, operator, None).good is True


@given(st.dates())
def test_every_day_is_a_date_and_a_timestamp(day: Any) -> None:
    for text in (day.isoformat(), f" {day.isoformat()} ", f"{day.isoformat()}T01:02:03"):
        assert is_date(text)
        assert is_timestamp(text)


@given(st.datetimes(), st.sampled_from(["", "Z", " UTC", "+01:00", " Europe/Berlin", "-8"]))
def test_every_instant_is_a_timestamp(moment: Any, zone: str) -> None:
    assert is_timestamp(f"{moment.isoformat(' ')}{zone}")
    assert is_timestamp(f"{moment.isoformat('T')}{zone}")


@given(st.floats(allow_nan=True, allow_infinity=True))
def test_every_number_is_a_number(number: float) -> None:
    assert is_number(repr(number))


@given(st.integers())
def test_a_whole_number_fits_a_bigint_or_not(number: int) -> None:
    assert is_whole_number(str(number)) is (-(2**63) <= number < 2**63)
