"""What an engine reports while it works, in the shape of Pulumi's event log.

Each line of `pulumi up --event-log` is one `EngineEvent`: a sequence number, a time and exactly one
payload (sdk/go/common/apitype/events.go). The embedded engine makes the same events, so a display
shows what either engine did: `to_json` writes a line, `from_json` reads one.

In memory property values are those of `values`: secrets stay `Secret`, whose repr hides them, and
`to_json` blinds them as the CLI does. A value read back is `Secret("[secret]")`.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Any, Literal

from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.values import (
    UNKNOWN,
    Asset,
    Output,
    Properties,
    ResourceReference,
    Secret,
)

SIGNATURE_KEY = "4dabf18193072939515e22adb298388d"
SECRET_SIGNATURE = "1b47061264138c4ac30d75fd1eb44270"  # noqa: S105 - a public marker of Pulumi's
RESOURCE_SIGNATURE = "5cf8f73096256a8f31e491e813e4eb8e"
UNKNOWN_TEXT = "04da6b54-80e4-46f7-96ec-b56ff0331ba9"
BLINDED = "[secret]"

Severity = Literal["debug", "info", "info#err", "warning", "error"]
OperationResult = Literal["succeeded", "failed", "canceled"]


@dataclass(frozen=True, slots=True)
class StepState:
    """A resource before or after a step (StepEventStateMetadata).

    `record` is all that the state knows of it, which events have no place for; None when the step
    was read from an event log.
    """

    type: str
    urn: str
    id: str = ""
    custom: bool = False
    delete: bool = False
    parent: str = ""
    protect: bool = False
    taint: bool = False
    external: bool = False
    retain_on_delete: bool = False
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    provider: str = ""
    init_errors: list[str] = field(default_factory=list)
    hide_diffs: list[str] = field(default_factory=list)
    record: ResourceState | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True)
class PropertyDifference:
    """One entry of a detailed diff: how a property path changes."""

    kind: str
    input_diff: bool = False


@dataclass(frozen=True, slots=True)
class StepMetadata:
    """One step (StepEventMetadata): `keys` force the replacement, `diffs` are top-level keys.

    `detailed_diff` is None when the provider gave none; `logical` steps are those the program
    asked for, as opposed to their physical parts such as create-replacement.
    """

    op: str
    urn: str
    type: str
    old: StepState | None = None
    new: StepState | None = None
    keys: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    detailed_diff: dict[str, PropertyDifference] | None = None
    logical: bool = True
    provider: str = ""


@dataclass(frozen=True, slots=True)
class PreludeEvent:
    """The start of an operation, with the stack's configuration; secrets are blinded."""

    config: dict[str, str]


@dataclass(frozen=True, slots=True)
class ResourcePreEvent:
    """A step is about to be carried out, or in a preview, planned."""

    metadata: StepMetadata
    planning: bool = False


@dataclass(frozen=True, slots=True)
class ResourceOutputsEvent:
    """A step is done (`resOutputsEvent`)."""

    metadata: StepMetadata
    planning: bool = False


@dataclass(frozen=True, slots=True)
class ResourceFailedEvent:
    """A step failed (`resOpFailedEvent`); a DiagnosticEvent with the reason goes before it."""

    metadata: StepMetadata
    status: int = 0
    steps: int = 0


@dataclass(frozen=True, slots=True)
class DiagnosticEvent:
    """A message to people; `ephemeral` ones are progress and need not be kept."""

    message: str
    severity: Severity = "info"
    urn: str = ""
    prefix: str = ""
    color: str = "never"
    stream_id: int = 0
    ephemeral: bool = False


@dataclass(frozen=True, slots=True)
class StdoutEvent:
    """A message of the engine itself."""

    message: str
    color: str = "never"


@dataclass(frozen=True, slots=True)
class SummaryEvent:
    """The end: how long it took in whole seconds and how many steps of each kind there were."""

    duration_seconds: int
    resource_changes: dict[str, int]
    is_preview: bool = False
    maybe_corrupt: bool = False
    result: OperationResult = "succeeded"


@dataclass(frozen=True, slots=True)
class CancelEvent:
    """The last event of every operation."""


Payload = (
    PreludeEvent
    | ResourcePreEvent
    | ResourceOutputsEvent
    | ResourceFailedEvent
    | DiagnosticEvent
    | StdoutEvent
    | SummaryEvent
    | CancelEvent
)

