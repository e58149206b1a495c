"""What alert_history tells of each rule, summed up by one statement."""

from __future__ import annotations

import datetime as dt
from typing import Any

from pydantic import BaseModel, ConfigDict

from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import HISTORY, table_path
from databricks_alerts.sql.moments import aware
from databricks_alerts.sql.warehouse import SqlWarehouse

_DAY = dt.timedelta(days=1)
# A rule that runs once a month has an evaluation within so long before any day.
_MONTH = dt.timedelta(days=32)


class Past(BaseModel):
    """The evaluations of one rule since some time.

    `fired` is the last time that it was TRIGGERED, `rang` the last time that it became so and
    `delivered` whether somebody was then notified (None: nobody knows). `changes` counts how often
    it went between OK and TRIGGERED in the last day.
    """

    model_config = ConfigDict(frozen=True)

    first: dt.datetime
    last: dt.datetime
    state: str
    error: str | None = None
    fired: dt.datetime | None = None
    rang: dt.datetime | None = None
    delivered: bool | None = None
    changes: int = 0


def read_past(
    warehouse: SqlWarehouse, settings: Settings, now: dt.datetime, span: dt.timedelta
) -> dict[str, Past]:
    """By alert_id, for the evaluations of `span` and a month before it. Raises WarehouseError."""
    rows = warehouse.query(
        "SELECT alert_id, min(at) AS first, max(at) AS last, max_by(state, at) AS state, "
        "max_by(error_message, at) AS error, max(CASE WHEN state = 'TRIGGERED' THEN at END) AS "
        "fired, max(CASE WHEN rings THEN at END) AS rang, "
        "max_by(notification_sent, CASE WHEN rings THEN at END) AS delivered, "
        "sum(CASE WHEN at >= CAST(:day AS TIMESTAMP) AND state <> before "
        "AND state IN ('OK', 'TRIGGERED') AND before IN ('OK', 'TRIGGERED') THEN 1 ELSE 0 END) "
        "AS changes FROM (SELECT *, state = 'TRIGGERED' AND coalesce(before, '') <> 'TRIGGERED' "
        "AS rings FROM (SELECT alert_id, evaluation_timestamp AS at, evaluation_status AS state, "
        "error_message, notification_sent, lag(evaluation_status) OVER (PARTITION BY alert_id "
        "ORDER BY evaluation_timestamp, evaluation_id) AS before "
        f"FROM {table_path(settings, HISTORY)} "
        "WHERE evaluation_timestamp >= CAST(:since AS TIMESTAMP))) GROUP BY alert_id",
        {"since": (now - span - _MONTH).isoformat(), "day": (now - _DAY).isoformat()},
    )
    return {row["alert_id"]: _past(row) for row in rows}


def _past(row: dict[str, Any]) -> Past:
    times = {name: row[name] and aware(row[name]) for name in ("first", "last", "fired", "rang")}
    return Past(
        **times,
        state=row["state"],
        error=row["error"],
        delivered=row["delivered"],
        changes=int(row["changes"] or 0),
    )
