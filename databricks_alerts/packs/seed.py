"""Puts a pack into the tables: one MERGE into each, none where nothing is to do.

What becomes of a row that is there already:

- of this pack, and the pack's definition of it has not changed: stays, edits and all;
- of this pack, whose definition (or a variable in it) changed: the definition's columns are
  updated, the settings (threshold value, schedule, pause, enabled, channels, severity …) stay;
- with `force`, either kind: every column is as the pack says;
- of the same id, but not of this pack: stays, and is reported as foreign.

A row that was deleted comes back: to be rid of a rule, set is_enabled to false. Rows that the pack
no longer has stay, and are reported as retired. Which pack a row is of, and which definition it
has, stand in its tags (`pack`, `pack_fingerprint`). The columns that deployment writes back are
never touched.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from databricks_alerts.packs import variables
from databricks_alerts.packs.model import Pack
from databricks_alerts.packs.ports import GoldSchema, Warehouse, quoted, table_name
from databricks_alerts.packs.records import (
    DESTINATIONS,
    FINGERPRINT_TAG,
    PACK_TAG,
    RULES,
    Shape,
    destination_rows,
    rule_rows,
)
from databricks_alerts.sql.literals import Value

Row = Mapping[str, Any]


@dataclass(frozen=True)
class TableResult:
    """What was done to one table, by key."""

    inserted: tuple[str, ...] = ()
    updated: tuple[str, ...] = ()
    unchanged: tuple[str, ...] = ()
    foreign: tuple[str, ...] = ()
    """Rows of the pack's ids that somebody else made: left alone."""
    retired: tuple[str, ...] = ()
    """Rows of this pack that it no longer has: left alone."""


@dataclass(frozen=True)
class SeedResult:
    """What was done to both tables."""

    rules: TableResult = field(default_factory=TableResult)
    destinations: TableResult = field(default_factory=TableResult)

    @property
    def inserted(self) -> int:
        """Rows made."""
        return len(self.rules.inserted) + len(self.destinations.inserted)

    @property
    def updated(self) -> int:
        """Rows changed."""
        return len(self.rules.updated) + len(self.destinations.updated)

    @property
    def unchanged(self) -> int:
        """Rows of the pack that were right already."""
        return len(self.rules.unchanged) + len(self.destinations.unchanged)


def seed(
    warehouse: Warehouse,
    settings: GoldSchema,
    pack: Pack,
    overrides: Mapping[str, Value],
    *,
    by: str,
    force: bool = False,
    local_host: str | None = None,
) -> SeedResult:
    """Seed the pack.

    `overrides` are variables' values, `by` is who seeds (created_by, updated_by), `local_host` the
    local workspace's URL, None for a real one. Destinations go first, so that no rule ever names a
    channel that is not there. Raises ConfigurationError for bad variables, and what the warehouse
    raises.
    """
    values = variables.resolve(pack.manifest.variables, overrides, local_host=local_host)
    rows = ((DESTINATIONS, destination_rows(pack, values)), (RULES, rule_rows(pack, values, by)))
    destinations, rules = (
        _seed_table(warehouse, settings, shape, wanted, pack.name, by=by, force=force)
        for shape, wanted in rows
    )
    return SeedResult(rules=rules, destinations=destinations)


def _seed_table(
    warehouse: Warehouse,
    settings: GoldSchema,
    shape: Shape,
    wanted: Sequence[Row],
    pack: str,
    *,
    by: str,
    force: bool,
) -> TableResult:
    table = table_name(settings, shape.table)
    found = warehouse.query(f"SELECT {quoted(shape.key)} AS id, to_json(tags) AS tags FROM {table}")
    result = decide(
        shape, wanted, {str(row["id"]): _tags(row["tags"]) for row in found}, pack, force
    )
    changed = {*result.inserted, *result.updated}
    rows = [
        {**row, "_update": row[shape.key] in result.updated}
        for row in wanted
        if row[shape.key] in changed
    ]
    if rows:
        parameters = {"seeded_rows": json.dumps(rows, ensure_ascii=True), "seeded_by": by}
        warehouse.execute(merge_statement(shape, table, force=force), parameters)
    return result


def decide(
    shape: Shape,
    wanted: Sequence[Row],
    found: Mapping[str, Mapping[str, str]],
    pack: str,
    force: bool,
) -> TableResult:
    """What is to be done, by the tags of the rows found (key → tags)."""
    groups: dict[str, list[str]] = {"inserted": [], "updated": [], "unchanged": [], "foreign": []}
    for row in wanted:
        key, tags = row[shape.key], found.get(row[shape.key])
        if tags is None:
            groups["inserted"].append(key)
        elif tags.get(PACK_TAG) != pack:
            groups["foreign"].append(key)
        elif force or tags.get(FINGERPRINT_TAG) != row["tags"][FINGERPRINT_TAG]:
            groups["updated"].append(key)
        else:
            groups["unchanged"].append(key)
    keys = {row[shape.key] for row in wanted}
    retired = sorted(k for k, tags in found.items() if tags.get(PACK_TAG) == pack and k not in keys)
    return TableResult(**{name: tuple(ids) for name, ids in groups.items()}, retired=tuple(retired))


def merge_statement(shape: Shape, table: str, *, force: bool) -> str:
    """The MERGE; `:seeded_rows` is a JSON array of the rows: at most 255 markers may be bound.

    A row that somebody inserts between our look and our MERGE is not `_update`, so it stays.
    """
    columns = shape.columns
    fields = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    updated = [*shape.definition, *(shape.settings if force else ())]
    assignments = ", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in updated)
    names = ", ".join(quoted(name) for name in columns)
    values = ", ".join(f"s.{quoted(name)}" for name in columns)
    key = quoted(shape.key)
    return f"""MERGE INTO {table} AS t
USING (SELECT inline(from_json(:seeded_rows, 'ARRAY<STRUCT<{fields}, `_update` BOOLEAN>>'))) AS s
ON t.{key} = s.{key}
WHEN MATCHED AND s.`_update` THEN UPDATE SET {assignments},
  t.`updated_by` = :seeded_by, t.`updated_at` = current_timestamp()
WHEN NOT MATCHED THEN INSERT ({names}, `created_by`, `created_at`)
  VALUES ({values}, :seeded_by, current_timestamp())"""


def _tags(text: str | None) -> dict[str, str]:
    tags = json.loads(text) if text else {}
    return tags if isinstance(tags, dict) else {}
