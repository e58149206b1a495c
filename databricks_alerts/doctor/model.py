"""What the doctor says of one thing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Status = Literal["ok", "missing", "unknown"]


@dataclass(frozen=True)
class Check:
    """One thing that a deployment needs; `remedy` is a statement or a command that would do."""

    name: str
    status: Status
    detail: str
    remedy: str = ""


def as_document(checks: list[Check]) -> list[dict[str, Any]]:
    """For machines."""
    return [vars(check) for check in checks]
