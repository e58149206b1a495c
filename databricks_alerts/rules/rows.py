"""Rows of the two configuration tables as typed records, read strictly."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping, Sequence
from decimal import Decimal
from typing import Any, ClassVar, TypeVar

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from databricks_alerts.evaluation import Operand
from databricks_alerts.rules.findings import Finding
from databricks_alerts.rules.optional import OPTIONAL, Folder, Parameters, Url, read_parameters
from databricks_alerts.rules.tables import ALERTS, DESTINATIONS
from databricks_alerts.rules.thresholds import (
    COLUMN,
    COLUMN_AGGREGATION,
    THRESHOLD_COLUMNS,
    VALUE_COLUMNS,
    of_nothing,
    threshold_problems,
)
from databricks_alerts.rules.vocabulary import (
    LONGEST_RETRIGGER,
    Aggregation,
    DestinationType,
    EmptyResultState,
    Operator,
    PauseStatus,
    Severity,
    TemplateFormat,
    ThresholdType,
)
from databricks_alerts.rules.words import Domain

T = TypeVar("T", bound="_Row")

# Values that no check of another column minds, for columns that need one and have none.
_STAND_INS: dict[str, Any] = {
    "alert_id": "(NULL)",
    "alert_name": "(unreadable)",
    "agent_domain": "QUALITY",
    "severity": "INFO",
    "alert_query_template": "SELECT 1",
    "threshold_column": "(unreadable)",
    "threshold_operator": "IS NOT NULL",
    "threshold_value_type": "DOUBLE",
    "empty_result_state": "UNKNOWN",
    "schedule_cron": "0 0 0 * * ?",
    "schedule_timezone": "UTC",
    "pause_status": "PAUSED",
    "is_enabled": True,
    "notification_channels": (),
    "notify_on_ok": False,
    "use_custom_template": False,
    "owner": "(unreadable)",
    "created_by": "(unreadable)",
    "created_at": dt.datetime(1970, 1, 1, tzinfo=dt.UTC),
    "tags": {},
    "destination_id": "(NULL)",
    "destination_name": "(unreadable)",
    "destination_type": "WEBHOOK",
    "stand_in": (),
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
    agent_domain: Domain
    severity: Severity
    alert_query_template: str = Field(min_length=1)
    query_source: str | None = None
    source_artifact_name: str | None = None
    threshold_column: str = Field(min_length=1)
    threshold_operator: Operator
    threshold_value_type: ThresholdType
    threshold_value_double: float | None = Field(default=None, allow_inf_nan=False)
    threshold_value_string: str | None = None
    threshold_value_bool: bool | None = None
    threshold_value_column: str | None = None
    threshold_value_aggregation: Aggregation | None = None
    empty_result_state: EmptyResultState
    aggregation_type: Aggregation | None = None
    schedule_cron: str = Field(min_length=1)
    schedule_timezone: str = Field(min_length=1)
    pause_status: PauseStatus
    is_enabled: bool
    notification_channels: tuple[str, ...]
    notify_on_ok: bool
    retrigger_seconds: int | None = Field(default=None, ge=0, le=LONGEST_RETRIGGER)
    use_custom_template: bool
    custom_subject_template: str | None = None
    custom_body_template: str | None = None
    template_format: TemplateFormat | None = None
    parameters: Parameters | None = None
    warehouse_id: str | None = None
    folder: Folder | None = None
    run_as: str | None = None
    runbook_url: Url | None = None
    owner: str = Field(min_length=1)
    created_by: str = Field(min_length=1)
    created_at: dt.datetime
    tags: dict[str, str | None] = Field(default_factory=dict)
    databricks_alert_id: str | None = None
    databricks_display_name: str | None = None
    last_sync_status: str | None = None
    last_sync_action: str | None = None
    last_synced_at: dt.datetime | None = None
    # No column: what the stack puts before the names of all its alerts (rules.environment).
    name_prefix: str = ""

    @property
    def display_name(self) -> str:
        """The alert's name in Databricks."""
        return f"{self.name_prefix}[{self.severity}] {self.alert_name}"

    @property
    def threshold(self) -> float | str | bool | None:
        """The value that its type names; None for a column, for IS NULL and IS NOT NULL."""
        if self.threshold_value_column or self.threshold_operator.startswith("IS"):
            return None
        value: float | str | bool | None = getattr(self, VALUE_COLUMNS[self.threshold_value_type])
        return value

    @property
    def threshold_operand(self) -> Operand | None:
        """The column that is compared with, if it is one."""
        if not self.threshold_value_column or self.threshold_operator.startswith("IS"):
            return None
        return Operand(self.threshold_value_column, self.threshold_value_aggregation)

    @property
    def alert_parameters(self) -> list[dict[str, str]]:
        """The values of the query's `:name` markers, as the API takes them."""
        return read_parameters(self.parameters) if self.parameters else []

    @model_validator(mode="after")
    def _one_threshold(self) -> Rule:
        wrong = threshold_problems(
            self.threshold_operator, self.threshold_value_type, self.__dict__
        )
        if wrong:
            raise ValueError("; ".join(wrong.values()))
        return self


