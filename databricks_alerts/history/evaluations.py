"""The evaluations of one rule, as alert_history has them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from pydantic import BaseModel, ConfigDict

from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import HISTORY, table_path
from databricks_alerts.sql.moments import aware
from databricks_alerts.sql.warehouse import SqlWarehouse


class Evaluated(BaseModel):
    """One evaluation: when, the state found, the value it hangs on and what it was compared with.

    `sent` is None where the source does not tell of notifications.
    """

    model_config = ConfigDict(frozen=True)

    at: dt.datetime
    state: str
    previous: str | None = None
    value: float | str | None = None
    threshold: float | str | bool | None = None
    seconds: float | None = None
    error: str | None = None
    sent: bool | None = None
    channels: tuple[str, ...] = ()


def read_evaluations(
    warehouse: SqlWarehouse, settings: Settings, key: str, since: dt.datetime, most: int
) -> list[Evaluated]:
    """The newest `most` evaluations of a rule since a time, in order. Raises WarehouseError."""
    rows = warehouse.query(
        "SELECT evaluation_timestamp, evaluation_status, previous_status, "
        "query_result_value_double, query_result_value_string, threshold_value_double, "
        "threshold_value_string, threshold_value_bool, query_duration_ms, error_message, "
        f"notification_sent, notification_channels_used FROM {table_path(settings, HISTORY)} "
        "WHERE alert_id = :key AND evaluation_timestamp >= CAST(:since AS TIMESTAMP) "
        f"ORDER BY evaluation_timestamp DESC LIMIT {int(most)}",
        {"key": key, "since": since.isoformat()},
    )
    return [_evaluated(row) for row in reversed(rows)]


def _evaluated(row: dict[str, Any]) -> Evaluated:
    duration = row["query_duration_ms"]
    return Evaluated(
        at=aware(row["evaluation_timestamp"]),
        state=row["evaluation_status"],
        previous=row["previous_status"],
        value=_first(row, ("query_result_value_double", "query_result_value_string")),
        threshold=_first(row, [f"threshold_value_{kind}" for kind in ("double", "string", "bool")]),
        seconds=None if duration is None else float(duration) / 1000,
        error=row["error_message"],
        sent=row["notification_sent"],
        channels=tuple(row["notification_channels_used"] or ()),
    )


def _first(row: dict[str, Any], names: Sequence[str]) -> Any:
    found = next((row[name] for name in names if row[name] is not None), None)
    return float(found) if isinstance(found, int) and not isinstance(found, bool) else found
