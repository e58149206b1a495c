"""Which fields an alert has, of which kind, and what Databricks refuses in them."""

from __future__ import annotations

import re
import sys
from collections.abc import Callable
from typing import Any

from databricks_alerts import quartz
from databricks_alerts.evaluation import AGGREGATIONS, OPERATORS
from databricks_alerts.local_workspace.errors import invalid

STATES = ("OK", "TRIGGERED", "ERROR", "UNKNOWN")
REQUIRED = ("display_name", "query_text", "warehouse_id", "evaluation", "schedule")
# Set by the server; what a client sends for them is ignored, as the API does.
OUTPUT_ONLY = frozenset(
    {
        "id",
        "create_time",
        "update_time",
        "owner_user_name",
        "effective_run_as",
        "lifecycle_state",
        "run_as_user_name",
        "provider_config",
    }
)

# Good enough to refuse what no mail server takes.
_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")

Check = Callable[[str, Any], None]


def check(alert: dict[str, Any]) -> None:
    """Check a whole alert. Raises ApiError INVALID_PARAMETER_VALUE naming the field."""
    for name in REQUIRED:
        if alert.get(name) in (None, ""):
            raise invalid(f"{name} is required.")
    _object("", alert, _ALERT)
    if ("threshold" in alert["evaluation"]) == (
        alert["evaluation"]["comparison_operator"] in ("IS_NULL", "IS_NOT_NULL")
    ):
        raise invalid(
            "evaluation.threshold is required, but for IS_NULL and IS_NOT_NULL, which take none."
        )


def _text(path: str, value: Any) -> None:
    if not isinstance(value, str):
        raise invalid(f"{path} must be a string.")


def _identity(path: str, value: Any) -> None:
    _text(path, value)
    if not value.strip():
        raise invalid(f"{path} must not be empty.")


def _cron(path: str, value: Any) -> None:
    _text(path, value)
    problem = quartz.problem(value)
    if problem:
        raise invalid(f"{path} {value[:60]!r} is no Quartz cron expression: {problem}.")


def _zone(path: str, value: Any) -> None:
    _text(path, value)
    if not quartz.is_time_zone(value):
        raise invalid(f"{path} {value[:60]!r} is no time zone.")


def _mail(path: str, value: Any) -> None:
    _text(path, value)
    if not _ADDRESS.fullmatch(value):
        raise invalid(f"{path} {value[:60]!r} is no e-mail address.")


def _flag(path: str, value: Any) -> None:
    if not isinstance(value, bool):
        raise invalid(f"{path} must be true or false.")


def _number(path: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise invalid(f"{path} must be a number.")
    if abs(value) > sys.float_info.max:
        raise invalid(f"{path} is larger than any number of its kind, a double.")


def _whole(path: str, value: Any) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or value < 0:
        raise invalid(f"{path} must be a whole number from 0.")


def _one_of(*allowed: str) -> Check:
    def test(path: str, value: Any) -> None:
        if value not in allowed:
            raise invalid(f"{path} must be one of {', '.join(allowed)}, not {str(value)[:60]!r}.")

    return test


def _fields(shape: dict[str, Check], *required: str, exactly_one: bool = False) -> Check:
    def test(path: str, value: Any) -> None:
        _object(path, value, shape)
        for name in required:
            if value.get(name) in (None, ""):
                raise invalid(f"{path}.{name} is required.")
        if exactly_one and len([item for item in value.values() if item is not None]) != 1:
            raise invalid(f"{path} must have exactly one of {', '.join(shape)}.")

    return test


def _many(inner: Check) -> Check:
    def test(path: str, value: Any) -> None:
        if not isinstance(value, list):
            raise invalid(f"{path} must be a list.")
        for index, item in enumerate(value):
            inner(f"{path}[{index}]", item)

    return test


def _object(path: str, value: Any, shape: dict[str, Check]) -> None:
    if not isinstance(value, dict):
        raise invalid(f"{path or 'alert'} must be an object.")
    for name, item in value.items():
        if name not in shape:
            raise invalid(f"{f'{path}.' if path else ''}{name} is not a field of an alert.")
        if item is not None:
            shape[name](f"{path}.{name}" if path else name, item)


def _anything(path: str, value: Any) -> None:
    """Output only: taken and ignored."""


def _scalar(path: str, value: Any) -> None:
    if not isinstance(value, str | int | float | bool):
        raise invalid(f"{path} must be a string.")


def _parameters(path: str, value: Any) -> None:
    """Static values by name; no name twice."""
    _many(_fields({"name": _text, "type": _text, "value": _scalar}, "name"))(path, value)
    names = [parameter["name"] for parameter in value]
    for index, name in enumerate(names):
        if name in names[:index]:
            raise invalid(f"{path}[{index}].name: {name[:60]!r} is there twice.")


_COLUMN = _fields({"name": _text, "display": _text, "aggregation": _one_of(*AGGREGATIONS)}, "name")
_RUN_AS = _fields({"user_name": _identity, "service_principal_name": _identity}, exactly_one=True)
_ALERT: dict[str, Check] = {
    "display_name": _text,
    "query_text": _text,
    "warehouse_id": _text,
    "custom_summary": _text,
    "custom_description": _text,
    "custom_template_format": _one_of("HTML", "MARKDOWN"),
    "parent_path": _text,
    "run_as": _RUN_AS,
    "parameters": _parameters,
    "schedule": _fields(
        {
            "quartz_cron_schedule": _cron,
            "timezone_id": _zone,
            "pause_status": _one_of("PAUSED", "UNPAUSED"),
        },
        "quartz_cron_schedule",
        "timezone_id",
    ),
    "evaluation": _fields(
        {
            "source": _COLUMN,
            "comparison_operator": _one_of(*OPERATORS),
            "empty_result_state": _one_of(*STATES),
            "threshold": _fields(
                {
                    "column": _COLUMN,
                    "value": _fields(
                        {"double_value": _number, "string_value": _text, "bool_value": _flag},
                        exactly_one=True,
                    ),
                },
                exactly_one=True,
            ),
            "notification": _fields(
                {
                    "notify_on_ok": _flag,
                    "retrigger_seconds": _whole,
                    "subscriptions": _many(
                        _fields(
                            {"destination_id": _identity, "user_email": _mail}, exactly_one=True
                        )
                    ),
                    "effective_notify_on_ok": _anything,
                    "effective_retrigger_seconds": _anything,
                }
            ),
            "state": _anything,
            "last_evaluated_at": _anything,
        },
        "source",
        "comparison_operator",
    ),
    **dict.fromkeys(OUTPUT_ONLY, _anything),
}
