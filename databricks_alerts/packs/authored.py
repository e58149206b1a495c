"""What the author of a pack writes, as frozen data.

A pack is a folder: `pack.yaml` (a `Manifest`: variables, defaults, destinations) and one `RuleFile`
a domain. Allowed values are those of the columns that the fields end up in (rules/vocabulary.py).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    Strict,
    model_validator,
)

from databricks_alerts.destinations.targets import KINDS
from databricks_alerts.rules.optional import Folder, checked_url
from databricks_alerts.rules.vocabulary import (
    LONGEST_RETRIGGER,
    Aggregation,
    DestinationType,
    EmptyResultState,
    NoAggregation,
    Operator,
    OtherSpelling,
    PauseStatus,
    Severity,
    TemplateFormat,
)
from databricks_alerts.rules.words import Domain

State = Literal["OK", "TRIGGERED"]

Text = Annotated[str, Field(min_length=1)]
Boolean = Annotated[bool, Strict()]
Integer = Annotated[int, Strict()]
Number = Annotated[float, Strict()]
Scalar = Boolean | Integer | Number | Annotated[str, Strict()]
IDENTIFIER = r"^[A-Za-z][A-Za-z0-9_-]{0,99}$"
Identifier = Annotated[str, Field(pattern=IDENTIFIER)]
VariableName = Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
ColumnName = Annotated[str, Field(pattern=r"^[A-Za-z_][A-Za-z0-9_]*$")]
ColumnType = Annotated[
    str,
    Field(
        pattern=r"^(STRING|DATE|TIMESTAMP|BOOLEAN|INT|BIGINT|DOUBLE|DECIMAL\(\d+,\d+\)"
        r"|MAP<STRING,STRING>|ARRAY<STRING>)$"
    ),
]
Columns = dict[ColumnName, ColumnType]


def _one_member(value: object) -> object:
    """Raises ValueError, once and not for each type that a member may have."""
    fields = value.values() if isinstance(value, Mapping) and value else (value,)
    if all(isinstance(item, bool | int | float | str) for item in fields):
        return value
    raise ValueError("a member is a number, a text, true or false, or a mapping of names to these")


MemberValue = Annotated[Scalar | dict[ColumnName, Scalar], BeforeValidator(_one_member)]


class _Strict(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Variable(_Strict):
    """A number or a text that a workspace may want different from the pack."""

    description: Text
    type: Literal["number", "string", "boolean"]
    default: Scalar
    local: Scalar | None = None
    """The default in the local workspace, where it differs."""
    minimum: Number | None = None
    maximum: Number | None = None
    allowed: tuple[Scalar, ...] | None = None


class Threshold(_Strict):
    """`column operator value`; the value's YAML type is the threshold's type."""

    column: Text
    operator: Literal[Operator, OtherSpelling]
    value: Scalar | None = None
    value_column: Text | None = None
    """An output column of the query to compare with, instead of a value."""
    value_aggregation: Literal[Aggregation, NoAggregation] | None = None
    """That column's; the first row's value if left out."""

    @model_validator(mode="after")
    def _value_where_needed(self) -> Threshold:
        needed = not self.operator.startswith("IS ")
        given = [item for item in (self.value, self.value_column) if item is not None]
        if needed and not given:
            raise ValueError(f"operator {self.operator} needs a value, or a value_column")
        if len(given) > 1:
            raise ValueError("either value or value_column, not both")
        if not needed and given:
            raise ValueError(f"operator {self.operator} takes no value")
        if self.value_aggregation and not self.value_column:
            raise ValueError("value_aggregation needs a value_column")
        return self


class Expectation(_Strict):
    """What a case must give; `value` is left out where the result is to be empty."""

    state: State
    value: Scalar | None = None


class Case(_Strict):
    """One test of a rule: rows of the tables that it reads, and what follows from them."""

    name: Text
    rows: dict[str, tuple[dict[str, Any], ...]] = Field(min_length=1)
    expect: Expectation
    now: str | None = None
    """UTC, ISO 8601; the runner's own fixed time if left out."""
    variables: dict[VariableName, Scalar] = Field(default_factory=dict)
    members: tuple[Text, ...] | None = None
    """Of a rule with `for_each`: the keys of the members that it is for; all if left out."""

    def concerns(self, member: str | None) -> bool:
        """Whether it tests the rule of that member; None for a rule of no family."""
        return self.members is None or member in self.members


class Message(_Strict):
    """Notification templates (mustache), with `{{ rule.… }}` put in when seeding."""

    subject: Text | None = None
    body: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> Message:
        if self.subject is None and self.body is None:
            raise ValueError("a message has a subject, a body or both")
        return self


class Parameter(_Strict):
    """The value of a query's `:name`; everything is a text, as the API has it."""

    name: Text
    type: Annotated[str, Strict()] | None = None
    value: Annotated[str, Strict()] | None = None


def _each_once(parameters: tuple[Parameter, ...]) -> tuple[Parameter, ...]:
    names = [item.name for item in parameters]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise ValueError(f"parameters has {', '.join(twice)} twice: keep one of each name")
    return parameters


