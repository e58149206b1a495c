"""What a stack says of all its rules at once: the pieces of `Settings` that make an environment.

The model are the target presets of Databricks asset bundles. `rules.environment` puts them to use.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Annotated

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, Strict, model_validator

from databricks_alerts.rules.vocabulary import Severity
from databricks_alerts.sql.literals import Value

# What templates call without a stack's saying so; see Settings.names.
BUILT_IN = ("catalog", "gold_schema")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LONGEST_NUMBER = 38  # digits of Spark's widest type

Scalar = (
    Annotated[bool, Strict()]
    | Annotated[int, Strict()]
    | Annotated[float, Strict()]
    | Annotated[str, Strict()]
)


def _one_value(value: object) -> object:
    """Raises ValueError, once and not for each type that a scalar may have."""
    if value is not None and not isinstance(value, bool | int | float | str):
        raise ValueError("give one number, text, true or false")
    return value


class Override(BaseModel):
    """What a stack says of one rule in place of its row; None leaves the row's value."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    threshold: Annotated[Scalar | None, BeforeValidator(_one_value)] = None
    schedule: str | None = Field(default=None, min_length=1)
    severity: Severity | None = None
    enabled: bool | None = None

    @model_validator(mode="after")
    def _a_value_and_something(self) -> Override:
        problem = None if self.threshold is None else problem_of(self.threshold)
        if problem:
            raise ValueError(f"threshold {self.threshold!r} {problem}")
        if not self.values:
            raise ValueError(f"it overrides nothing; give {', '.join(type(self).model_fields)}")
        return self

    @property
    def values(self) -> dict[str, Value]:
        """What is overridden, by the field's name."""
        return {name: value for name, value in self if value is not None}


def is_name(text: str) -> bool:
    """Whether a variable can be called so."""
    return _NAME.fullmatch(text) is not None


def problem_of(value: Value) -> str | None:
    """Why a value cannot become a SQL literal; None if it can."""
    if isinstance(value, float) and not math.isfinite(value):
        return "is no finite number"
    if isinstance(value, int) and len(str(abs(value))) > _LONGEST_NUMBER:
        return f"has more than {_LONGEST_NUMBER} digits"
    return "holds a NUL character" if isinstance(value, str) and "\0" in value else None


def _checked(values: object) -> object:
    """Every variable has a name that templates can say, and one value."""
    if not isinstance(values, Mapping):
        return values
    problems = [text for name, value in values.items() if (text := _problem(str(name), value))]
    if problems:
        raise ValueError("; ".join(problems))
    return values


def _problem(name: str, value: object) -> str | None:
    if name in BUILT_IN:
        return f"{name} is built in and cannot be set; choose another name"
    if not is_name(name):
        return f"{name!r} is no name; use letters, digits and _"
    if not isinstance(value, bool | int | float | str):
        return f"{name} is {value!r}; give one number, text, true or false"
    problem = problem_of(value)
    return f"{name} {problem}" if problem else None


def _on_one_line(prefix: object) -> object:
    if isinstance(prefix, str) and any(not character.isprintable() for character in prefix):
        raise ValueError("it must stand on one line, with nothing invisible in it")
    return prefix


Prefix = Annotated[str, Field(max_length=100), BeforeValidator(_on_one_line)]
Variables = Annotated[dict[str, Scalar], BeforeValidator(_checked)]
Channels = tuple[Annotated[str, Field(min_length=1)], ...]
Overrides = dict[str, Override]
