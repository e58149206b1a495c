"""A rule in sentences: when it is evaluated, what triggers it, how often it tells of that."""

from __future__ import annotations

from databricks_alerts.evaluation import Operand
from databricks_alerts.quartz import QuartzError, in_words
from databricks_alerts.rules.rows import Rule

_UNITS = ((86400, "day"), (3600, "hour"), (60, "minute"), (1, "second"))


def schedule(rule: Rule) -> str:
    """`every 15 minutes (Europe/Berlin), paused`; an illegal schedule says what is wrong."""
    try:
        words = in_words(rule.schedule_cron)
    except QuartzError as error:
        words = f"never: {error}"
    paused = ", paused" if rule.pause_status == "PAUSED" else ""
    return f"{words} ({rule.schedule_timezone}){paused}"


def threshold(rule: Rule) -> str:
    """`TRIGGERED when sum(cost) > 100; without rows: OK`."""
    if rule.aggregation_type:
        source = Operand(rule.threshold_column, rule.aggregation_type).label
    else:
        source = f"{rule.threshold_column} of the first row"
    operand = rule.threshold_operand
    if rule.threshold_operator.startswith("IS"):
        value = ""
    else:
        value = f" {_value(rule.threshold) if operand is None else operand.label}"
    return (
        f"TRIGGERED when {source} {rule.threshold_operator}{value}; "
        f"without rows: {rule.empty_result_state}"
    )


def notification(rule: Rule) -> str:
    """`when triggered, and again every hour; also when OK again`."""
    seconds = rule.retrigger_seconds
    again = f", and again every {duration(seconds)}" if seconds else ""
    return f"when triggered{again}{'; also when OK again' if rule.notify_on_ok else ''}"


def duration(seconds: float) -> str:
    """`hour`, `15 minutes`, `90 seconds`: in the greatest unit that counts it whole."""
    for size, name in _UNITS:
        if seconds >= size and seconds % size == 0:
            count = int(seconds // size)
            return name if count == 1 else f"{count} {name}s"
    return f"{seconds:g} seconds"


def _value(value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case float():
            return f"{value:,.15g}"
    return repr(value)
