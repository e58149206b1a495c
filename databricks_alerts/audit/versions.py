"""A rule's row through the versions of alert_configurations: who changed which column when."""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS, is_written_back, table_path
from databricks_alerts.sql.moments import aware
from databricks_alerts.sql.warehouse import SqlWarehouse

_VERSIONS = 50  # a statement
# What Delta does to files; no row changes.
_UPKEEP = ("OPTIMIZE", "VACUUM", "REORG", "SET TBLPROPERTIES", "COMPUTE STATS")
# Who changed a row and when: that stands in the version already.
SIGNATURES = ("updated_by", "updated_at")

Row = Mapping[str, Any]


@dataclass(frozen=True)
class Version:
    """One commit to the table."""

    number: int
    at: dt.datetime
    user: str
    operation: str


@dataclass(frozen=True)
class Change:
    """What a version did to one row: columns with their values before and after (None: NULL).

    `kind` is created, changed, deleted or deployed: then only written-back columns changed.
    """

    version: Version
    kind: str
    columns: Mapping[str, tuple[Any, Any]]


def read_versions(warehouse: SqlWarehouse, settings: Settings) -> list[Version]:
    """The commits whose history Delta keeps, oldest first."""
    rows = warehouse.query(f"DESCRIBE HISTORY {table_path(settings, ALERTS)}")
    found = [
        Version(
            int(row["version"]),
            aware(row["timestamp"]),
            str(row.get("userName") or ""),
            str(row.get("operation") or ""),
        )
        for row in rows
    ]
    return sorted(
        (version for version in found if not version.operation.upper().startswith(_UPKEEP)),
        key=lambda version: version.number,
    )


def read_rows(
    warehouse: SqlWarehouse, settings: Settings, keys: Sequence[str], versions: Sequence[int]
) -> dict[int, dict[str, Row]]:
    """The rows of some rules at each version, by alert_id; 50 versions a statement.

    As JSON, since older versions have fewer columns. Raises WarehouseError, also for a version
    whose files are gone (VACUUM).
    """
    binds, listed = markers(keys)
    path = table_path(settings, ALERTS)
    found: dict[int, dict[str, Row]] = {version: {} for version in versions}
    for start in range(0, len(versions), _VERSIONS):
        statement = " UNION ALL ".join(
            f"SELECT {int(version)} AS version, alert_id, to_json(struct(*)) AS written "
            f"FROM {path} VERSION AS OF {int(version)} WHERE alert_id IN ({listed})"
            for version in versions[start : start + _VERSIONS]
        )
        for row in warehouse.query(statement, binds):
            found[int(row["version"])][row["alert_id"]] = json.loads(row["written"])
    return found


def markers(keys: Sequence[str]) -> tuple[dict[str, str], str]:
    """Values by marker, and the markers as they stand in `IN (…)`."""
    binds = {f"k{number}": key for number, key in enumerate(keys)}
    return binds, ", ".join(f":{name}" for name in binds)


def differences(before: Row, after: Row) -> dict[str, tuple[Any, Any]]:
    """The columns that differ, in order; NULL is as good as a column that is not there."""
    return {
        name: (before.get(name), after.get(name))
        for name in dict.fromkeys((*before, *after))
        if before.get(name) != after.get(name)
    }


def is_users(column: str) -> bool:
    """Whether people write a column: it is neither written back nor a signature."""
    return not is_written_back(column) and column not in SIGNATURES


def by_users(columns: Mapping[str, tuple[Any, Any]]) -> dict[str, tuple[Any, Any]]:
    """Of differences, those that people made."""
    return {name: values for name, values in columns.items() if is_users(name)}


def changes(
    versions: Sequence[Version], rows: Sequence[Row | None], *, complete: bool
) -> Iterator[Change]:
    """What happened to one rule, oldest first; `rows` are its row at each version.

    With `complete` the table began with the first version, so that a row there was created then;
    otherwise it is only what the rest is compared with.
    """
    before: Row | None = None
    for index, (version, row) in enumerate(zip(versions, rows, strict=True)):
        if index == 0 and not complete:
            before = row
            continue
        columns = differences(before or {}, row or {})
        if before is None and row is not None:
            yield Change(version, "created", columns)
        elif before is not None and row is None:
            yield Change(version, "deleted", columns)
        elif columns:
            people = by_users(columns)
            yield Change(version, "changed" if people else "deployed", people or columns)
        before = row


def version_at(versions: Sequence[Version], moment: dt.datetime) -> Version:
    """The version that stood at a time. Raises ConfigurationError for one before all."""
    found = [version for version in versions if version.at <= moment]
    if found:
        return found[-1]
    raise ConfigurationError(
        f"{ALERTS} has no version of {moment:%Y-%m-%d %H:%M:%S} UTC; the oldest that is kept is "
        f"{versions[0].number} of {versions[0].at:%Y-%m-%d %H:%M:%S} UTC"
    )