class Destination(_Row):
    """One destination: a row of notification_destinations."""

    table: ClassVar[str] = DESTINATIONS
    key: ClassVar[str] = "destination_id"

    destination_id: str = Field(min_length=1)
    destination_name: str = Field(min_length=1)
    destination_type: DestinationType
    databricks_destination_id: str | None = None
    databricks_display_name: str | None = None
    config_json: str | None = None
    # Notified in its place while its secrets are not there (destinations.stand_ins).
    stand_in: tuple[str, ...] = ()
    owner: str = Field(min_length=1)
    is_enabled: bool
    created_by: str = Field(min_length=1)
    created_at: dt.datetime
    tags: dict[str, str | None] = Field(default_factory=dict)
    last_sync_status: str | None = None
    last_synced_at: dt.datetime | None = None

    @property
    def refers(self) -> bool:
        """Whether the row names a destination that somebody else manages: an id, no configuration.

        Such a one is notified and never made, changed or deleted.
        """
        plain = (self.config_json or "").strip()
        return bool(self.databricks_destination_id) and plain in ("", "{}", "null")


class Reading(BaseModel):
    """A row as far as it can be read: `record` has stand-ins in the columns that are `broken`."""

    model_config = ConfigDict(frozen=True)

    record: Rule | Destination
    broken: frozenset[str]


def read_rule(row: Mapping[str, Any]) -> Rule | list[Finding]:
    """A rule, or everything that is wrong with its row."""
    values = _rule_values(row)
    found = _read(Rule, values)
    if isinstance(found, Rule):
        return found
    broken = {_column(item) for item in found}
    problems = (
        of_nothing(values)
        if broken & {"threshold_operator", "threshold_value_type"}
        else threshold_problems(
            values["threshold_operator"], values["threshold_value_type"], values
        )
    )
    found += [
        _row_finding(Rule, values, column, what)
        for column, what in problems.items()
        if column not in broken
    ]
    return found


def read_destination(row: Mapping[str, Any]) -> Destination | list[Finding]:
    """A destination, or everything that is wrong with its row."""
    return _read(Destination, _destination_values(row))


def read_rule_in_part(row: Mapping[str, Any], findings: Sequence[Finding]) -> Reading:
    """What is right in the row of a rule, so that other checks can look at it.

    `findings` are those of the row. A threshold that cannot be read is examined as IS NOT NULL: its
    column and aggregation are looked at, its value is not.
    """
    broken = frozenset(map(_column, findings))
    values = _rule_values(row) | {name: _STAND_INS.get(name) for name in broken}
    if broken & THRESHOLD_COLUMNS:
        values["threshold_operator"] = "IS NOT NULL"
        values |= {COLUMN: None, COLUMN_AGGREGATION: None}
    if "threshold_column" in broken:
        values["aggregation_type"] = None
    return Reading(record=_in_part(Rule, values), broken=broken)


