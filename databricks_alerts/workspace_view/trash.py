"""How many alerts our own runs put into the workspace's trash, where no list shows them."""

from __future__ import annotations

from databricks_alerts.errors import WarehouseError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import METRICS
from databricks_alerts.sql.identifiers import qualified
from databricks_alerts.sql.warehouse import SqlWarehouse

# How long Databricks keeps a trashed alert.
KEPT_DAYS = 30


def trashed_lately(warehouse: SqlWarehouse, settings: Settings) -> int:
    """The alerts that runs on these tables deleted in the last 30 days.

    0 where no run was ever recorded. Raises WarehouseError.
    """
    table = qualified(settings.catalog, settings.gold_schema, METRICS)
    try:
        rows = warehouse.query(
            f"SELECT CAST(coalesce(sum(deleted_count), 0) AS INT) AS trashed FROM {table} "
            f"WHERE sync_ended_at >= current_timestamp() - INTERVAL {KEPT_DAYS} DAYS"
        )
    except WarehouseError as error:
        if error.condition == "TABLE_OR_VIEW_NOT_FOUND":
            return 0
        raise
    return int(rows[0]["trashed"] or 0)
