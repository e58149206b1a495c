"""What a stack is told under `databricks-alerts:`, checked as a whole."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError, field_validator
from pydantic.alias_generators import to_camel

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.rules.access import Roles

NAMESPACE = "databricks-alerts"


class Settings(BaseModel):
    """A stack's settings; field names are the keys in snake case.

    `max_deletes` is a count, a share of the deployed alerts (a float below 1) or None for the
    default (see `plan.decisions.delete_limit`). `config_version` pins a Delta version.
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

    @field_validator("permissions", mode="before")
    @classmethod
    def _structured(cls, value: Any) -> Any:
        """Pulumi hands structured configuration over as JSON text."""
        return json.loads(value) if isinstance(value, str) else value

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
        place = ".".join(part for part in inner if part != "function-before")
        return f"{NAMESPACE}:{key}.{place} is {item['input']!r}: {item['msg']}"
    name = f"{NAMESPACE}:{key}"
    match item["type"]:
        case "missing":
            return f"{name} is missing; set it: pulumi config set {name} …"
        case "extra_forbidden":
            near = difflib.get_close_matches(key, _keys(), 1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(_keys())}"
            return f"{name} is not a setting; {hint}"
    return f"{name} is {item['input']!r}: {item['msg']}"
