"""The table alert_mutes: reading its rows, adding one, ending one."""

from __future__ import annotations

import datetime as dt
from typing import Any

from databricks_alerts.errors import TableError, WarehouseError
from databricks_alerts.mutes.rows import Mute
from databricks_alerts.rules.access import MUTES
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import definition, table_path
from databricks_alerts.sql.identifiers import quote
from databricks_alerts.sql.warehouse import SqlWarehouse

_ABSENT = "TABLE_OR_VIEW_NOT_FOUND"


def mute_rows(warehouse: SqlWarehouse, settings: Settings) -> list[dict[str, Any]] | None:
    """The rows as they are; None where there is no such table: older deployments have none.

    Raises WarehouseError for whatever else keeps them from being read: a deployment that does not
    see the mutes would wake people.
    """
    try:
        return warehouse.query(f"SELECT * FROM {table_path(settings, MUTES)}")
    except WarehouseError as error:
        if error.condition.startswith(_ABSENT):
            return None
        raise


def require_rows(warehouse: SqlWarehouse, settings: Settings) -> list[dict[str, Any]]:
    """The same for who writes them. Raises TableError where there is no such table."""
    rows = mute_rows(warehouse, settings)
    if rows is None:
        raise TableError(
            f"there is no table {MUTES} in {settings.catalog}.{settings.gold_schema}: its tables "
            "are of an older version. Migrate them: alerts init"
        )
    return rows


def add_mute(warehouse: SqlWarehouse, settings: Settings, mute: Mute) -> None:
    """Write one row. Raises WarehouseError."""
    columns = definition(MUTES).columns
    chosen = ", ".join(
        f"CAST(:{item.name} AS {item.type}) AS {quote(item.name)}" for item in columns
    )
    values = {name: _text(value) for name, value in mute.model_dump().items()}
    names = ", ".join(quote(item.name) for item in columns)
    warehouse.change(
        f"MERGE INTO {table_path(settings, MUTES)} AS t USING (SELECT {chosen}) AS s "
        f"ON t.mute_id = s.mute_id WHEN NOT MATCHED THEN INSERT ({names}) "
        f"VALUES ({', '.join(f's.{quote(item.name)}' for item in columns)})",
        values,
    )


def end_mute(warehouse: SqlWarehouse, settings: Settings, key: str, now: dt.datetime) -> None:
    """End a mute now; its row stays and says when, unless it never began. Raises WarehouseError."""
    table, moment = table_path(settings, MUTES), {"key": key, "now": now.isoformat()}
    warehouse.change(
        f"DELETE FROM {table} WHERE mute_id = :key AND starts_at >= CAST(:now AS TIMESTAMP)", moment
    )
    warehouse.change(
        f"UPDATE {table} SET ends_at = CAST(:now AS TIMESTAMP) WHERE mute_id = :key "
        "AND (ends_at IS NULL OR ends_at > CAST(:now AS TIMESTAMP))",
        moment,
    )


def delete_row(warehouse: SqlWarehouse, settings: Settings, key: str) -> None:
    """Take away a row, which is no mute. Raises WarehouseError."""
    warehouse.change(
        f"DELETE FROM {table_path(settings, MUTES)} WHERE mute_id = :key", {"key": key}
    )


def _text(value: Any) -> Any:
    return value.isoformat() if isinstance(value, dt.datetime) else value
