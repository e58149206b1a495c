"""What the engines do differently on purpose; everything else must be the same.

Each entry takes one difference out of what is compared. docs/engines.md shows the table, and a test
keeps it current.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Difference:
    """What is seen of it by each engine, and why it stays."""

    where: str
    embedded: str
    real: str
    why: str


DIFFERENCES: list[Difference] = []
_SHAPE = re.compile(r"^\.diagnostics\[\]|State\.stackTrace\[\]|State\.sourcePosition")


def plain_steps(lines: Iterable[str], kept: Iterable[str] = ()) -> list[str]:
    """Steps without what differs on purpose."""
    untouched = {f"same databricks:index/alertV2:AlertV2::{name}" for name in kept}
    plain = [
        line.replace(" replaces:replacementTrigger", "")
        for line in lines
        if "pulumi:providers:databricks::default_" not in line
    ]
    return [line for line in dict.fromkeys(plain) if line not in untouched]


def plain_state(state: Any) -> Any:
    """A state without what differs on purpose."""
    state = copy.deepcopy(state)
    for resource in state["resources"]:
        resource.pop("stackTrace", None)
        resource.pop("sourcePosition", None)
        if not resource.get("dependencies"):
            # An empty list and none mean the same where there is nothing to depend on.
            resource.pop("propertyDependencies", None)
    return state


def plain_shape(paths: set[str]) -> set[str]:
    """The shape of a preview's document without what differs on purpose."""
    return {path for path in paths if not _SHAPE.search(path)}


def told(embedded: Any, real: Any) -> str:
    """The lines in which the two differ."""
    lines = [
        json.dumps(item, indent=1, sort_keys=True).splitlines(keepends=True)
        for item in (embedded, real)
    ]
    return "".join(difflib.unified_diff(*lines, "embedded", "real", n=4))