def read_destination_in_part(row: Mapping[str, Any], findings: Sequence[Finding]) -> Reading:
    """The same for the row of a destination."""
    broken = frozenset(map(_column, findings))
    values = _destination_values(row) | {name: _STAND_INS.get(name) for name in broken}
    return Reading(record=_in_part(Destination, values), broken=broken)


def _in_part(kind: type[T], values: Mapping[str, Any]) -> T:
    """A record that is not validated; columns that the table lacks have stand-ins, too."""
    names = kind.model_fields
    given = {name: values[name] for name in names if name in values}
    needed = {name: _STAND_INS[name] for name in names if name in _STAND_INS}
    return kind.model_construct(**(needed | given))


def _column(finding: Finding) -> str:
    """The column that a finding of a row names."""
    return finding.where.partition(".")[2]


def _rule_values(row: Mapping[str, Any]) -> dict[str, Any]:
    values = _with_tags(row)
    values.pop("name_prefix", None)
    values["threshold_operator"] = _operator(values.get("threshold_operator"))
    for name in OPTIONAL:
        if isinstance(values.get(name), str) and not values[name].strip():
            values[name] = None
    for name in ("aggregation_type", "threshold_value_aggregation"):
        if values.get(name) in ("NONE", "FIRST", ""):
            values[name] = None
    if isinstance(values.get("threshold_value_double"), Decimal):  # an older table's type
        values["threshold_value_double"] = float(values["threshold_value_double"])
    channels = values.get("notification_channels")
    if channels is not None and not isinstance(channels, str):
        values["notification_channels"] = tuple(channels)
    return values


def _destination_values(row: Mapping[str, Any]) -> dict[str, Any]:
    """NULL, and no such column, are no stand-in."""
    values = _with_tags(row)
    channels = values.get("stand_in")
    if channels is None:
        values["stand_in"] = ()
    elif not isinstance(channels, str):
        values["stand_in"] = tuple(channels)
    return values


def _with_tags(row: Mapping[str, Any]) -> dict[str, Any]:
    values = dict(row)
    tags = values.get("tags")
    if tags is None or isinstance(tags, list | tuple):  # the connector's form of a map
        values["tags"] = dict(tags or ())
    return values


def _operator(value: Any) -> Any:
    """Spellings of one operator: `==` is `=`, `<>` is `!=`, words in any case and spacing."""
    if not isinstance(value, str):
        return value
    text = " ".join(value.upper().split())
    return {"==": "=", "<>": "!="}.get(text, text)


def _read(kind: type[T], values: dict[str, Any]) -> T | list[Finding]:
    """A record, or what is wrong with single columns; with none, columns contradict each other."""
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        items = [item for item in error.errors() if item["loc"]]
        return [
            _row_finding(kind, values, str(item["loc"][0]), _what(item, values)) for item in items
        ]


def _what(item: Any, values: Mapping[str, Any]) -> str:
    column = str(item["loc"][0])
    value = values.get(column)
    match item["type"]:
        case "literal_error":
            return f"{column} is {_shown(value)}; allowed are {item['ctx']['expected']}"
        case "missing":
            return f"{column} is missing from the table: run `alerts init` to migrate it"
        case "value_error":
            return str(item["ctx"]["error"])
        case _ if value is None:
            return f"{column} is NULL, it needs a value"
        case _:
            return f"{column} is {_shown(value)}: {item['msg']}"


def _row_finding(kind: type[_Row], values: Mapping[str, Any], column: str, what: str) -> Finding:
    key = str(values.get(kind.key) or "(NULL)")
    return Finding(
        key=key,
        check="row",
        what=what,
        where=f"{kind.table}.{column}",
        remedy=f"correct the row with {key!r} in {kind.table}",
    )


def _shown(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:77]}…"
