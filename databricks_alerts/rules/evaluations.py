"""`databricks-alerts:history`: where a stack's evaluations are read, and how often."""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from databricks_alerts.rules.durations import duration

NEVER = "never"
_NAME = re.compile(r"[^.`\s]+\.[^.`\s]+\.[^.`\s]+")


def _table(text: str) -> str:
    name = text.strip().replace("`", "")
    if not _NAME.fullmatch(name):
        raise ValueError("name a table or a view by catalog.schema.name")
    return name


def _length(text: str) -> str:
    duration(text)
    return text


def _length_or_never(text: str) -> str:
    return text if text.strip().lower() == NEVER else _length(text)


class EvaluationHistory(BaseModel):
    """What `alerts history sync` reads.

    `source` is the system table, or a view of it that was granted to whoever deploys. `every` is
    how old the newest evaluation may be before `up` and `gate` look for newer ones (`never`: only
    the command does). `overlap` is read again each time, since rows arrive late and in any order;
    `first` is how far the first look at an alert goes back.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    source: Annotated[str, AfterValidator(_table)] = "system.alert.alert_evaluation_history"
    every: Annotated[str, AfterValidator(_length_or_never)] = "1h"
    overlap: Annotated[str, AfterValidator(_length)] = "1d"
    first: Annotated[str, AfterValidator(_length)] = Field(default="90d")

    @property
    def interval(self) -> dt.timedelta | None:
        """How often at most; None for never by itself."""
        return None if self.every.strip().lower() == NEVER else duration(self.every)
