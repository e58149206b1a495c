"""What a stack is told under `databricks-alerts:`, checked as a whole."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.listing import nearest
from databricks_alerts.rules.access import Roles
from databricks_alerts.rules.evaluations import EvaluationHistory
from databricks_alerts.rules.presets import Channels, Override, Overrides, Prefix, Variables

NAMESPACE = "databricks-alerts"


class Settings(BaseModel):
    """A stack's settings; field names are the keys in snake case.

    `max_deletes` is a count, a share of the deployed alerts (a float below 1) or None for the
    default (see `plan.decisions.delete_limit`). `config_version` pins a Delta version.

    What makes an environment (see `rules.environment`): `paused` deploys alerts that never run,
    `name_prefix` stands before their names, `channels` are notified in place of those that rules
    name (none: nobody), `variables` fill `${name}` in templates, `overrides` say it differently
    than the rows of single rules. `history` says where evaluations are read.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", alias_generator=to_camel, populate_by_name=True
    )

    catalog: str = Field(min_length=1)
    gold_schema: str = Field(min_length=1)
    warehouse_id: str = Field(min_length=1)
    parent_path: str = Field(pattern="^/")
    run_as: str | None = None
    on_invalid: Literal["hold", "fail"] = "hold"
    min_success_rate: float = Field(default=0.9, ge=0, le=1)
    max_deletes: int | float | None = None
    adopt_existing: bool = True
    purge_on_delete: bool = False
    parallel_workers: int = Field(default=10, ge=1, le=100)
    config_version: int | None = Field(default=None, ge=0)
    permissions: Roles = Field(default_factory=Roles)
    paused: bool = False
    name_prefix: Prefix = ""
    channels: Channels | None = None
    variables: Variables = Field(default_factory=dict)
    overrides: Overrides = Field(default_factory=dict)
    history: EvaluationHistory = Field(default_factory=EvaluationHistory)

    @property
    def names(self) -> dict[str, str]:
        """What templates name without a variable's being set."""
        return {"catalog": self.catalog, "gold_schema": self.gold_schema}

    @field_validator("max_deletes", mode="before")
    @classmethod
    def _share_or_count(cls, value: Any) -> Any:
        """`5`, `"5"`, `"20%"`."""
        if value is None or isinstance(value, float):
            return value
        text = str(value).strip()
        if text.endswith("%"):
            share = float(text[:-1]) / 100
            if not 0 <= share <= 1:
                raise ValueError("must be from 0% to 100%")
            return min(share, 1 - 1e-12)
        count = int(text)
        if count < 0:
            raise ValueError("must not be negative")
        return count

    @field_validator("permissions", "channels", "variables", "overrides", "history", mode="before")
    @classmethod
    def _structured(cls, value: Any) -> Any:
        """Pulumi hands structured configuration over as JSON text."""
        if not isinstance(value, str):
            return value
        try:
            return json.loads(value)
        except ValueError:
            raise ValueError("write a list or a mapping in YAML, not one text") from None

    @classmethod
    def from_config(cls, configuration: Mapping[str, str], stack: str) -> Settings:
        """Settings from full Pulumi keys (`databricks-alerts:catalog`) and their text values.

        Raises ConfigurationError naming every unknown key and bad value at once.
        """
        given = {
            key.split(":", 1)[1]: value
            for key, value in configuration.items()
            if key.startswith(f"{NAMESPACE}:")
        }
        try:
            return cls.model_validate(given)
        except ValidationError as error:
            problems = "\n".join(f"  {_problem(item)}" for item in error.errors())
            raise ConfigurationError(
                f"the configuration of stack {stack} (stacks/Pulumi.{stack}.yaml) is wrong:\n"
                f"{problems}"
            ) from error


def _keys() -> list[str]:
    return [to_camel(name) for name in Settings.model_fields]


def _problem(item: Any) -> str:
    """One finding of pydantic as a sentence: key, value, what is allowed."""
    key, *inner = map(str, item["loc"])
    if inner:
        return _problem_inside(key, [part for part in inner if part != "function-before"], item)
    name = f"{NAMESPACE}:{key}"
    match item["type"]:
        case "missing":
            return f"{name} is missing; set it: pulumi config set {name} …"
        case "extra_forbidden":
            hint = nearest(key, _keys(), f"known are {', '.join(_keys())}")
            return f"{name} is not a setting; {hint}"
    return f"{name} is {item['input']!r}: {_message(item)}"


def _problem_inside(key: str, inner: Sequence[str], item: Any) -> str:
    """The same for a part of a setting."""
    name = f"{NAMESPACE}:{key}.{'.'.join(inner)}"
    if item["type"] == "extra_forbidden" and key == "overrides":
        known = list(Override.model_fields)
        hint = nearest(inner[-1], known, f"a stack overrides {', '.join(known)}")
        return f"{name} is no field that a stack can override; {hint}"
    if item["type"] == "extra_forbidden" and key == "history":
        known = list(EvaluationHistory.model_fields)
        hint = nearest(inner[-1], known, f"history has {', '.join(known)}")
        return f"{name} is not a setting; {hint}"
    if item["type"] == "model_type" and key == "overrides":
        return f"{name} is {item['input']!r}; write {', '.join(Override.model_fields)} below it"
    return f"{name} is {item['input']!r}: {_message(item)}"


def _message(item: Any) -> str:
    return str(item["msg"]).removeprefix("Value error, ")
