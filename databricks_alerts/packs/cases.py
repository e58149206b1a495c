"""The compact notation of rows in a rule's test, and what it stands for.

    - {usage_date: today-7..today-1, list_cost: 100}                  a row a day
    - {start_time: now-6d..now-2h/1h, total_duration_ms: 1000}        a row an hour
    - {event_time: now-10m, action_name: login, times: 20}            twenty rows
    - {table_name: "t{n}", times: 3}                                  t1, t2, t3

DATE columns take `today`, `today-7`, an ISO date; TIMESTAMP columns `now`, `now-90m` (units s, m,
h, d), an ISO time in UTC. Either may be a range, both ends included; a range of times has a step.
What a row does not name is NULL, but event_date follows event_time where a table has both.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any

from databricks_alerts.packs.authored import Case, Columns

DEFAULT_NOW = datetime(2026, 6, 17, 18, 30, tzinfo=UTC)
"""A Wednesday in the middle of a month: what a test does not say about time should not matter."""
MAXIMUM_ROWS = 20_000

Row = dict[str, Any]
Place = tuple[str | int, ...]

_DAY = re.compile(r"today(?:([+-]\d+)d?)?")
_INSTANT = re.compile(r"now(?:([+-]\d+)([smhd]))?")
_STEP = re.compile(r"(\d+)([smhd])")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}
_TIMES = "times"


@dataclass(frozen=True)
class RowProblem:
    """What is wrong in a case's rows; `place` is the path below `rows`."""

    place: Place
    message: str


def now_of(case: Case) -> datetime:
    """The case's time, UTC. Raises ValueError if it is no ISO time."""
    return DEFAULT_NOW if case.now is None else _iso_instant(case.now)


def check(case: Case, tables: Mapping[str, Columns]) -> list[RowProblem]:
    """Everything wrong in the rows of a case."""
    try:
        now = now_of(case)
    except ValueError as error:
        return [RowProblem((), f"now: {error}")]
    problems = []
    for table, rows in case.rows.items():
        if table not in tables:
            allowed = ", ".join(sorted(tables)) or "none"
            text = f"table {table} is unknown; pack.yaml's tables: {allowed}"
            problems.append(RowProblem((table,), text))
            continue
        for index, row in enumerate(rows):
            try:
                for _ in _expanded(row, tables[table], now):
                    pass
            except ValueError as error:
                problems.append(RowProblem((table, index), f"{table}: {error}"))
    return problems


def expand(case: Case, tables: Mapping[str, Columns]) -> dict[str, list[Row]]:
    """Each table's rows, all columns given, in the types of JSON (times and decimals as text).

    Raises ValueError for what `check` finds.
    """
    now = now_of(case)
    return {
        table: [row for short in rows for row in _expanded(short, tables[table], now)]
        for table, rows in case.rows.items()
    }


def _expanded(row: Mapping[str, Any], columns: Columns, now: datetime) -> Iterator[Row]:
    unknown = sorted(row.keys() - columns.keys() - {_TIMES})
    if unknown:
        raise ValueError(f"column {', '.join(unknown)} is unknown; it has: {', '.join(columns)}")
    times = row.get(_TIMES, 1)
    if isinstance(times, bool) or not isinstance(times, int) or not 1 <= times <= MAXIMUM_ROWS:
        raise ValueError(f"times: {times!r} is not a whole number from 1 to {MAXIMUM_ROWS}")
    values = {name: _values(name, row.get(name), kind, now) for name, kind in columns.items()}
    ranges = [name for name, several in values.items() if len(several) > 1]
    if len(ranges) > 1:
        raise ValueError(f"only one column of a row can be a range, not {' and '.join(ranges)}")
    count = max(len(several) for several in values.values())
    if count * times > MAXIMUM_ROWS:
        raise ValueError(f"{count * times} rows are more than {MAXIMUM_ROWS}")
    for number in range(count * times):
        yield _one({n: v[number // times % len(v)] for n, v in values.items()}, number + 1)


def _one(values: Row, number: int) -> Row:
    row = {
        name: value.replace("{n}", str(number)) if isinstance(value, str) else value
        for name, value in values.items()
    }
    if row.get("event_time") and "event_date" in row and row["event_date"] is None:
        row["event_date"] = row["event_time"][:10]
    return row


def _values(name: str, value: Any, kind: str, now: datetime) -> list[Any]:
    if value is None:
        return [None]
    try:
        match kind:
            case "DATE":
                return [day.isoformat() for day in _days(str(value), now)]
            case "TIMESTAMP":
                return [instant.isoformat() for instant in _instants(str(value), now)]
            case _:
                return [_checked(value, kind)]
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None


def _checked(value: Any, kind: str) -> Any:
    expected: dict[str, type | tuple[type, ...]] = {
        "STRING": str,
        "BOOLEAN": bool,
        "INT": int,
        "BIGINT": int,
        "DOUBLE": (int, float),
        "MAP<STRING,STRING>": dict,
        "ARRAY<STRING>": list,
    }
    if kind.startswith("DECIMAL"):
        try:
            return str(Decimal(str(value)))
        except InvalidOperation:
            raise ValueError(f"{value!r} is not a {kind}") from None
    wrong_bool = isinstance(value, bool) and kind != "BOOLEAN"
    if wrong_bool or not isinstance(value, expected[kind]):
        raise ValueError(f"{value!r} is not a {kind}")
    return value


def _days(text: str, now: datetime) -> Iterator[date]:
    first, separator, last = text.partition("..")
    day, end = _day(first, now), _day(last if separator else first, now)
    if day > end:
        raise ValueError(f"{text}: the range ends before it begins")
    if (end - day).days >= MAXIMUM_ROWS:
        raise ValueError(f"{text}: more than {MAXIMUM_ROWS} rows")
    while day <= end:
        yield day
        day += timedelta(days=1)


def _day(text: str, now: datetime) -> date:
    match = _DAY.fullmatch(text.strip())
    if match:
        return now.date() + timedelta(days=int(match[1] or 0))
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not today, today-7 or an ISO date") from None


def _instants(text: str, now: datetime) -> Iterator[datetime]:
    span, slash, step_text = text.partition("/")
    first, separator, last = span.partition("..")
    if bool(separator) != bool(slash):
        raise ValueError(f"{text!r}: a range of times has a step, as in now-2h..now/10m")
    instant = _instant(first, now)
    end = _instant(last, now) if separator else instant
    step = _step(step_text) if slash else timedelta(days=1)
    if instant > end:
        raise ValueError(f"{text}: the range ends before it begins")
    if (end - instant) / step >= MAXIMUM_ROWS:
        raise ValueError(f"{text}: more than {MAXIMUM_ROWS} rows")
    while instant <= end:
        yield instant
        instant += step


def _instant(text: str, now: datetime) -> datetime:
    match = _INSTANT.fullmatch(text.strip())
    if match:
        return now + timedelta(**{_UNITS[match[2] or "s"]: int(match[1] or 0)})
    return _iso_instant(text)


def _step(text: str) -> timedelta:
    match = _STEP.fullmatch(text.strip())
    if not match or int(match[1]) == 0:
        raise ValueError(f"{text!r} is not a step such as 10m, 1h or 1d")
    return timedelta(**{_UNITS[match[2]]: int(match[1])})


def _iso_instant(text: str) -> datetime:
    try:
        instant = datetime.fromisoformat(text.strip())
    except ValueError:
        raise ValueError(f"{text!r} is not now, now-90m or an ISO time") from None
    return instant.astimezone(UTC) if instant.tzinfo else instant.replace(tzinfo=UTC)
