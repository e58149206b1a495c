"""Both configuration tables at one version each, and the mutes that are in force."""

from __future__ import annotations

import datetime as dt
import operator
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from databricks_alerts.deployed import Versions
from databricks_alerts.destinations.recipients import each_once
from databricks_alerts.destinations.stand_ins import with_stand_ins
from databricks_alerts.errors import TableError, WarehouseError
from databricks_alerts.mutes.force import Muted, idle_at, muted_at, with_mutes
from databricks_alerts.mutes.rows import Mute, read_mutes
from databricks_alerts.mutes.table import mute_rows
from databricks_alerts.rules.environment import (
    Environment,
    in_environment,
    read_placed,
    read_placed_in_part,
)
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.recorded import Recorded, digest, recorded
from databricks_alerts.rules.rows import (
    Destination,
    Reading,
    Rule,
    read_destination,
    read_destination_in_part,
    read_rule,
)
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS, DESTINATIONS, table_path
from databricks_alerts.sql.warehouse import SqlWarehouse

_NOT_FOUND = ("TABLE_OR_VIEW_NOT_FOUND", "SCHEMA_NOT_FOUND", "NO_SUCH_CATALOG_EXCEPTION")


_Rows = tuple[int, list[dict[str, Any]]]


class InvalidRow(BaseModel):
    """A row that is no rule: what is known of it, for reports and for holding its alert."""

    model_config = ConfigDict(frozen=True)

    key: str
    name: str
    is_enabled: bool
    databricks_id: str = ""
    folder: str | None = None
    # What other checks can look at; a key that stands twice has one for each of its rows.
    readings: tuple[Reading, ...] = Field(default=(), exclude=True)


class Snapshot(BaseModel):
    """The rules and destinations of one moment; `findings` tell of the rows that are none.

    `config_version` and `destinations_version` are the Delta versions that were read, the digests
    those of what users wrote. `recorded_*` is what the rows say of their last deployment, by key.
    """

    model_config = ConfigDict(frozen=True)

    config_version: int
    destinations_version: int
    rules: tuple[Rule, ...]
    destinations: tuple[Destination, ...]
    invalid_rules: tuple[InvalidRow, ...] = ()
    invalid_destinations: tuple[InvalidRow, ...] = ()
    findings: tuple[Finding, ...] = ()
    config_digest: str = ""
    destinations_digest: str = ""
    recorded_rules: dict[str, Recorded] = {}
    recorded_destinations: dict[str, Recorded] = {}
    # What the stack made of the rows that were read; rules are as it has them.
    environment: Environment = Environment()
    mutes: tuple[Mute, ...] = ()
    # The rules that mutes in force silence, by alert_id; `rules` are as they are without these.
    muted: dict[str, Muted] = {}
    idle_mutes: tuple[Muted, ...] = ()  # in force, and of no rule
    mute_findings: tuple[Finding, ...] = ()
    has_mutes: bool = False  # whether there is alert_mutes: older deployments lack it

    def as_deployed(self, stand_ins: Mapping[str, tuple[str, ...]]) -> tuple[Rule, ...]:
        """The rules with mutes in force, and stand-ins for destinations that are not there."""
        return with_mutes(with_stand_ins(self.rules, stand_ins, self.destinations), self.muted)

    @property
    def versions(self) -> Versions:
        """What was read, by version and content."""
        return Versions(
            self.config_version,
            self.destinations_version,
            self.config_digest,
            self.destinations_digest,
        )

    @property
    def rows(self) -> int:
        """How many rows alert_configurations has."""
        return len(self.rules) + len(self.invalid_rules)


