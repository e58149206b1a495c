"""Whether evaluations can be read where the stack's settings say that they stand."""

from __future__ import annotations

from databricks_alerts.doctor.model import Check, Status
from databricks_alerts.doctor.privileges import FORBIDDEN, Privileges, granting
from databricks_alerts.errors import AlertsError, TableError
from databricks_alerts.history.sync import source_path, source_reading
from databricks_alerts.rules.settings import Settings
from databricks_alerts.sql.warehouse import SqlWarehouse


def check_history(warehouse: SqlWarehouse, settings: Settings, may: Privileges) -> Check:
    """The check `history`; raises nothing of ours."""
    wanted, path = settings.history, source_path(settings)
    if wanted.interval is None:
        return Check("history", "ok", "databricks-alerts:history says never")
    try:
        read = source_reading(warehouse, settings)
        warehouse.query(f"SELECT {read.time} FROM {path} AS e LIMIT 0")
    except AlertsError as error:
        if FORBIDDEN.search(str(error)):
            remedy = granting(str(error), may.me) or may.grant(["SELECT"], "table", wanted.source)
            return Check("history", "missing", str(error), remedy)
        status: Status = "missing" if isinstance(error, TableError) else "unknown"
        remedy = "enable the system schema `alert`, or set databricks-alerts:history"
        return Check("history", status, str(error), remedy)
    lacking = [f"no column {name}: {ours} stays empty" for name, ours in read.lacking.items()]
    return Check("history", "ok", "; ".join([f"{wanted.source} can be read", *lacking]))
