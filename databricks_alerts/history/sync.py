"""alert_history from `system.alert.alert_evaluation_history`: incremental, by evaluation id.

Each alert is read from its newest known evaluation on, and a little before it, since rows arrive
late. What stands there already is never written again, so that any two runs, and the local
workspace's own writing, come to the same rows.
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

from databricks_alerts.errors import TableError, WarehouseError
from databricks_alerts.history.columns import Reading, reading
from databricks_alerts.rules.durations import duration
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import ALERTS, HISTORY, table_path
from databricks_alerts.sql.identifiers import qualified, quote
from databricks_alerts.sql.moments import aware
from databricks_alerts.sql.warehouse import SqlWarehouse

# What only the rule's row knows.
_OF_RULE = (
    "alert_id",
    "alert_name",
    "agent_domain",
    "severity",
    "threshold_operator",
    "threshold_value_type",
)
_REFUSED = re.compile(r"INSUFFICIENT_PERMISSIONS|PERMISSION_DENIED|42501")
_ABSENT = re.compile(r"TABLE_OR_VIEW_NOT_FOUND|SCHEMA_NOT_FOUND|NO_SUCH_CATALOG|CATALOG_NOT_FOUND")


@dataclass(frozen=True)
class Synced:
    """What came of it: how many evaluations are new, and which columns the source has not.

    `alerts` is how many deployed rules were looked for, `since` from when on.
    """

    source: str
    added: int = 0
    alerts: int = 0
    since: dt.datetime | None = None
    lacking: dict[str, str] = field(default_factory=dict)

    def told(self) -> list[str]:
        """For people, a line each."""
        since = f" since {self.since:%Y-%m-%d %H:%M} UTC" if self.since else ""
        lines = [f"{self.added} new evaluations of {self.alerts} alerts from {self.source}{since}"]
        lines += [
            f"{self.source} has no column {name}, so {ours} stays empty"
            for name, ours in self.lacking.items()
        ]
        return lines


def is_due(warehouse: SqlWarehouse, settings: Settings, now: dt.datetime) -> bool:
    """Whether the newest evaluation that is known is older than the stack's `history.every`."""
    interval = settings.history.interval
    if interval is None:
        return False
    [row] = warehouse.query(
        f"SELECT max(evaluation_timestamp) AS newest FROM {table_path(settings, HISTORY)}"
    )
    return row["newest"] is None or now - aware(row["newest"]) > interval


def sync_history(warehouse: SqlWarehouse, settings: Settings, now: dt.datetime) -> Synced:
    """Bring alert_history up to date; writes nothing where nothing is new.

    Raises TableError for a source that is not there, may not be read or lacks columns, and what
    the warehouse raises.
    """
    read = source_reading(warehouse, settings)
    newest = _newest(warehouse, settings)
    result = Synced(settings.history.source, alerts=len(newest), lacking=dict(read.lacking))
    if not newest:
        return result
    first = now - duration(settings.history.first)
    overlap = duration(settings.history.overlap)
    since = min(at - overlap if at else first for at in newest.values())
    rows = _rows(settings, read)
    parameters = {"since": since.isoformat()}
    [found] = warehouse.query(
        f"SELECT count(*) AS n FROM ({rows}) AS s LEFT ANTI JOIN "
        f"{table_path(settings, HISTORY)} AS t ON t.evaluation_id = s.evaluation_id",
        parameters,
    )
    if found["n"]:
        warehouse.change(_merge(settings, read, rows), parameters)
    return Synced(
        result.source, int(found["n"]), len(newest), since.astimezone(dt.UTC), result.lacking
    )


def source_reading(warehouse: SqlWarehouse, settings: Settings) -> Reading:
    """How the source is read. Raises TableError, and what the warehouse raises."""
    source = settings.history.source
    try:
        rows = warehouse.query(f"DESCRIBE TABLE {source_path(settings)}")
    except WarehouseError as error:
        if _REFUSED.search(str(error)):
            raise TableError(
                f"{source} may not be read: {error}. Have SELECT on it granted, or a view of it "
                "made, and name that in databricks-alerts:history.source"
            ) from error
        if _ABSENT.search(str(error)):
            raise TableError(
                f"{source} is not there: {error}. Have the system schema `alert` enabled, or name "
                "a view of it in databricks-alerts:history.source"
            ) from error
        raise
    return reading(_columns(rows), settings.history)


def source_path(settings: Settings) -> str:
    """The source's full name as quoted SQL."""
    return qualified(*settings.history.source.split("."))


def _columns(rows: Sequence[dict[str, object]]) -> dict[str, str]:
    """Names and types from DESCRIBE's rows; behind the first blank one stands other matter."""
    found: dict[str, str] = {}
    for row in rows:
        name = str(row.get("col_name") or "")
        if not name or name.startswith("#"):
            break
        found[name] = str(row.get("data_type") or "")
    return found


def _newest(warehouse: SqlWarehouse, settings: Settings) -> dict[str, dt.datetime | None]:
    """The newest known evaluation of every alert that a row names, by Databricks id."""
    rows = warehouse.query(
        "SELECT c.databricks_alert_id AS id, max(h.evaluation_timestamp) AS newest "
        f"FROM {table_path(settings, ALERTS)} AS c "
        f"LEFT JOIN {table_path(settings, HISTORY)} AS h ON h.alert_id = c.alert_id "
        "WHERE c.databricks_alert_id IS NOT NULL GROUP BY c.databricks_alert_id"
    )
    return {row["id"]: aware(row["newest"]) if row["newest"] else None for row in rows}


def _rows(settings: Settings, read: Reading) -> str:
    """The source's evaluations of our alerts since `:since`, a row each, as alert_history's.

    One id is one row, whatever joins: a view that doubles rows, two rules that name one alert.
    """
    chosen = [f"c.{name} AS {name}" for name in _OF_RULE]
    chosen += [f"{sql} AS {quote(name)}" for name, sql in read.expressions.items()]
    order = "PARTITION BY evaluation_id ORDER BY alert_id, evaluation_timestamp"
    return (
        f"SELECT * FROM (SELECT *, row_number() OVER ({order}) AS place FROM ("
        f"SELECT {', '.join(chosen)} FROM {source_path(settings)} AS e "
        f"JOIN {table_path(settings, ALERTS)} AS c ON c.databricks_alert_id = {read.alert_id} "
        f"WHERE {read.time} >= CAST(:since AS TIMESTAMP))) WHERE place = 1 "
        "AND evaluation_id IS NOT NULL AND evaluation_timestamp IS NOT NULL "
        "AND evaluation_status IS NOT NULL"
    )


def _merge(settings: Settings, read: Reading, rows: str) -> str:
    names = [*_OF_RULE, *read.expressions]
    values = ", ".join(f"s.{quote(name)}" for name in names)
    columns = ", ".join(map(quote, names))
    return (
        f"MERGE INTO {table_path(settings, HISTORY)} AS t USING ({rows}) AS s "
        "ON t.evaluation_id = s.evaluation_id WHEN NOT MATCHED THEN INSERT "
        f"({columns}, record_created_timestamp) VALUES ({values}, current_timestamp())"
    )