def read_snapshot(
    warehouse: SqlWarehouse, settings: Settings, now: dt.datetime | None = None
) -> Snapshot:
    """Read both tables, alert_configurations at `config_version` if the settings pin it.

    `now` (aware; None: this moment) is when mutes are in force.

    Raises TableError for a missing table or version, ConfigurationError for settings that name
    rules which are not there, and what the warehouse raises.
    """
    reads: list[Callable[[], _Rows]] = [
        lambda: _read(warehouse, settings, ALERTS, settings.config_version),
        lambda: _read(warehouse, settings, DESTINATIONS, None),
        lambda: _mutes(warehouse, settings),
    ]
    (
        (version, rules_rows),
        (destinations_version, destinations_rows),
        (has_mutes, mutes_rows),
    ) = warehouse.map(operator.call, reads)
    rows, environment = in_environment(rules_rows, settings)
    rules = _Reader(
        partial(read_placed, settings),
        partial(read_placed_in_part, settings),
        "alert_id",
        "alert_name",
        "databricks_alert_id",
        ALERTS,
    )
    rules.read(rows)
    destinations = _Reader(
        read_destination,
        read_destination_in_part,
        "destination_id",
        "destination_name",
        "databricks_destination_id",
        DESTINATIONS,
    )
    destinations.read(destinations_rows)
    mutes, mute_findings = read_mutes(mutes_rows)
    at = now or dt.datetime.now(dt.UTC)
    return Snapshot(
        config_version=version,
        destinations_version=destinations_version,
        rules=tuple(with_each_recipient_once(rule, destinations.good) for rule in rules.good),
        destinations=tuple(destinations.good),
        invalid_rules=tuple(_bad_once(item, destinations.good) for item in rules.bad),
        invalid_destinations=tuple(destinations.bad),
        findings=(*rules.findings, *destinations.findings),
        config_digest=digest(rules_rows),
        destinations_digest=digest(destinations_rows),
        recorded_rules=rules.recorded,
        recorded_destinations=destinations.recorded,
        environment=environment,
        mutes=tuple(mutes),
        muted=muted_at(rules.good, mutes, at),
        idle_mutes=tuple(idle_at(rules.good, mutes, at)),
        mute_findings=tuple(mute_findings),
        has_mutes=bool(has_mutes),
    )


def read_plain(warehouse: SqlWarehouse, settings: Settings) -> tuple[list[Rule], list[Destination]]:
    """The rows that are rules and destinations, as they stand: no environment of the stack's.

    Raises TableError for a row that is none, and what the warehouse raises.
    """
    (_, rules), (_, destinations) = warehouse.map(
        lambda table: _read(warehouse, settings, *table),
        [(ALERTS, settings.config_version), (DESTINATIONS, None)],
    )
    read = [*map(read_rule, rules), *map(read_destination, destinations)]
    wrong = [finding for item in read if isinstance(item, list) for finding in item]
    if wrong:
        told = "\n".join(f"  {item.key}: {item.what} ({item.where})" for item in wrong)
        raise TableError(f"these rows are invalid, correct them first:\n{told}")
    return (
        [item for item in read if isinstance(item, Rule)],
        [item for item in read if isinstance(item, Destination)],
    )


def with_each_recipient_once(rule: Rule, destinations: Sequence[Destination]) -> Rule:
    """The rule, which names each recipient once."""
    channels = each_once(rule.notification_channels, destinations)
    return rule.model_copy(update={"notification_channels": channels})


def _bad_once(item: InvalidRow, destinations: Sequence[Destination]) -> InvalidRow:
    readings = tuple(
        reading.model_copy(
            update={"record": with_each_recipient_once(reading.record, destinations)}
        )
        for reading in item.readings
        if isinstance(reading.record, Rule)
    )
    return item.model_copy(update={"readings": readings})


