"""Statements of a backtest: batches, failures, older versions of tables, and what has views."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Mapping, Sequence
from typing import Any, cast

import pytest

from databricks_alerts.backtest.clock import read_clock
from databricks_alerts.backtest.run import Subject, evaluate
from databricks_alerts.backtest.tables import Versions, as_of, require_settable_views, tables_in
from databricks_alerts.errors import WarehouseError
from databricks_alerts.evaluation import Condition, Operand
from databricks_alerts.sql.warehouse import SqlWarehouse

_START = dt.datetime(2026, 3, 1, tzinfo=dt.UTC)
_CONDITION = Condition(Operand("v"), "GREATER_THAN", 5.0)


class Answering:
    """A warehouse whose value is the moment's hour; it fails at some."""

    def __init__(self, failing: Sequence[int] = (), error: WarehouseError | None = None) -> None:
        self.failing, self.error = failing, error or WarehouseError("1 / 0", sqlstate="22012")
        self.statements: list[str] = []

    def query(self, sql: str, params: Mapping[str, Any] | None = None, /) -> list[dict[str, Any]]:
        self.statements.append(sql)
        branches = sql.split(" UNION ALL ")
        hours = [int(cast(re.Match[str], re.search(r"T(\d\d):", text))[1]) for text in branches]
        if set(hours) & set(self.failing):
            raise self.error
        rows = [self._row(number, hour) for number, hour in enumerate(hours)]
        return list(reversed(rows))  # a warehouse promises no order

    def _row(self, number: int, hour: int) -> dict[str, Any]:
        return {
            "__alert_moment": number,
            "__alert_value": hour,
            "__alert_threshold": 5.0,
            "__alert_met": hour > 5,
            "__alert_met_0": hour > 20,
        }

    def map(self, function: Any, items: Sequence[Any]) -> list[Any]:
        return [function(item) for item in items]


def ask(answering: Answering, hours: Sequence[int]) -> list[tuple[int, Any, tuple[str, ...]]]:
    clock = read_clock("SELECT hour(current_timestamp()) AS v", dt.UTC, "Q")
    other = Condition(Operand("v"), "GREATER_THAN", 20.0)
    subject = Subject("Q", clock, _CONDITION, (other,))
    moments = [_START + dt.timedelta(days=n // 24, hours=n % 24) for n in hours]
    found = evaluate(cast(SqlWarehouse, answering), subject, moments)
    return [(point.at.hour, point.value, point.states) for point in found]


def test_many_moments_are_few_statements_in_order() -> None:
    answering = Answering()
    found = ask(answering, range(720))
    assert [(hour, value) for hour, value, _ in found] == [(n % 24, n % 24) for n in range(720)]
    assert {states for _, value, states in found if value > 20} == {("TRIGGERED", "TRIGGERED")}
    assert {states for _, value, states in found if 5 < value <= 20} == {("TRIGGERED", "OK")}
    assert len(answering.statements) == 15


@pytest.mark.parametrize("failing", [(0,), (23,), (3, 4), (0, 11, 22)])
def test_only_the_moments_to_blame_are_errors(failing: tuple[int, ...]) -> None:
    answering = Answering(failing)
    found = ask(answering, range(24))
    assert tuple(hour for hour, _, states in found if states == ("ERROR", "ERROR")) == failing
    assert [hour for hour, _, _ in found] == list(range(24))


def test_what_fails_whatever_the_data_is_ends_it_at_once() -> None:
    answering = Answering(range(24), WarehouseError("no column v", sqlstate="42703"))
    with pytest.raises(WarehouseError, match=r"^Q at 2026-03-01 00:00 UTC and after: no column"):
        ask(answering, range(24))
    assert len(answering.statements) == 1


def test_a_query_that_always_fails_is_not_asked_forever() -> None:
    answering = Answering(range(24))
    with pytest.raises(WarehouseError, match=r"fails at too many moments .*alerts validate"):
        ask(answering, range(720))
    assert len(answering.statements) <= 102


def test_older_versions_are_read_where_there_are_some() -> None:
    query = (
        "WITH c AS (SELECT 1) SELECT * FROM A.`b c`.T x JOIN a.b.u ON true JOIN c JOIN a.`b c`.t"
    )
    assert tables_in(query) == [("a", "b c", "t"), ("a", "b", "u")]
    day = dt.timedelta(days=1)
    kept = {
        ("a", "b c", "t"): Versions(_START, _START + 2 * day),
        ("a", "b", "u"): Versions(now="has no versions"),
    }
    clause = "TIMESTAMP AS OF '2026-03-02T00:00:00.000000Z'"
    assert as_of(query, _START + day, kept) == (
        f"WITH c AS (SELECT 1) SELECT * FROM A.`b c`.T {clause} x JOIN a.b.u ON true JOIN c "
        f"JOIN a.`b c`.t {clause}"
    )
    for moment in (_START - day, _START + 2 * day):
        assert as_of(query, moment, kept) == query


def test_views_are_looked_through_to_the_last() -> None:
    class Views(Answering):
        def query(
            self, sql: str, params: Mapping[str, Any] | None = None, /
        ) -> list[dict[str, Any]]:
            if "`hive_metastore`" in sql:
                raise WarehouseError("there is no information_schema")
            texts = {"one": "SELECT * FROM m.s.two", "two": None, "loop": "SELECT * FROM m.s.loop"}
            return [
                {"table_schema": "s", "table_name": name, "view_definition": texts[name]}
                for name in (params or {}).values()
                if name in texts
            ]

    warehouse = cast(SqlWarehouse, Views())
    assert require_settable_views(warehouse, [("m", "s", "table")], "Q")
    assert require_settable_views(warehouse, [("m", "s", "loop")], "Q")
    assert not require_settable_views(warehouse, [("m", "s", "one")], "Q")
    assert not require_settable_views(warehouse, [("hive_metastore", "s", "t")], "Q")
