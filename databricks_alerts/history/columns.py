"""Which column of the system table, or of a view of it, says what a column of ours holds. Pure.

The table is in preview and its columns have had several names; a view may leave some out. So they
are looked for in what DESCRIBE answers, and what is not there is named.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from databricks_alerts.errors import TableError
from databricks_alerts.rules.evaluations import EvaluationHistory
from databricks_alerts.sql.identifiers import quote

# By what it says: the names that it has had.
_NAMES: dict[str, tuple[str, ...]] = {
    "evaluation_id": ("evaluation_id", "alert_evaluation_id"),
    "alert_id": ("alert_id",),
    "time": (
        "evaluation_time",
        "evaluated_at",
        "evaluation_timestamp",
        "evaluation_start_time",
        "start_time",
    ),
    "state": ("evaluation_state", "evaluation_status", "evaluated_state", "state"),
    "previous": ("previous_evaluation_state", "previous_state", "previous_status"),
    "value": ("evaluation_value", "result_value", "evaluated_value", "value"),
    "threshold": ("threshold_value", "evaluation_threshold_value"),
    "notified": ("notification_status", "notification_delivery_status", "notification_sent"),
    "destinations": ("notified_destinations", "notification_channels_used"),
    "error": ("error_message", "error"),
    "duration": ("duration_ms", "evaluation_duration_ms", "query_duration_ms"),
}
_NEEDED = ("evaluation_id", "alert_id", "time", "state")
# In a STRUCT of values, the field of each type.
_FIELDS = ("double_value", "string_value", "bool_value")
# Words of a notification's status; of others nobody knows what they say.
_DELIVERED = ("SENT", "DELIVERED", "SUCCESS", "SUCCEEDED", "OK")
_NOT_DELIVERED = ("NOT_SENT", "FAILED", "FAILURE", "ERROR", "UNDELIVERED", "SKIPPED", "NONE")


@dataclass(frozen=True)
class Reading:
    """SQL for each column of alert_history that the source `e` fills, with `c` the rule's row.

    `time` is the source's time by itself. `lacking` are names that the source might have and does
    not, with what stays empty for it.
    """

    expressions: Mapping[str, str]
    alert_id: str
    time: str
    lacking: Mapping[str, str]


def reading(columns: Mapping[str, str], settings: EvaluationHistory) -> Reading:
    """How to read a source with these columns (name to type, as DESCRIBE tells).

    Raises TableError that names what is missing and cannot be done without.
    """
    known = {name.lower(): (name, kind.lower()) for name, kind in columns.items()}
    found: dict[str, tuple[str, str]] = {}
    for what, names in _NAMES.items():
        name = next((name for name in names if name in known), None)
        if name is not None:
            found[what] = known[name]
    missing = [what for what in _NEEDED if what not in found]
    if missing:
        wanted = "; ".join(" or ".join(_NAMES[what]) for what in missing)
        raise TableError(
            f"{settings.source} lacks a column that alert_history needs: {wanted}. It has "
            f"{', '.join(columns) or 'none'}. If it is a view, select the column in it; else set "
            "databricks-alerts:history.source to a view that names it so"
        )
    return Reading(
        _expressions(found),
        f"CAST({_column(found['alert_id'])} AS STRING)",
        f"CAST({_column(found['time'])} AS TIMESTAMP)",
        {
            " or ".join(_NAMES[what]): ", ".join(ours)
            for what, ours in _FILLED_BY.items()
            if what not in found
        },
    )


_FILLED_BY = {
    "previous": ("previous_status",),
    "value": ("query_result_value_double", "query_result_value_string"),
    "notified": ("notification_sent",),
    "destinations": ("notification_channels_used",),
    "error": ("error_message",),
    "duration": ("query_duration_ms",),
}


def _expressions(found: Mapping[str, tuple[str, str]]) -> dict[str, str]:
    time = f"CAST({_column(found['time'])} AS TIMESTAMP)"
    made = {
        "evaluation_id": f"CAST({_column(found['evaluation_id'])} AS STRING)",
        "evaluation_timestamp": time,
        "evaluation_date": f"CAST({time} AS DATE)",
        "evaluation_status": f"upper(CAST({_column(found['state'])} AS STRING))",
    }
    if "previous" in found:
        made["previous_status"] = f"upper(CAST({_column(found['previous'])} AS STRING))"
    if "value" in found:
        number, text, truth = _value(found["value"])
        shown = (
            f"CASE WHEN {number} = floor({number}) AND abs({number}) < 1e15 "
            f"THEN CAST(CAST({number} AS BIGINT) AS STRING) ELSE CAST({number} AS STRING) END"
        )
        made["query_result_value_double"] = number
        made["query_result_value_string"] = f"coalesce({text}, CAST({truth} AS STRING), {shown})"
    made |= _threshold(found.get("threshold"))
    if "notified" in found:
        made["notification_sent"] = _sent(found["notified"])
    if "destinations" in found and found["destinations"][1].startswith("array<string"):
        made["notification_channels_used"] = _column(found["destinations"])
    if "error" in found:
        made["error_message"] = f"CAST({_column(found['error'])} AS STRING)"
    if "duration" in found:
        made["query_duration_ms"] = f"CAST({_column(found['duration'])} AS DOUBLE)"
    return made


def _threshold(column: tuple[str, str] | None) -> dict[str, str]:
    """What was compared with, else what the rule says now."""
    number, text, truth = _value(column) if column else ("NULL", "NULL", "NULL")
    own = {
        "threshold_value_double": f"CAST({number} AS DOUBLE)",
        "threshold_value_string": f"CAST({text} AS STRING)",
        "threshold_value_bool": f"CAST({truth} AS BOOLEAN)",
    }
    return {name: f"coalesce({sql}, c.{quote(name)})" for name, sql in own.items()}


def _value(column: tuple[str, str]) -> tuple[str, str, str]:
    """A value as a number, a text and a truth value; of another type it is NULL."""
    name, kind = _column(column), column[1]
    if kind.startswith("struct<"):
        has = {field for field in _FIELDS if re.search(rf"[<,]\s*`?{field}`?\s*:", kind)}
        number, text, truth = (
            f"{name}.{field}" if field in has else f"CAST(NULL AS {of})"
            for field, of in zip(_FIELDS, ("DOUBLE", "STRING", "BOOLEAN"), strict=True)
        )
        return number, text, truth
    if kind == "boolean":
        return "CAST(NULL AS DOUBLE)", "CAST(NULL AS STRING)", name
    if kind.startswith(("string", "varchar", "char")):
        return f"try_cast({name} AS DOUBLE)", f"CAST({name} AS STRING)", "CAST(NULL AS BOOLEAN)"
    return f"CAST({name} AS DOUBLE)", "CAST(NULL AS STRING)", "CAST(NULL AS BOOLEAN)"


def _sent(column: tuple[str, str]) -> str:
    name, kind = _column(column), column[1]
    if kind == "boolean":
        return name
    word = f"upper(CAST({name} AS STRING))"
    return (
        f"CASE WHEN {word} IN {_listed(_DELIVERED)} THEN true "
        f"WHEN {word} IN {_listed(_NOT_DELIVERED)} THEN false END"
    )


def _listed(words: tuple[str, ...]) -> str:
    return f"({', '.join(repr(word) for word in words)})"


def _column(column: tuple[str, str]) -> str:
    return f"e.{quote(column[0])}"
