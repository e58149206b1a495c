"""A property's change as lines: old and new, long texts as a unified diff."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from databricks_alerts.gate.model import PropertyChange, StepChange


def lines_of(step: StepChange) -> Iterator[str]:
    """The changes of a step as diff lines (`-`, `+`, `@@`, or a space in front)."""
    for change in step.changes:
        yield from change_lines(change)


def change_lines(change: PropertyChange) -> Iterator[str]:
    """One change as diff lines."""
    old, new = change.old, change.new
    if old is not None and new is not None and ("\n" in old or "\n" in new):
        yield f"@@ {change.path} @@"
        yield from list(difflib.unified_diff(old.splitlines(), new.splitlines(), lineterm=""))[3:]
        return
    for sign, value in (("-", old), ("+", new)):
        if value is not None:
            first, *rest = value.splitlines() or [""]
            yield f"{sign} {change.path}: {first}"
            yield from (f"{sign}   {line}" for line in rest)
