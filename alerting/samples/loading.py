"""Puts the sample data into the gold tables. Only ever for the local workspace: the caller's duty.

A table is filled anew when its rows do not reach as far as today's would: the same day twice
changes nothing, and rows that somebody adds, changes or removes to see an alert fire stay for the
day.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from alerting.errors import ConfigurationError
from alerting.packs.model import Columns, Pack
from alerting.packs.ports import GoldSchema, Warehouse, quoted, table_name
from alerting.samples.generator import SAMPLE_TABLES, clock_column, rows_of


@dataclass(frozen=True)
class LoadResult:
    """What was done: names of the tables filled, and of those that were up to date."""

    filled: tuple[str, ...]
    unchanged: tuple[str, ...]


def load(warehouse: Warehouse, settings: GoldSchema, pack: Pack) -> LoadResult:
    """Create the pack's gold tables where missing, and fill them for the warehouse's today.

    Raises ConfigurationError if the pack declares a table that there is no sample data for, and
    what the warehouse raises.
    """
    strange = sorted(pack.manifest.tables.keys() - set(SAMPLE_TABLES))
    if strange:
        raise ConfigurationError(
            f"pack {pack.name}: there is no sample data for {', '.join(strange)}; "
            f"there is for {', '.join(SAMPLE_TABLES)}"
        )
    today = warehouse.query("SELECT current_date() AS today")[0]["today"]
    filled: list[str] = []
    unchanged: list[str] = []
    for name, columns in pack.manifest.tables.items():
        done = _fill(warehouse, table_name(settings, name), name, columns, today)
        (filled if done else unchanged).append(name)
    return LoadResult(tuple(filled), tuple(unchanged))


def _fill(warehouse: Warehouse, target: str, name: str, columns: Columns, today: date) -> bool:
    declared = ", ".join(f"{quoted(column)} {kind}" for column, kind in columns.items())
    warehouse.execute(f"CREATE TABLE IF NOT EXISTS {target} ({declared})")
    clock, rows = clock_column(name), rows_of(name, today)
    reach = warehouse.query(
        f"SELECT (SELECT max({clock}) FROM {target}) AS found,"
        f" (SELECT max({clock}) FROM ({rows})) AS wanted"
    )[0]
    if reach["found"] == reach["wanted"]:
        return False
    typed = ", ".join(f"CAST({quoted(column)} AS {kind})" for column, kind in columns.items())
    if reach["found"] is not None:
        warehouse.execute(f"DELETE FROM {target}")
    warehouse.execute(f"INSERT INTO {target} SELECT {typed} FROM ({rows})")
    return True