def _url(text: str) -> str:
    """With whatever a family's members put in."""
    checked_url(re.sub(r"\{\{.*?\}\}", "x", text))
    return text


class RuleDefaults(_Strict):
    """What a file's or a pack's rules have unless they say otherwise; see packs.defaults."""

    severity: Severity | None = None
    description: Text | None = None
    runbook: Text | None = None
    channels: tuple[Text, ...] | None = None
    notify_on_ok: Boolean | None = None
    retrigger_seconds: Annotated[int, Strict(), Field(ge=0, le=LONGEST_RETRIGGER)] | None = None
    tags: dict[str, str] = Field(default_factory=dict)
    """Added to a rule's own, which win."""
    owner: Text | None = None
    time_zone: Text | None = None
    aggregation: Literal[Aggregation, NoAggregation] | None = None
    empty_result_state: EmptyResultState | None = None
    pause_status: PauseStatus | None = None
    enabled: Boolean | None = None
    message: Message | None = None
    """Instead of the pack's."""
    template_format: TemplateFormat | None = None
    parameters: Annotated[tuple[Parameter, ...], AfterValidator(_each_once)] | None = None
    warehouse_id: Text | None = None
    folder: Folder | None = None
    """Below the stack's parentPath."""
    run_as: Text | None = None
    runbook_url: Annotated[str, AfterValidator(_url)] | None = None


class MemberOverride(RuleDefaults):
    """What one member of a family has in place of what its rule says."""

    name: Text | None = None
    threshold: Scalar | None = None
    """The value; column and operator are the rule's."""
    schedule: Text | None = None

    @model_validator(mode="after")
    def _something(self) -> MemberOverride:
        if not self.model_fields_set:
            raise ValueError(f"it overrides nothing; give {', '.join(type(self).model_fields)}")
        return self


class ForEach(_Strict):
    """What a rule is made once for: the members of a family, listed or asked for."""

    members: tuple[MemberValue, ...] | None = None
    query: Text | None = None
    """A statement that answers a row a member, instead of `members`."""
    key: ColumnName = "key"
    """The field, or the column, that tells members apart and never changes."""
    limit: Annotated[int, Strict(), Field(ge=1, le=1000)] = 100
    """More members than this are an error; a workspace holds 1,000 alerts."""
    overrides: dict[str, MemberOverride] = Field(default_factory=dict)
    renamed_from: dict[str, str] = Field(default_factory=dict)
    """New key: old key, of members whose key changed; each keeps its row and its alert."""

    @model_validator(mode="after")
    def _one_source(self) -> ForEach:
        if (self.members is None) == (self.query is None):
            raise ValueError("for_each has either members or query")
        return self


class PackRule(RuleDefaults):
    """A rule as a pack's author writes it; what is None comes from the defaults around it."""

    id: Identifier
    name: Text
    query: Text | None = None
    query_file: Text | None = None
    """A file of SQL below the pack's folder, instead of `query`."""
    threshold: Threshold
    schedule: Text
    for_each: ForEach | None = None
    tests: tuple[Case, ...] = ()

    @model_validator(mode="after")
    def _one_query(self) -> PackRule:
        if (self.query is None) == (self.query_file is None):
            raise ValueError("a rule has either query or query_file")
        return self


class Defaults(RuleDefaults):
    """Those of a whole pack."""

    stand_in: tuple[Text, ...] = ()
    """Who is notified while a destination's secrets are missing (destinations.stand_ins)."""


class PackDestination(_Strict):
    """Where notifications go; `config` has the keys of the notification destinations API."""

    id: Identifier
    name: Text
    type: DestinationType
    owner: Text
    config: dict[str, str | tuple[str, ...]]
    stand_in: tuple[Text, ...] | None = None
    """Who is notified while its secrets are missing; the pack's default if left out."""
    tags: dict[str, str] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _keys_of_the_type(self) -> PackDestination:
        kind = KINDS[self.type]
        problems = [] if kind.suffice(self.config) else [f"{kind.needs} is missing"]
        problems += [f"{key} is unknown" for key in kind.unknown(self.config)]
        if problems:
            raise ValueError(
                f"config of a {self.type} destination: {'; '.join(problems)}; "
                f"allowed: {', '.join(kind.keys)}"
            )
        return self


class Manifest(_Strict):
    """`pack.yaml`."""

    name: VariableName
    version: Annotated[str, Field(pattern=r"^\d+\.\d+\.\d+$")] = "0.1.0"
    description: Text | None = None
    defaults: Defaults = Defaults()
    variables: dict[VariableName, Variable] = Field(default_factory=dict)
    message: Message | None = None
    destinations: tuple[PackDestination, ...] = ()
    tables: dict[ColumnName, Columns] = Field(default_factory=dict)
    """The tables of the gold schema that the rules read, for tests."""


class RuleFile(_Strict):
    """Every other YAML file of a pack."""

    domain: Domain | None = None
    """The file's name in capitals if left out."""
    defaults: RuleDefaults = RuleDefaults()
    rules: tuple[PackRule, ...]
