"""Puts a pack into the tables: one MERGE into each, none where nothing is to do.

What becomes of a row that is there already:

- of this pack, and the pack's definition of it has not changed: stays, edits and all;
- of this pack, whose definition (or a variable in it) changed: the definition's columns are
  updated, the settings (threshold value, schedule, pause, enabled, channels, severity …) stay;
- with `force`, either kind: every column is as the pack says;
- of the same id, but not of this pack: stays, and is reported as foreign.

A family's member whose key changed (`for_each.renamed_from`) takes its row along, and so its alert;
the row of a member that is gone is deleted. How many may be, a guard decides.

A row that was deleted comes back: to be rid of a rule, set is_enabled to false. Rows that the pack
no longer has stay, and are reported as retired. Which pack a row is of, and which definition it
has, stand in its tags (`pack`, `pack_fingerprint`). The columns that deployment writes back are
never touched.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from databricks_alerts.errors import GuardError
from databricks_alerts.packs import variables
from databricks_alerts.packs.asking import with_members
from databricks_alerts.packs.model import Pack
from databricks_alerts.packs.ports import GoldSchema, Warehouse, quoted, table_name
from databricks_alerts.packs.records import (
    DESTINATIONS,
    FAMILY_TAG,
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
    renamed: tuple[tuple[str, str], ...] = ()
    """Members' rows under another key: the old one, the new one."""
    removed: tuple[str, ...] = ()
    """Rows of members that their family no longer has: deleted."""


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
        changed = len(self.rules.updated) + len(self.rules.renamed)
        return changed + len(self.destinations.updated)

    @property
    def unchanged(self) -> int:
        """Rows of the pack that were right already."""
        return len(self.rules.unchanged) + len(self.destinations.unchanged)


Guard = Callable[[Sequence[str], int], None]
"""Raises GuardError if so many members may not go, given the members that there are."""


def none_may_go(removed: Sequence[str], _: int) -> None:
    """The guard where nobody says how many members may go."""
    raise GuardError(f"the families of these rules no longer have them: {', '.join(removed)}")


def seed(
    warehouse: Warehouse,
    settings: GoldSchema,
    pack: Pack,
    overrides: Mapping[str, Value],
    *,
    by: str,
    guard: Guard = none_may_go,
    force: bool = False,
    local_host: str | None = None,
    stack_variables: Mapping[str, Value] = MappingProxyType({}),
) -> SeedResult:
    """Seed the pack.

    `overrides` are variables' values, `by` is who seeds (created_by, updated_by), `local_host` the
    local workspace's URL, None for a real one; `stack_variables` fill `${name}` where a family
    asks for its members. Destinations go first, so that no rule ever names a channel that is not
    there. Raises ConfigurationError for bad variables and members, what `guard` raises, and what
    the warehouse raises; the first two before anything is written.
    """
    values = variables.resolve(pack.manifest.variables, overrides, local_host=local_host)
    pack = with_members(pack, warehouse, settings, values, stack_variables)
    work = [
        _Work(warehouse, settings, shape, wanted, pack, force)
        for shape, wanted in (
            (DESTINATIONS, destination_rows(pack, values)),
            (RULES, rule_rows(pack, values, by)),
        )
    ]
    for item in work:
        if item.result.removed:
            guard(item.result.removed, item.members)
    for item in work:
        item.merge(by)
    destinations, rules = (item.result for item in work)
    return SeedResult(rules=rules, destinations=destinations)


class _Work:
    """One table: looked at, decided on, and merged."""

    def __init__(
        self,
        warehouse: Warehouse,
        settings: GoldSchema,
        shape: Shape,
        wanted: Sequence[Row],
        pack: Pack,
        force: bool,
    ) -> None:
        self._warehouse, self._shape, self._wanted, self._force = warehouse, shape, wanted, force
        self._table = table_name(settings, shape.table)
        key = quoted(shape.key)
        found = warehouse.query(f"SELECT {key} AS id, to_json(tags) AS tags FROM {self._table}")
        tags = {str(row["id"]): _tags(row["tags"]) for row in found}
        self.result = decide(shape, wanted, tags, pack, force)
        self.members = sum(_is_members(item, pack) for item in tags.values())

    def merge(self, by: str) -> None:
        """Write what was decided by one MERGE, none where nothing is to do."""
        result, key = self.result, self._shape.key
        former = {new: old for old, new in result.renamed}
        changed = {*result.inserted, *result.updated, *former}
        rows = [
            {
                **row,
                "_row": former.get(row[key], row[key]),
                "_change": "insert" if row[key] in result.inserted else "update",
            }
            for row in self._wanted
            if row[key] in changed
        ]
        rows += [{"_row": gone, "_change": "delete"} for gone in result.removed]
        if rows:
            parameters = {"seeded_rows": json.dumps(rows, ensure_ascii=True), "seeded_by": by}
            statement = merge_statement(self._shape, self._table, force=self._force)
            self._warehouse.execute(statement, parameters)


