"""The tables behind a query in the past: views with a clock of their own, and older versions."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from sqlglot import exp

from databricks_alerts.backtest.clock import asked_by
from databricks_alerts.errors import ConfigurationError, WarehouseError
from databricks_alerts.sql.identifiers import qualified, quote
from databricks_alerts.sql.moments import aware
from databricks_alerts.sql.warehouse import SqlWarehouse
from databricks_alerts.validation.statement import read_statement

_PARTS = 3
_DEPTH = 8  # views on views

TableName = tuple[str, ...]


@dataclass(frozen=True)
class Versions:
    """From when to when a table has versions; `now` says why it has none to be read."""

    first: dt.datetime | None = None
    last: dt.datetime | None = None
    now: str = ""


@dataclass(frozen=True)
class _Reference:
    name: TableName
    end: int  # of its last character in the text


def tables_in(query: str) -> list[TableName]:
    """The tables that a query names with catalog and schema, each once."""
    return list(dict.fromkeys(item.name for item in _references(query)))


def _references(query: str) -> Iterator[_Reference]:
    tree = read_statement(query).tree
    for table in tree.find_all(exp.Table) if tree is not None else ():
        parts = table.parts
        plain = all(isinstance(part, exp.Identifier) for part in parts)
        versioned = table.args.get("version") or table.args.get("when")
        if len(parts) == _PARTS and plain and not versioned:
            end = parts[-1].meta.get("end")
            if end is not None:
                yield _Reference(tuple(part.name.lower() for part in parts), int(end))


def require_settable_views(warehouse: SqlWarehouse, tables: Sequence[TableName], key: str) -> bool:
    """Whether every view behind a query could be looked into; a table is none.

    Raises ConfigurationError for a view that asks the clock, or chance, by itself: no literal in
    the query reaches there.
    """
    seen: set[TableName] = set()
    waiting, all_seen = list(tables), True
    for _ in range(_DEPTH):
        fresh = [name for name in dict.fromkeys(waiting) if name not in seen]
        seen.update(fresh)
        texts, visible = _definitions(warehouse, fresh)
        all_seen = all_seen and visible
        for name, text in texts.items():
            asks = asked_by(text)
            if asks:
                raise ConfigurationError(
                    f"{key} reads the view {'.'.join(name)}, which asks {', '.join(asks)} itself: "
                    "that cannot be set from outside. Write the view's query into the rule, or "
                    "move the function from the view to the rule"
                )
        waiting = [table for text in texts.values() for table in tables_in(text)]
        if not waiting:
            return all_seen
    return False


def _definitions(
    warehouse: SqlWarehouse, names: Sequence[TableName]
) -> tuple[dict[TableName, str], bool]:
    """What views are defined as, and whether all could be seen; one statement a catalog."""
    found: dict[TableName, str] = {}
    visible = True
    for catalog in dict.fromkeys(name[0] for name in names):
        wanted = [name for name in names if name[0] == catalog]
        binds: dict[str, str] = {}
        for number, (_, schema, table) in enumerate(wanted):
            binds |= {f"s{number}": schema, f"t{number}": table}
        either = " OR ".join(
            f"(lower(table_schema) = :s{number} AND lower(table_name) = :t{number})"
            for number in range(len(wanted))
        )
        try:
            rows = warehouse.query(
                "SELECT table_schema, table_name, view_definition FROM "
                f"{quote(catalog)}.information_schema.views WHERE {either}",
                binds,
            )
        except WarehouseError:  # a catalog without one (hive_metastore), or no right to look
            visible = False
            continue
        for row in rows:
            name = (catalog, str(row["table_schema"]).lower(), str(row["table_name"]).lower())
            visible = visible and row["view_definition"] is not None
            found[name] = row["view_definition"] or ""
    return found, visible


def read_versions(
    warehouse: SqlWarehouse, tables: Sequence[TableName]
) -> dict[TableName, Versions]:
    """Which versions each table has, by its Delta history."""

    def ask(name: TableName) -> Versions:
        try:
            rows = warehouse.query(f"DESCRIBE HISTORY {qualified(*name)}")
        except WarehouseError as error:
            return Versions(now=f"has no versions ({error.condition or str(error)[:80]})")
        times = sorted(aware(row["timestamp"]) for row in rows)
        return Versions(times[0], times[-1]) if times else Versions(now="has no versions")

    return dict(zip(tables, warehouse.map(ask, tables), strict=True))


def as_of(query: str, moment: dt.datetime, kept: Mapping[TableName, Versions]) -> str:
    """The query with its tables as they were at a moment, where they are kept.

    A table that has not changed since is read as it is: that is its version of the moment.
    """
    if not kept:
        return query
    text = query
    clause = f" TIMESTAMP AS OF '{moment.astimezone(dt.UTC):%Y-%m-%dT%H:%M:%S.%f}Z'"
    places = [item for item in _references(query) if was_kept(kept.get(item.name), moment)]
    for item in sorted(places, key=lambda item: -item.end):
        text = text[: item.end + 1] + clause + text[item.end + 1 :]
    return text


def was_kept(versions: Versions | None, moment: dt.datetime) -> bool:
    """Whether a table has an older version to be read at a moment."""
    if versions is None or versions.first is None or versions.last is None:
        return False
    return versions.first <= moment < versions.last
