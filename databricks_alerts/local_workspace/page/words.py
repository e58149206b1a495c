"""Schedules, times and values as people read them. Pure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from typing import Any

from databricks_alerts import quartz
from databricks_alerts.evaluation import text_of


def schedule_in_words(cron: str, zone: str) -> str:
    """`every 15 minutes`, `every day at 08:00`; the expression itself where words would lie."""
    fields = cron.upper().split()
    if quartz.problem(cron) or len(fields) != 6:
        return f"{cron} ({zone})"
    second, minute, hour, *rest = fields
    if second == "0" and rest in (["*", "*", "?"], ["?", "*", "*"]):
        if (every := _step(minute)) and hour == "*":
            return "every minute" if every == 1 else f"every {every} minutes"
        if minute == "0" and (every := _step(hour)):
            return "every hour" if every == 1 else f"every {every} hours"
        if minute.isdigit() and hour.isdigit():
            return f"every day at {int(hour):02}:{int(minute):02} ({zone})"
    return f"{cron} ({zone})"


def _step(field: str) -> int | None:
    if field == "*":
        return 1
    start, slash, step = field.partition("/")
    return int(step) if slash and start in ("*", "0") and step.isdigit() else None


def moment(value: Any) -> str:
    """A time as `2026-11-23 08:00:00 UTC`, a dash for none."""
    if not value:
        return "-"
    found = value if isinstance(value, dt.datetime) else dt.datetime.fromisoformat(str(value))
    return found.astimezone(dt.UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def number(value: Any) -> str:
    """A value without needless digits."""
    if value is None:
        return "-"
    return f"{value:g}" if isinstance(value, float) else text_of(value)


def line(
    evaluations: Sequence[dict[str, Any]], width: float, height: float, *, low_high: Any = None
) -> str:
    """Points of a polyline through the numeric values, oldest first; empty for fewer than two."""
    values = [item["value"] for item in reversed(evaluations)]
    numbers = [found for value in values if (found := _float(value)) is not None]
    if len(numbers) < 2:
        return ""
    low, high = low_high or (min(numbers), max(numbers))
    span = (high - low) or 1.0
    step = width / (len(numbers) - 1)
    return " ".join(
        f"{index * step:.1f},{height - (value - low) / span * height:.1f}"
        for index, value in enumerate(numbers)
    )


def plot(evaluations: Sequence[dict[str, Any]], width: float, height: float) -> dict[str, Any]:
    """The polyline and the threshold's height in one scale; nothing for too few values."""
    values = [item["value"] for item in evaluations]
    numbers = [found for value in values if (found := _float(value)) is not None]
    threshold = _float(evaluations[0]["threshold"]) if evaluations else None
    if len(numbers) < 2:
        return {}
    every = [*numbers, *([] if threshold is None else [threshold])]
    low, high = min(every), max(every)
    span = (high - low) or 1.0
    return {
        "points": line(evaluations, width, height, low_high=(low, high)),
        "threshold": None if threshold is None else height - (threshold - low) / span * height,
        "low": number(low),
        "high": number(high),
        "label": number(threshold),
    }


def _float(value: Any) -> float | None:
    return float(value) if isinstance(value, int | float) and not isinstance(value, bool) else None
