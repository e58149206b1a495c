"""Steps and changes as lines of text that a person reads."""

from __future__ import annotations

import difflib
import json
from collections.abc import Iterator
from typing import Any

from rich.text import Text

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.display import changes, words
from databricks_alerts.engine.display.changes import Change
from databricks_alerts.engine.events import BLINDED, DiagnosticEvent, StepMetadata
from databricks_alerts.engine.values import UNKNOWN, Asset, Output, ResourceReference, Secret

UNKNOWN_SHOWN = "[unknown]"
_STYLES = {"add": "green", "delete": "red", "update": "yellow"}
_SIGNS = {"add": "+", "delete": "-", "update": "~"}
_CONTEXT = 2
_LONGEST_VALUE = 400
_LONGEST_DIFF = 200
_SEVERITIES = {"error": "bold red", "warning": "yellow", "info#err": "dim", "debug": "dim"}


def step(metadata: StepMetadata, *, planned: bool, diff: bool = True) -> Iterator[Text]:
    """A step: what becomes of which resource, then, with `diff`, each change of a property."""
    named = words.of(metadata.op)
    verb = named.planned if planned else named.done
    line = Text(f"{named.sign:<2} ", style=named.style)
    line.append(words.label(metadata.urn), style="bold")
    line.append(f" {verb}", style=named.style)
    if metadata.op == "replace" and metadata.keys:
        line.append(f" (because of {', '.join(metadata.keys)})", style=named.style)
    yield line
    if diff:
        for change in changes.of_step(metadata):
            yield from of_change(change)


def outputs(metadata: StepMetadata) -> Iterator[Text]:
    """How the stack's outputs change; nothing when they do not."""
    found = changes.of_outputs(metadata)
    if found:
        yield Text("Outputs:", style="bold")
    for change in found:
        yield from of_change(change)


def of_change(change: Change, indent: str = "    ") -> Iterator[Text]:
    """One change: `~ path: old -> new`, or for texts of many lines a unified diff."""
    style = _STYLES[change.kind]
    head = f"{indent}{_SIGNS[change.kind]} {change.path}: "
    if change.kind == "update" and _is_long_text(change.old) and _is_long_text(change.new):
        yield Text(head.rstrip() + _replaces(change), style=style)
        yield from _unified(change.old, change.new, indent + "    ")
        return
    if change.kind == "update":
        text = f"{head}{value(change.old)} -> {value(change.new)}"
    else:
        text = head + value(change.new if change.kind == "add" else change.old)
    yield Text(text + _replaces(change), style=style)


def diagnostic(event: DiagnosticEvent) -> Text:
    """A message with what it is about."""
    about = f"{words.label(event.urn)}: " if event.urn and urns.is_urn(event.urn) else ""
    shown = "" if event.severity in ("info", "info#err") else f"{event.severity}: "
    return Text(
        f"{shown}{about}{event.message.rstrip()}", style=_SEVERITIES.get(event.severity, "")
    )


def value(item: Any) -> str:
    """A property value on one line; secrets and unknowns blinded, long ones cut."""
    text = json.dumps(_blinded(item), ensure_ascii=False, default=str)
    for marked in (BLINDED, UNKNOWN_SHOWN):
        text = text.replace(f'"{marked}"', marked)
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]}… ({len(text)} chars)"


def _blinded(item: Any) -> Any:
    if isinstance(item, dict):
        return {key: _blinded(inner) for key, inner in item.items()}
    if isinstance(item, list | tuple):
        return [_blinded(inner) for inner in item]
    if isinstance(item, Secret) or (isinstance(item, Output) and item.secret):
        return BLINDED
    if isinstance(item, Output):
        return _blinded(item.value)
    if isinstance(item, ResourceReference):
        return item.urn
    if isinstance(item, Asset):
        return f"{item.kind} {item.fields.get('path') or item.fields.get('uri') or ''}".rstrip()
    return UNKNOWN_SHOWN if item is UNKNOWN else item


def _unified(old: str, new: str, indent: str) -> Iterator[Text]:
    found = difflib.unified_diff(old.splitlines(), new.splitlines(), n=_CONTEXT, lineterm="")
    body = list(found)[2:]
    for line in body[:_LONGEST_DIFF]:
        style = {"+": "green", "-": "red", "@": "cyan"}.get(line[:1], "dim")
        yield Text(indent + line, style=style)
    if len(body) > _LONGEST_DIFF:
        yield Text(f"{indent}… {len(body) - _LONGEST_DIFF} lines more", style="dim")


def _is_long_text(item: Any) -> bool:
    return isinstance(item, str) and "\n" in item.strip()


def _replaces(change: Change) -> str:
    return "  [replaces]" if change.replaces else ""
