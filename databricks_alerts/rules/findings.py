"""Why a rule or a destination is invalid."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

Check = Literal[
    "row",
    "template",
    "statement",
    "explain",
    "threshold",
    "message",
    "schedule",
    "channels",
    "secret",
    "variable",
    "mute",
]


class Finding(BaseModel):
    """One thing that is wrong: `key` is that of the row, `where` names the column.

    `error_class`, `sqlstate`, `line` (from 1) and `position` (from 0) come from the warehouse and
    count in the rendered query.
    """

    model_config = ConfigDict(frozen=True)

    key: str
    check: Check
    what: str
    where: str
    remedy: str
    error_class: str = ""
    sqlstate: str = ""
    line: int | None = None
    position: int | None = None
