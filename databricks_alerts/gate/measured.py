"""What alert_history tells of each rule: how long its query took, which values it had."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from databricks_alerts.errors import WarehouseError
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.tables import HISTORY, table_path
from databricks_alerts.sql.warehouse import SqlWarehouse


@dataclass(frozen=True)
class Measured:
    """By alert_id: mean seconds of a query, the least and greatest number, how many there were."""

    seconds: Mapping[str, float] = field(default_factory=dict)
    seen: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    samples: Mapping[str, int] = field(default_factory=dict)
    problem: str = ""

    def warning(self, stack: str) -> str | None:
        """What to tell where there is no history, so that nobody takes silence for a yes."""
        if self.samples and not self.problem:
            return None
        why = f"cannot be read: {self.problem}" if self.problem else "is empty"
        return (
            f"alert_history {why}, so cost and the policies on values and cost judge nothing: run "
            f"`alerts history sync -s {stack}`; `alerts doctor -s {stack}` names what is missing"
        )


def read_measured(warehouse: SqlWarehouse, settings: Settings) -> Measured:
    """One statement. `problem` says why it could not be answered, which stops no gate."""
    try:
        rows = warehouse.query(
            "SELECT alert_id, avg(query_duration_ms) AS mean, min(query_result_value_double) AS "
            f"low, max(query_result_value_double) AS high, "
            f"count(query_result_value_double) AS samples FROM {table_path(settings, HISTORY)} "
            "GROUP BY alert_id"
        )
    except WarehouseError as error:
        return Measured(problem=str(error))
    return Measured(
        {row["alert_id"]: row["mean"] / 1000 for row in rows if row["mean"] is not None},
        {row["alert_id"]: (row["low"], row["high"]) for row in rows if row["low"] is not None},
        {row["alert_id"]: int(row["samples"]) for row in rows},
    )
