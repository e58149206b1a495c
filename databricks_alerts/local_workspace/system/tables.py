"""The system tables as Delta tables: made at the start, filled when a statement reads them.

Each commit says in its metadata up to where the table is filled: `until`, seconds since 1970, for
sample rows; `mark` for what happened here. So a table is whole or not filled at all after a crash.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import threading
import uuid
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import pyarrow as pa

from databricks_alerts.local_workspace.system.journal import Journal, Row
from databricks_alerts.local_workspace.system.schemas import CATALOG, SCHEMAS
from databricks_alerts.local_workspace.warehouse.catalog import Catalog, Table
from databricks_alerts.local_workspace.warehouse.names import TableName
from databricks_alerts.local_workspace.warehouse.text import words_of

OWNER = "System user"
EVALUATIONS = "alert.alert_evaluation_history"
_LAG = 600  # seconds after which sample rows of the time since are added
_COMMENT = "Databricks system table"

# What happened here since a mark: rows, and the mark behind them. The first mark is empty.
Source = Callable[[str], tuple[list[Row], str]]


@dataclass(frozen=True)
class _Filled:
    """Up to where a table is filled."""

    until: int = 0
    mark: str = ""


def journaled(journal: Journal, name: str) -> Source:
    """A table's rows from the journal; the mark is the last one's number."""

    def since(mark: str) -> tuple[list[Row], str]:
        rows, number = journal.after(name, int(mark or 0))
        return rows, str(number) if rows else mark

    return since


class SystemTables:
    """The tables of the catalog `system` below `directory`; `clock` is the workspace's.

    `sources` gives rows of what happened here, by `schema.table`.
    """

    def __init__(self, directory: Path, catalog: Catalog, clock: Callable[[], dt.datetime]) -> None:
        self.sources: dict[str, Source] = {}
        self.clock = clock
        self._directory = directory.resolve() / CATALOG
        self._catalog = catalog
        self._locks = {name: threading.Lock() for name in SCHEMAS}
        self._filled: dict[str, _Filled] = {}
        self._views: tuple[int, Mapping[str, frozenset[str]]] = (-1, {})

    def define(self) -> None:
        """Make every table that is missing, empty, and let the catalog know it."""
        self._catalog.add_catalog(CATALOG)
        known = {str(table.name): table for table in self._catalog.tables(CATALOG)}
        for name in SCHEMAS:
            schema, _, table = name.partition(".")
            location = self._location(name)
            if not (location / "_delta_log" / f"{0:020}.json").exists():
                _create(location, name)
            entry = known.get(f"{CATALOG}.{name}")
            if entry is None or entry.location != str(location):
                self._catalog.add_schema(CATALOG, schema)
                self._catalog.put(_entry(TableName(CATALOG, schema, table), location))

    def refresh(self, sql: str, catalog: str, schema: str) -> None:
        """Bring every system table up to date that a statement, or a view in it, may read."""
        for name in self._read_by(sql, catalog, schema):
            with self._locks[name]:
                self._fill(name)

    def _read_by(self, sql: str, catalog: str, schema: str) -> list[str]:
        views = self._words_of_views()
        words = _words(sql) | {catalog, schema}
        new = words
        while new:
            new = frozenset().union(*(views[word] for word in new & views.keys())) - words
            words |= new
        if CATALOG not in words:
            return []
        return [name for name in SCHEMAS if words.issuperset(name.split("."))]

    def _words_of_views(self) -> Mapping[str, frozenset[str]]:
        """The words in each view's text, by the view's name in its schema."""
        version = self._catalog.version
        if self._views[0] != version:
            found: dict[str, frozenset[str]] = {}
            for view in self._catalog.tables():
                if view.kind == "VIEW":
                    words = _words(view.view_text) | {view.name.catalog}
                    found[view.name.table] = found.get(view.name.table, frozenset()) | words
            self._views = (version, found)
        return self._views[1]

    def _fill(self, name: str) -> None:
        from databricks_alerts.local_workspace.system.samples import SAMPLES

        before = self._filled.get(name) or _filled(self._location(name))
        now = int(self.clock().timestamp())
        parts, until, anew = [], before.until, False
        sample = SAMPLES.get(name)
        if sample is not None:
            backwards = now < before.until - 1 and name not in self.sources
            if backwards or now - before.until >= _LAG:
                anew = bool(before.until) and (sample.anew or backwards)
                until = now + 1
                parts.append(self._sampled(name, 0 if anew else before.until, until))
        mark = before.mark
        if name in self.sources:
            rows, mark = self.sources[name](before.mark)
            if rows:
                parts.append(_from_rows(_arrow(name), rows))
        after = _Filled(until, mark)
        if after != before:
            self._commit(name, pa.concat_tables(parts) if parts else None, after, anew=anew)
        self._filled[name] = after

    def _sampled(self, name: str, since: int, until: int) -> pa.Table:
        """The table's sample rows from one second to before another; since 0: all of them."""
        from databricks_alerts.local_workspace.system.columns import table
        from databricks_alerts.local_workspace.system.samples import SAMPLES
        from databricks_alerts.local_workspace.system.samples.window import DAY, DAYS, Window

        window = Window(since or (until // DAY - DAYS) * DAY, until)
        count, values = SAMPLES[name].rows(window)
        return table(_arrow(name), count, values)

    def _commit(self, name: str, rows: pa.Table | None, after: _Filled, *, anew: bool) -> None:
        """Add the rows in one commit, or put them in the place of all there were."""
        from deltalake import CommitProperties, write_deltalake

        metadata = {"until": str(after.until), "mark": after.mark}
        write_deltalake(
            self._location(name),
            rows if rows is not None else _arrow(name).empty_table(),
            mode="overwrite" if anew else "append",
            commit_properties=CommitProperties(custom_metadata=metadata),
        )

    def _location(self, name: str) -> Path:
        """A table of other columns has another folder."""
        digest = hashlib.sha256(repr(SCHEMAS[name]).encode()).hexdigest()[:12]
        return self._directory / f"{name}-{digest}"


def _entry(name: TableName, location: Path) -> Table:
    moment = dt.datetime.now(dt.UTC).isoformat()
    return Table(name, "TABLE", str(location), "", _COMMENT, OWNER, moment)


def _create(location: Path, name: str) -> None:
    """The first commit of an empty table, as the Delta protocol has it.

    Written by hand: making all of them by a library would take half of the workspace's start.
    """
    from sqlglot import exp

    from databricks_alerts.local_workspace.warehouse.tables import delta_type

    moment = int(dt.datetime.now(dt.UTC).timestamp() * 1000)
    fields = [
        {
            "name": column,
            "type": delta_type(exp.DataType.build(kind, dialect="databricks")),
            "nullable": True,
            "metadata": {},
        }
        for column, kind in SCHEMAS[name]
    ]
    actions = [
        {"commitInfo": {"timestamp": moment, "operation": "CREATE TABLE"}},
        {"protocol": {"minReaderVersion": 1, "minWriterVersion": 2}},
        {
            "metaData": {
                "id": str(uuid.uuid4()),
                "format": {"provider": "parquet", "options": {}},
                "schemaString": json.dumps({"type": "struct", "fields": fields}),
                "partitionColumns": [],
                "configuration": {},
                "createdTime": moment,
            }
        },
    ]
    log = location / "_delta_log"
    log.mkdir(parents=True, exist_ok=True)
    written = log / "new"
    written.write_text("".join(f"{json.dumps(action)}\n" for action in actions), encoding="utf-8")
    written.rename(log / f"{0:020}.json")


def _arrow(name: str) -> pa.Schema:
    """The columns as Arrow has them."""
    from sqlglot import exp

    from databricks_alerts.local_workspace.system.columns import arrow_type

    return pa.schema(
        [
            (column, arrow_type(exp.DataType.build(kind, dialect="databricks")))
            for column, kind in SCHEMAS[name]
        ]
    )


def _from_rows(schema: pa.Schema, rows: list[Row]) -> pa.Table:
    from databricks_alerts.local_workspace.system.columns import table

    values = {field.name: [row.get(field.name) for row in rows] for field in schema}
    return table(schema, len(rows), values)


def _filled(location: Path) -> _Filled:
    """What the last commit says; the commit that made the table says nothing."""
    from deltalake import DeltaTable

    [commit] = DeltaTable(location).history(1)
    return _Filled(int(commit.get("until") or 0), str(commit.get("mark") or ""))


@lru_cache(4096)
def _words(sql: str) -> frozenset[str]:
    """The names in a statement, in lower case; kept, as the texts of views stay the same."""
    return frozenset(word.lower() for word in words_of(sql))
