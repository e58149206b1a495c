"""The sample data's SQL: for every table of the pack, the same for the same day."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
import sqlglot
from sqlglot import exp

from alerting.errors import ConfigurationError
from alerting.packs.loader import load_pack
from alerting.samples.generator import SAMPLE_TABLES, clock_column, rows_of
from alerting.samples.loading import load

PACK = load_pack(Path(__file__).parents[3] / "packs" / "health_monitor")


class Untouchable:
    """A warehouse that must not be asked anything."""

    def query(self, sql: str, _params: Mapping[str, Any] | None = None, /) -> list[dict[str, Any]]:
        raise AssertionError(sql)

    execute = query


def test_every_table_of_the_pack_has_sample_data() -> None:
    assert set(SAMPLE_TABLES) == set(PACK.manifest.tables)


@pytest.mark.parametrize("table", SAMPLE_TABLES)
def test_rows_have_the_tables_columns_in_order(table: str) -> None:
    tree = sqlglot.parse_one(rows_of(table, date(2026, 1, 31)), dialect="databricks")
    columns = PACK.manifest.tables[table]
    assert tree.named_selects == list(columns)
    assert columns[clock_column(table)] in {"DATE", "TIMESTAMP"}


@pytest.mark.parametrize("table", SAMPLE_TABLES)
def test_rows_hang_on_the_day_and_on_nothing_else(table: str) -> None:
    text = rows_of(table, date(2026, 1, 31))
    assert text == rows_of(table, date(2026, 1, 31)) != rows_of(table, date(2026, 2, 1))
    tree = sqlglot.parse_one(text, dialect="databricks")
    assert not list(tree.find_all(exp.CurrentTimestamp, exp.CurrentDate, exp.Rand, exp.Uuid))


def test_a_pack_with_a_table_that_has_no_sample_data_is_refused_before_anything_is_done() -> None:
    tables = {**PACK.manifest.tables, "fact_moon": {"phase": "STRING"}}
    pack = SimpleNamespace(name="moon", manifest=SimpleNamespace(tables=tables))
    settings = SimpleNamespace(catalog="main", gold_schema="gold")
    with pytest.raises(
        ConfigurationError, match="pack moon: there is no sample data for fact_moon"
    ):
        load(Untouchable(), settings, pack)  # type: ignore[arg-type]
