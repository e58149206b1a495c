"""What the engines do differently on purpose; everything else must be the same.

Each entry takes one difference out of what is compared. docs/engines.md shows the table, and a test
keeps it current.
"""

from __future__ import annotations

import copy
import difflib
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from databricks_alerts.engine import urn as urns


@dataclass(frozen=True)
class Difference:
    """What is seen of it by each engine, and why it stays."""

    where: str
    embedded: str
    real: str
    why: str


DIFFERENCES = (
    Difference(
        "stack traces in the state",
        "frames of the project's own files",
        "all frames, those of the SDK, the launcher and Python too",
        "paths of one machine would make every state differ from the next machine's",
    ),
    Difference(
        "events of a default provider",
        "none",
        "a step for each",
        "nobody declared it; an explicit provider has its steps in both",
    ),
    Difference(
        "the provider of StackReference and of the stack's own outputs",
        "none",
        "`pulumi:providers:pulumi` in the state",
        "the embedded engine answers itself; it drops the other's, which makes it again",
    ),
    Difference(
        "`same` of the root stack and of what nobody declares",
        "once, and none for what `--target` leaves alone",
        "sometimes twice, and one for each that is left alone",
        "nothing is done about any of them",
    ),
    Difference(
        "the replacement_trigger of what is imported",
        "in the state at once",
        "in the state with the next update",
        "a trigger that is new replaces nothing",
    ),
    Difference(
        "why a changed replacement_trigger replaces",
        "`replacementTrigger` as the reason",
        "no reason",
        "a replacement without a reason looks like a fault",
    ),
    Difference(
        "operations that an interrupted run left pending",
        "read again first, a `refresh` step each",
        "a warning",
        "neither knows whether they were done",
    ),
    Difference(
        "propertyDependencies without dependencies",
        "kept by a refresh",
        "left out by a refresh",
        "empty lists say the same as none",
    ),
    Difference(
        "warnings that a plugin was found on PATH",
        "none",
        "one or two a run, in `diagnostics` of `--json` too",
        "the embedded engine runs no plugins",
    ),
    Difference(
        "policy packs, remote components, parameterized packages",
        "refused or not offered; `alerts gate` has the policies",
        "run as plugins",
        "the embedded engine runs no plugins",
    ),
)
_DEFAULT_PROVIDER = re.compile(r"pulumi:providers:\w+::default")
_MESSAGES = {"diagnosticEvent", "stdoutEvent", "policyEvent", "policyLoadEvent"}
_VALUES = {"inputs", "outputs", "detailedDiff", "config", "resourceChanges"}
_SHAPE = re.compile(r"^\.diagnostics\[\]|State\.stackTrace\[\]|State\.sourcePosition")


def plain_steps(lines: Iterable[str], kept: Iterable[str] = ()) -> list[str]:
    """Steps without what differs on purpose."""
    untouched = {f"same databricks:index/alertV2:AlertV2::{name}" for name in kept}
    plain = [
        line.replace(" replaces:replacementTrigger", "")
        for line in lines
        if not _DEFAULT_PROVIDER.search(line)
    ]
    return [line for line in dict.fromkeys(plain) if line not in untouched]


def plain_state(state: Any) -> Any:
    """A state without what differs on purpose."""
    state = copy.deepcopy(state)
    state["resources"] = [
        item for item in state["resources"] if item["type"] != "pulumi:providers:pulumi"
    ]
    for resource in state["resources"]:
        resource.pop("stackTrace", None)
        if resource.get("importID"):
            resource.pop("replacementTrigger", None)
        if not resource.get("dependencies"):
            # An empty list and none mean the same where there is nothing to depend on.
            resource.pop("propertyDependencies", None)
    return state


def plain_shape(paths: set[str]) -> set[str]:
    """The shape of a preview's document without what differs on purpose."""
    return {path for path in paths if not _SHAPE.search(path)}


def plain_log(lines: Iterable[Mapping[str, Any]], kept: Sequence[str] = ()) -> list[Any]:
    """An event log without what differs on purpose; property values are the state's matter."""
    # Where something is left alone, the root stack is named as well.
    untouched = {*kept, "parity-test"} if kept else set()
    return [
        _without_values(line)
        for line in lines
        if not _MESSAGES & line.keys()
        and not _DEFAULT_PROVIDER.search(_urn_of(line))
        and _name_of(line) not in untouched
    ]


def _urn_of(line: Mapping[str, Any]) -> str:
    """Of the resource that an event tells of; empty for other events."""
    found = (payload for payload in line.values() if isinstance(payload, Mapping))
    return next((item["metadata"]["urn"] for item in found if "metadata" in item), "")


def _name_of(line: Mapping[str, Any]) -> str:
    """What the program calls that resource; empty for other events."""
    urn = _urn_of(line)
    return urns.name_of(urn) if urn else ""


def _without_values(document: Any) -> Any:
    if isinstance(document, Mapping):
        return {
            key: {} if key in _VALUES else _without_values(value) for key, value in document.items()
        }
    if isinstance(document, list):
        return [_without_values(item) for item in document]
    return document


def told(embedded: Any, real: Any) -> str:
    """The lines in which the two differ."""
    lines = [
        json.dumps(item, indent=1, sort_keys=True).splitlines(keepends=True)
        for item in (embedded, real)
    ]
    return "".join(difflib.unified_diff(*lines, "embedded", "real", n=4))
