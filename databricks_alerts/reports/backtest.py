"""What a backtest found: for machines, as lines of a table, and as a chart."""

from __future__ import annotations

import datetime as dt
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from rich.text import Text

from databricks_alerts.backtest.run import Point
from databricks_alerts.backtest.summary import Firings, summarize
from databricks_alerts.evaluation import OPERATORS, Condition, Operand, plain, text_of
from databricks_alerts.history.evaluations import Evaluated
from databricks_alerts.reports.chart import chart
from databricks_alerts.rules.durations import in_short

COLUMNS = ("what", "threshold", "fires", "a week", "on", "longest", "errors", "evaluations")


@dataclass(frozen=True)
class Line:
    """One threshold and its past; `what` says whose it is: the rule's, deployed, asked."""

    what: str
    condition: Condition
    firings: Firings

    @property
    def cells(self) -> list[str]:
        """In the order of COLUMNS."""
        found = self.firings
        return [
            self.what,
            threshold_of(self.condition),
            str(found.firings),
            f"{found.per_week:.2f}",
            f"{found.share:.1%}",
            in_short(found.longest),
            str(found.errors),
            str(found.evaluations),
        ]

    @property
    def document(self) -> dict[str, Any]:
        """The same for machines."""
        found, threshold = self.firings, self.condition.threshold
        label = threshold.label if isinstance(threshold, Operand) else plain(threshold)
        return {
            "what": self.what,
            "operator": OPERATORS[self.condition.operator],
            "threshold": label,
            "firings": found.firings,
            "firings_per_week": found.per_week,
            "share_triggered": found.share,
            "longest_seconds": found.longest.total_seconds(),
            "triggered": found.triggered,
            "errors": found.errors,
            "unknown": found.unknown,
            "evaluations": found.evaluations,
        }


def threshold_of(condition: Condition) -> str:
    """The condition's second half, as people write it: `> 100`."""
    sign, threshold = OPERATORS[condition.operator], condition.threshold
    if threshold is None:
        return sign
    return f"{sign} {threshold.label if isinstance(threshold, Operand) else text_of(threshold)}"


def lines_of(
    whats: Sequence[str],
    conditions: Sequence[Condition],
    points: Sequence[Point],
    end: dt.datetime,
) -> list[Line]:
    """A line for each condition that the points have states of."""
    moments = [point.at for point in points]
    return [
        Line(what, condition, summarize(moments, [point.states[index] for point in points], end))
        for index, (what, condition) in enumerate(zip(whats, conditions, strict=True))
    ]


def series(points: Sequence[Point]) -> list[dict[str, Any]]:
    """Every moment, for machines: the value, and the state under each threshold."""
    return [
        {
            "at": point.at.isoformat(),
            "value": point.value,
            "states": list(point.states),
            **({"error": point.error} if point.error else {}),
        }
        for point in points
    ]


def drawn(points: Sequence[Point], conditions: Sequence[Condition], width: int) -> list[Text]:
    """The chart of the values against all thresholds; colours are those of the first."""
    limits = [float(c.threshold) for c in conditions if _is_number(c.threshold)]  # type: ignore[arg-type]
    evaluated = [
        Evaluated(at=point.at, state=point.states[0], value=number_of(point)) for point in points
    ]
    return chart(evaluated, width, [limit for limit in limits if math.isfinite(limit)])


def number_of(point: Point) -> float | None:
    """The point's value as a number, None where it is none."""
    return float(point.value) if _is_number(point.value) else None


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)