_NAMES: dict[str, type[Any]] = {
    "preludeEvent": PreludeEvent,
    "resourcePreEvent": ResourcePreEvent,
    "resOutputsEvent": ResourceOutputsEvent,
    "resOpFailedEvent": ResourceFailedEvent,
    "diagnosticEvent": DiagnosticEvent,
    "stdoutEvent": StdoutEvent,
    "summaryEvent": SummaryEvent,
    "cancelEvent": CancelEvent,
}
_NAME_OF = {kind: name for name, kind in _NAMES.items()}
# Names whose camel case is not the plain one of the field's snake case.
_IRREGULAR = {"stream_id": "streamID"}
# The Go struct renames its field `Kind`.
_DIFF_KIND = "diffKind"
_NOT_IN_EVENTS = {"record"}
# Written even when empty, as the Go structs do (no `omitempty`).
_ALWAYS = {
    StepState: {"type", "urn", "id", "parent", "inputs", "outputs", "provider"},
    StepMetadata: {"op", "urn", "type", "old", "new", "detailed_diff", "provider"},
    PreludeEvent: {"config"},
    ResourcePreEvent: {"metadata"},
    ResourceOutputsEvent: {"metadata"},
    ResourceFailedEvent: {"metadata", "status", "steps"},
    DiagnosticEvent: {"message", "color", "severity"},
    StdoutEvent: {"message", "color"},
    SummaryEvent: {"duration_seconds", "resource_changes", "is_preview", "maybe_corrupt", "result"},
}


@dataclass(frozen=True, slots=True)
class EngineEvent:
    """One event: `sequence` rises by one, `timestamp` is Unix seconds."""

    sequence: int
    timestamp: int
    payload: Payload

    def to_json(self) -> dict[str, Any]:
        """The event as a line of the event log holds it; secrets are blinded."""
        name = _NAME_OF[type(self.payload)]
        return {
            "sequence": self.sequence,
            "timestamp": self.timestamp,
            name: _fields_to_json(self.payload),
        }


def from_json(document: dict[str, Any]) -> EngineEvent | None:
    """The event of one event-log line; None for kinds that this engine does not know (policies)."""
    for name, kind in _NAMES.items():
        if name in document:
            payload = _fields_from_json(kind, document[name])
            return EngineEvent(document.get("sequence", 0), document.get("timestamp", 0), payload)
    return None


def blind(value: Any) -> Any:
    """A property value as JSON shows it: secrets blinded, unknowns and references marked."""
    if isinstance(value, dict):
        return {key: blind(item) for key, item in value.items()}
    if isinstance(value, list):
        return [blind(item) for item in value]
    return _blind_leaf(value)


def unblind(value: Any) -> Any:
    """The property value that a blinded JSON value stands for."""
    if isinstance(value, list):
        return [unblind(item) for item in value]
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE:
            return Secret(value.get("plaintext", BLINDED))
        if value.get(SIGNATURE_KEY) == RESOURCE_SIGNATURE:
            return ResourceReference(value["urn"], unblind(value.get("id")))
        return {key: unblind(item) for key, item in value.items()}
    return UNKNOWN if value == UNKNOWN_TEXT else value


def _blind_leaf(value: Any) -> Any:
    match value:
        case Secret():
            return {SIGNATURE_KEY: SECRET_SIGNATURE, "ciphertext": BLINDED}
        case Output():
            return blind(Secret(value.value) if value.secret else value.value)
        case ResourceReference():
            reference = {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": value.urn}
            return reference if value.id is None else reference | {"id": blind(value.id)}
        case Asset():
            return dict(value.fields)
    return UNKNOWN_TEXT if value is UNKNOWN else value


def _camel(name: str) -> str:
    return _IRREGULAR.get(name) or re.sub(r"_(\w)", lambda match: match[1].upper(), name)


def _fields_to_json(payload: Any) -> dict[str, Any]:
    always = _ALWAYS.get(type(payload), set())
    document = {}
    for name in type(payload).__slots__:
        value = getattr(payload, name)
        if name not in _NOT_IN_EVENTS and (name in always or value):
            document[_camel(name)] = _value_to_json(name, value)
    return document


def _value_to_json(name: str, value: Any) -> Any:
    if name in ("inputs", "outputs"):
        return blind(value)
    if name == "detailed_diff" and value is not None:
        return {
            path: {_DIFF_KIND: item.kind, "inputDiff": item.input_diff}
            for path, item in value.items()
        }
    return _fields_to_json(value) if isinstance(value, StepState | StepMetadata) else value


def _fields_from_json(kind: type[Any], document: dict[str, Any]) -> Any:
    arguments = {}
    for name in kind.__slots__:
        key = _camel(name)
        if key in document:
            arguments[name] = _value_from_json(name, document[key])
    return kind(**arguments)


def _value_from_json(name: str, value: Any) -> Any:
    match name:
        case "inputs" | "outputs":
            return unblind(value or {})
        case "old" | "new":
            return None if value is None else _fields_from_json(StepState, value)
        case "metadata":
            return _fields_from_json(StepMetadata, value)
        case "detailed_diff" if value is not None:
            return {
                path: PropertyDifference(item[_DIFF_KIND], item.get("inputDiff", False))
                for path, item in value.items()
            }
    return value