def decide(
    shape: Shape,
    wanted: Sequence[Row],
    found: Mapping[str, Mapping[str, str]],
    pack: Pack,
    force: bool,
) -> TableResult:
    """What is to be done, by the tags of the rows found (key → tags)."""
    groups: dict[str, list[str]] = {"inserted": [], "updated": [], "unchanged": [], "foreign": []}
    former = _former(pack) if shape is RULES else {}
    renamed = []
    for row in wanted:
        key, tags = row[shape.key], found.get(row[shape.key])
        old = former.get(key, "")
        if tags is None and old in found and _is_members(found[old], pack):
            renamed.append((old, key))
        elif tags is None:
            groups["inserted"].append(key)
        elif tags.get(PACK_TAG) != pack.name:
            groups["foreign"].append(key)
        elif force or tags.get(FINGERPRINT_TAG) != row["tags"][FINGERPRINT_TAG]:
            groups["updated"].append(key)
        else:
            groups["unchanged"].append(key)
    keys = {row[shape.key] for row in wanted} | {old for old, _ in renamed}
    gone = [k for k, tags in found.items() if tags.get(PACK_TAG) == pack.name and k not in keys]
    removed = [key for key in gone if _is_members(found[key], pack)]
    return TableResult(
        **{name: tuple(ids) for name, ids in groups.items()},
        retired=tuple(sorted(set(gone) - set(removed))),
        renamed=tuple(renamed),
        removed=tuple(sorted(removed)),
    )


def _former(pack: Pack) -> dict[str, str]:
    """The former id of each rule that says so."""
    return {item.rule.id: item.rule.renamed_from for item in pack.rules if item.rule.renamed_from}


def _is_members(tags: Mapping[str, str], pack: Pack) -> bool:
    """Whether a row is of a family that the pack still has."""
    return tags.get(PACK_TAG) == pack.name and tags.get(FAMILY_TAG) in pack.families


def merge_statement(shape: Shape, table: str, *, force: bool) -> str:
    """The MERGE; `:seeded_rows` is a JSON array of the rows: at most 255 markers may be bound.

    `_row` is the key that a row has so far. One that somebody inserts between our look and our
    MERGE is no `update`, so it stays.
    """
    columns = shape.columns
    fields = ", ".join(f"{quoted(name)} {kind}" for name, kind in columns.items())
    fields += ", `_row` STRING, `_change` STRING"
    updated = [shape.key, *shape.definition, *(shape.settings if force else ())]
    assignments = ", ".join(f"t.{quoted(name)} = s.{quoted(name)}" for name in updated)
    names = ", ".join(quoted(name) for name in columns)
    values = ", ".join(f"s.{quoted(name)}" for name in columns)
    key = quoted(shape.key)
    return f"""MERGE INTO {table} AS t
USING (SELECT inline(from_json(:seeded_rows, 'ARRAY<STRUCT<{fields}>>'))) AS s
ON t.{key} = s.`_row`
WHEN MATCHED AND s.`_change` = 'delete' THEN DELETE
WHEN MATCHED AND s.`_change` = 'update' THEN UPDATE SET {assignments},
  t.`updated_by` = :seeded_by, t.`updated_at` = current_timestamp()
WHEN NOT MATCHED AND s.`_change` = 'insert' THEN INSERT ({names}, `created_by`, `created_at`)
  VALUES ({values}, :seeded_by, current_timestamp())"""


def _tags(text: str | None) -> dict[str, str]:
    tags = json.loads(text) if text else {}
    return tags if isinstance(tags, dict) else {}