class _Reader:
    """Sorts a table's rows into records and findings; a key that stands twice is nobody's."""

    def __init__(
        self, read: Any, read_in_part: Any, key: str, name: str, id_column: str, table: str
    ) -> None:
        self._read_row, self._read_in_part = read, read_in_part
        self._key, self._name, self._id, self._table = key, name, id_column, table
        self.good: list[Any] = []
        self.bad: list[InvalidRow] = []
        self.findings: list[Finding] = []
        self.recorded: dict[str, Recorded] = {}

    def read(self, rows: list[dict[str, Any]]) -> None:
        times = Counter(row.get(self._key) for row in rows)
        seen: set[Any] = set()
        for row in sorted(rows, key=lambda item: str(item.get(self._key))):
            key = row.get(self._key)
            if key in seen:
                continue
            seen.add(key)
            self.recorded[str(key)] = recorded(row, self._id)
            if times[key] > 1:
                self._keep_bad([item for item in rows if item.get(self._key) == key])
                continue
            found = self._read_row(row)
            if isinstance(found, list):
                self._keep_bad([row])
            else:
                self.good.append(found)

    def _keep_bad(self, rows: list[dict[str, Any]]) -> None:
        """Rows of one key that are no record: all that is wrong with each of them."""
        key = rows[0].get(self._key)
        found = self._duplicate(key, len(rows)) if len(rows) > 1 else []
        readings = []
        for row in rows:
            read = self._read_row(row)
            of_row = read if isinstance(read, list) else []
            found += of_row
            readings.append(self._read_in_part(row, of_row))
        self.findings += dict.fromkeys(found)
        self.bad.append(self._remember(rows, tuple(readings)))

    def _duplicate(self, key: Any, times: int) -> list[Finding]:
        return [
            Finding(
                key=str(key),
                check="row",
                what=f"{self._key} {key!r} stands in {times} rows",
                where=f"{self._table}.{self._key}",
                remedy=f"keep one of the rows: DELETE the others from {self._table}",
            )
        ]

    def _remember(self, rows: list[dict[str, Any]], readings: tuple[Reading, ...]) -> InvalidRow:
        row = rows[0]
        return InvalidRow(
            key=str(row.get(self._key) or "(NULL)"),
            name=str(row.get(self._name) or ""),
            is_enabled=any(item.get("is_enabled") is not False for item in rows),
            databricks_id=str(row.get(self._id) or ""),
            folder=_folder(readings[0]),
            readings=readings,
        )


def _folder(reading: Reading) -> str | None:
    """The folder that a broken row names, as far as that can be read."""
    record = reading.record
    return record.folder if isinstance(record, Rule) else None


def _read(warehouse: SqlWarehouse, settings: Settings, table: str, version: int | None) -> _Rows:
    """A table's rows at one version, the latest if none is named."""
    if version is None:
        version = _latest(warehouse, settings, table)
    return version, _at(warehouse, settings, table, version)


def _mutes(warehouse: SqlWarehouse, settings: Settings) -> _Rows:
    """1 and the rows of alert_mutes, 0 and none where there is no such table."""
    rows = mute_rows(warehouse, settings)
    return (0, []) if rows is None else (1, rows)


def _latest(warehouse: SqlWarehouse, settings: Settings, table: str) -> int:
    rows = _rows(warehouse, settings, f"DESCRIBE HISTORY {table_path(settings, table)} LIMIT 1")
    return int(rows[0]["version"])


def _at(
    warehouse: SqlWarehouse, settings: Settings, table: str, version: int
) -> list[dict[str, Any]]:
    return _rows(
        warehouse, settings, f"SELECT * FROM {table_path(settings, table)} VERSION AS OF {version}"
    )


def _rows(warehouse: SqlWarehouse, settings: Settings, sql: str) -> list[dict[str, Any]]:
    try:
        return warehouse.query(sql)
    except WarehouseError as error:
        if error.condition.startswith(_NOT_FOUND):
            raise TableError(
                f"the tables are not in {settings.catalog}.{settings.gold_schema}: {error}. "
                "Make them: alerts init"
            ) from error
        if "VERSION" in str(error).upper() and settings.config_version is not None:
            raise TableError(
                f"databricks-alerts:configVersion pins version {settings.config_version}, which "
                f"cannot be read: {error}. Unpin it or choose a version that is kept"
            ) from error
        raise
