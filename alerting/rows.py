"""Rows of the two configuration tables as typed records, read strictly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import Any, ClassVar, Literal, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from alerting.findings import Finding
from alerting.tables import ALERTS, DESTINATIONS

Operator = Literal[">", "<", ">=", "<=", "=", "!=", "IS NULL", "IS NOT NULL"]
Aggregation = Literal["SUM", "COUNT", "COUNT_DISTINCT", "AVG", "MEDIAN", "MIN", "MAX", "STDDEV"]
DestinationType = Literal["EMAIL", "SLACK", "WEBHOOK", "TEAMS", "PAGERDUTY"]

T = TypeVar("T", bound="_Row")

_VALUE_COLUMNS = {
    "DOUBLE": "threshold_value_double",
    "STRING": "threshold_value_string",
    "BOOLEAN": "threshold_value_bool",
}


class _Row(BaseModel):
    """What both tables share."""

    table: ClassVar[str]
    key: ClassVar[str]

    model_config = ConfigDict(frozen=True, extra="ignore", strict=True)


class Rule(_Row):
    """One rule: a row of alert_configurations."""

    table: ClassVar[str] = ALERTS
    key: ClassVar[str] = "alert_id"

    alert_id: str = Field(min_length=1)
    alert_name: str = Field(min_length=1)
    alert_description: str | None = None
    agent_domain: Literal["COST", "SECURITY", "PERFORMANCE", "RELIABILITY", "QUALITY"]
    severity: Literal["CRITICAL", "WARNING", "INFO"]
    alert_query_template: str = Field(min_length=1)
    query_source: str | None = None
    source_artifact_name: str | None = None
    threshold_column: str = Field(min_length=1)
    threshold_operator: Operator
    threshold_value_type: Literal["DOUBLE", "STRING", "BOOLEAN"]
    threshold_value_double: float | None = Field(default=None, allow_inf_nan=False)
    threshold_value_string: str | None = None
    threshold_value_bool: bool | None = None
    empty_result_state: Literal["OK", "TRIGGERED", "ERROR", "UNKNOWN"]
    aggregation_type: Aggregation | None = None
    schedule_cron: str = Field(min_length=1)
    schedule_timezone: str = Field(min_length=1)
    pause_status: Literal["UNPAUSED", "PAUSED"]
    is_enabled: bool
    notification_channels: tuple[str, ...]
    notify_on_ok: bool
    retrigger_seconds: int | None = Field(default=None, ge=0)
    use_custom_template: bool
    custom_subject_template: str | None = None
    custom_body_template: str | None = None
    owner: str = Field(min_length=1)
    created_by: str = Field(min_length=1)
    created_at: dt.datetime
    tags: dict[str, str | None] = Field(default_factory=dict)
    databricks_alert_id: str | None = None
    databricks_display_name: str | None = None
    last_sync_status: str | None = None
    last_sync_action: str | None = None
    last_synced_at: dt.datetime | None = None

    @property
    def display_name(self) -> str:
        """The alert's name in Databricks."""
        return f"[{self.severity}] {self.alert_name}"

    @property
    def threshold(self) -> float | str | bool | None:
        """The value that its type names; None for IS NULL and IS NOT NULL."""
        value: float | str | bool | None = getattr(self, _VALUE_COLUMNS[self.threshold_value_type])
        return None if self.threshold_operator.startswith("IS") else value

    @model_validator(mode="after")
    def _one_threshold(self) -> Rule:
        if self.threshold_operator.startswith("IS"):
            return self
        wanted = _VALUE_COLUMNS[self.threshold_value_type]
        if getattr(self, wanted) is None:
            raise ValueError(
                f"{wanted} is NULL: threshold_value_type {self.threshold_value_type} needs it"
            )
        others = [
            column
            for column in _VALUE_COLUMNS.values()
            if column != wanted and getattr(self, column) is not None
        ]
        if others:
            raise ValueError(
                f"{others[0]} has a value, but threshold_value_type is "
                f"{self.threshold_value_type}: set it to NULL"
            )
        return self


class Destination(_Row):
    """One destination: a row of notification_destinations."""

    table: ClassVar[str] = DESTINATIONS
    key: ClassVar[str] = "destination_id"

    destination_id: str = Field(min_length=1)
    destination_name: str = Field(min_length=1)
    destination_type: DestinationType
    databricks_destination_id: str | None = None
    config_json: str | None = None
    owner: str = Field(min_length=1)
    is_enabled: bool
    created_by: str = Field(min_length=1)
    created_at: dt.datetime
    tags: dict[str, str | None] = Field(default_factory=dict)
    last_sync_status: str | None = None
    last_synced_at: dt.datetime | None = None


def read_rule(row: Mapping[str, Any]) -> Rule | list[Finding]:
    """A rule, or everything that is wrong with its row."""
    values = dict(row)
    values["threshold_operator"] = _operator(values.get("threshold_operator"))
    if values.get("aggregation_type") in ("NONE", "FIRST", ""):
        values["aggregation_type"] = None
    channels = values.get("notification_channels")
    if channels is not None:
        values["notification_channels"] = tuple(channels)
    return _read(Rule, values)


def read_destination(row: Mapping[str, Any]) -> Destination | list[Finding]:
    """A destination, or everything that is wrong with its row."""
    return _read(Destination, dict(row))


def _operator(value: Any) -> Any:
    """Spellings of one operator: `==` is `=`, `<>` is `!=`, words in any case and spacing."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.upper().split())
    return {"==": "=", "<>": "!="}.get(text, text)


def _read(kind: type[T], values: dict[str, Any]) -> T | list[Finding]:
    values["tags"] = dict(values.get("tags") or {})
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        key = str(values.get(kind.key) or "(NULL)")
        return [_finding(kind.table, key, item, values) for item in error.errors()]


def _finding(table: str, key: str, item: Any, values: Mapping[str, Any]) -> Finding:
    column = str(item["loc"][0]) if item["loc"] else ""
    value = values.get(column)
    match item["type"]:
        case "literal_error":
            what = f"{column} is {_shown(value)}; allowed are {item['ctx']['expected']}"
        case "missing":
            what = f"{column} is missing from the table: run `alerts init` to migrate it"
        case "value_error":
            what = str(item["ctx"]["error"])
        case _ if value is None:
            what = f"{column} is NULL, it needs a value"
        case _:
            what = f"{column} is {_shown(value)}: {item['msg']}"
    return Finding(
        key=key,
        check="row",
        what=what,
        where=f"{table}.{column}" if column else table,
        remedy=f"correct the row with {key!r} in {table}",
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
