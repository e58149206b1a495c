"""A preview as one JSON document, in the shape of `pulumi preview --json`.

PreviewDigest in pkg/display/json.go, filled as ShowPreviewDigest in pkg/backend/display/json.go.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.events import (
    BLINDED,
    DiagnosticEvent,
    EngineEvent,
    PreludeEvent,
    ResourceOutputsEvent,
    ResourcePreEvent,
    StdoutEvent,
    StepMetadata,
    StepState,
    SummaryEvent,
)
from databricks_alerts.engine.state.codec import Codec
from databricks_alerts.engine.state.records import encode_resource
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.values import Properties, Secret, map_value

_NANOSECONDS = 1_000_000_000
# Fields that a step shows as they were at its time; the record goes on changing.
_OF_EVENTS = {"urn", "custom", "delete", "id", "type", "parent", "protect", "taint", "external"}
_OF_EVENTS |= {"initErrors", "provider", "retainOnDelete", "hideDiff"}


class PreviewDigest:
    """Collects a preview's events; `to_json` is the document. Nothing is printed meanwhile.

    `show_sames` lists what stays as it is, too; the root stack is always listed.
    """

    def __init__(self, *, show_sames: bool = False) -> None:
        self._show_sames = show_sames
        self._document: dict[str, Any] = {}
        self._steps: list[dict[str, Any]] = []
        self._positions: dict[str, int] = {}
        self._refreshing: set[str] = set()
        self._diagnostics: list[dict[str, Any]] = []

    def __call__(self, event: EngineEvent) -> None:
        """Take one event."""
        match event.payload:
            case PreludeEvent(config):
                self._document["config"] = config
            case DiagnosticEvent() as payload:
                self._diagnose(payload)
            case StdoutEvent(message):
                self._diagnostics.append({"message": message, "severity": "info"})
            case ResourcePreEvent(metadata):
                self._plan(metadata)
            case ResourceOutputsEvent(metadata):
                self._refreshed(metadata)
            case SummaryEvent() as payload:
                self._document["duration"] = payload.duration_seconds * _NANOSECONDS
                self._document["changeSummary"] = dict(sorted(payload.resource_changes.items()))
                if payload.maybe_corrupt:
                    self._document["maybeCorrupt"] = True

    def to_json(self, duration: float | None = None) -> dict[str, Any]:
        """The document; `duration` in seconds is finer than the events' whole ones."""
        found = dict(self._document)
        if duration is not None:
            found["duration"] = int(duration * _NANOSECONDS)
        found |= {"steps": self._steps, "diagnostics": self._diagnostics}
        order = ("config", "steps", "diagnostics", "duration", "changeSummary", "maybeCorrupt")
        return {name: found[name] for name in order if found.get(name)}

    def _diagnose(self, event: DiagnosticEvent) -> None:
        if event.ephemeral or event.severity == "debug":
            return
        entry = {"urn": event.urn} if event.urn else {}
        message = event.prefix + event.message
        self._diagnostics.append({**entry, "message": message, "severity": event.severity})

    def _plan(self, metadata: StepMetadata) -> None:
        if metadata.op == "refresh":
            self._refreshing.add(metadata.urn)
        if not self._shows(metadata):
            return
        self._positions[metadata.urn] = len(self._steps)
        self._steps.append(_step(metadata))

    def _refreshed(self, metadata: StepMetadata) -> None:
        """What a refresh turned out to be takes the place of the refresh."""
        if metadata.urn not in self._refreshing or metadata.urn not in self._positions:
            return
        self._refreshing.discard(metadata.urn)
        found = metadata.op == "update" and metadata.detailed_diff is not None
        if found or metadata.op == "delete":
            self._steps[self._positions[metadata.urn]] = _step(metadata)

    def _shows(self, metadata: StepMetadata) -> bool:
        if metadata.type == urns.STACK_TYPE or metadata.op != "same":
            return True
        # What is protected from now on, or no more, is told though nothing is done.
        old, new = metadata.old, metadata.new
        protection = old is not None and new is not None and old.protect != new.protect
        return self._show_sames or protection


def _step(metadata: StepMetadata) -> dict[str, Any]:
    step: dict[str, Any] = {"op": metadata.op, "urn": metadata.urn}
    optional = {
        "provider": metadata.provider,
        "oldState": None if metadata.old is None else _state(metadata.old),
        "newState": None if metadata.new is None else _state(metadata.new),
        "diffReasons": metadata.diffs,
        "replaceReasons": metadata.keys,
    }
    step |= {name: item for name, item in optional.items() if item}
    detailed = metadata.detailed_diff
    step["detailedDiff"] = (
        None
        if detailed is None
        else {
            path: {"kind": item.kind, "inputDiff": item.input_diff}
            for path, item in sorted(detailed.items())
        }
    )
    return step


def _state(state: StepState) -> dict[str, Any]:
    """The state as ResourceV3 has it; as far as events carry it where they come from a log."""
    document: dict[str, Any] = {"urn": state.urn, "custom": state.custom}
    optional = {
        "delete": state.delete,
        "id": state.id,
        "type": state.type,
        "inputs": _blinded(state.inputs),
        "outputs": _blinded(state.outputs),
        "parent": state.parent,
        "protect": state.protect,
        "taint": state.taint,
        "external": state.external,
        "initErrors": state.init_errors,
        "provider": state.provider,
        "retainOnDelete": state.retain_on_delete,
        "hideDiff": state.hide_diffs,
    }
    shown = document | {name: item for name, item in optional.items() if item}
    return shown if state.record is None else shown | _rest(state.record)


def _rest(resource: ResourceState) -> dict[str, Any]:
    """What the state knows of a resource besides what events show; values are shown by these."""
    return {
        name: item
        for name, item in encode_resource(replace(resource, inputs={}, outputs={}), _CODEC).items()
        if name not in _OF_EVENTS
    }


class _NoCipher:
    """Nothing secret is left when values get here."""

    def encrypt(self, text: str) -> str:
        return BLINDED

    def decrypt(self, ciphertext: str) -> str:
        return BLINDED


_CODEC = Codec(_NoCipher(), remember=False)


def _blinded(properties: Properties) -> Any:
    plain = map_value(properties, lambda leaf: BLINDED if isinstance(leaf, Secret) else leaf)
    return _CODEC.encode(plain)
