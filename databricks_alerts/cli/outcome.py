"""From what an engine did to what is recorded: the one road for both engines."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Set
from dataclasses import dataclass
from typing import Any

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.events import (
    EngineEvent,
    ResourceFailedEvent,
    ResourceOutputsEvent,
    ResourcePreEvent,
    StepState,
)
from databricks_alerts.engine.options import DeploymentResult
from databricks_alerts.engine.values import reveal
from databricks_alerts.outcome.planned import forgotten, with_news
from databricks_alerts.outcome.record import Action, RowOutcome
from databricks_alerts.plan.deployment import Prepared

ALERT = "databricks:index/alertV2:AlertV2"
DESTINATION = "databricks:index/notificationDestination:NotificationDestination"

# What a step means to the person whose row it is. Physical parts of a replacement are left out:
# the logical `replace` tells the story once.
_ACTIONS: dict[str, Action] = {
    "same": "UNCHANGED",
    "create": "CREATED",
    "import": "UPDATED",
    "update": "UPDATED",
    "replace": "REPLACED",
    "create-replacement": "REPLACED",
    "import-replacement": "REPLACED",
    "delete": "DELETED",
    "discard": "DELETED",
}
_CALLS = frozenset({"create", "update", "delete", "create-replacement", "delete-replaced"})


class Stopwatch:
    """A sink that times the requests behind steps, from their start to their end."""

    def __init__(self) -> None:
        self._started: dict[tuple[str, str], float] = {}
        self.milliseconds: list[float] = []

    def __call__(self, event: EngineEvent) -> None:
        """Take note of one event."""
        payload = event.payload
        if isinstance(payload, ResourcePreEvent) and payload.metadata.op in _CALLS:
            self._started[payload.metadata.urn, payload.metadata.op] = time.perf_counter()
        elif isinstance(payload, ResourceOutputsEvent | ResourceFailedEvent):
            began = self._started.pop((payload.metadata.urn, payload.metadata.op), None)
            if began is not None:
                self.milliseconds.append((time.perf_counter() - began) * 1000)


@dataclass(frozen=True)
class _Applied:
    """The last word on one resource."""

    action: Action
    id: str
    error: str | None
    name: str = ""


def row_outcomes(
    prepared: Prepared, result: DeploymentResult
) -> tuple[list[RowOutcome], list[RowOutcome]]:
    """Outcomes of all rules and destinations that this run had to do with."""
    snapshot = prepared.snapshot
    findings = {
        item.alert_id: "; ".join(finding.what for finding in item.findings)
        for item in prepared.report.rules
        if not item.is_valid
    }
    findings = _blocked(result.outputs) | findings
    if "held" in result.outputs:
        held = _keys(result.outputs, "held")
    else:  # the program did not come so far: what a row names stays deployed
        held = {rule.alert_id for rule in snapshot.rules if rule.databricks_alert_id}
        held |= {row.key for row in snapshot.invalid_rules if row.databricks_id}
    alerts = _rows(_applied(result, ALERT), findings, held)
    told = {item.key for item in alerts}
    lost = [item for item in forgotten(prepared) if item.key not in told]
    return with_news(prepared, [*alerts, *lost], _destinations(prepared, result))


def deleted_outcomes(result: DeploymentResult) -> tuple[list[RowOutcome], list[RowOutcome]]:
    """Outcomes of a destroy, which reads no tables."""
    return _plain(result, ALERT), _plain(result, DESTINATION)


def _destinations(prepared: Prepared, result: DeploymentResult) -> list[RowOutcome]:
    """Outcomes of destinations, invalid ones among them: held as deployed, or skipped."""
    reasons = prepared.report.destination_reasons
    done = _applied(result, DESTINATION)
    snapshot = prepared.snapshot
    ids = {row.destination_id: row.databricks_destination_id for row in snapshot.destinations}
    ids |= {row.key: row.databricks_id for row in snapshot.invalid_destinations}
    # A held one is declared, so the engine tells of it, unless the program ended before.
    known = {key for key, identity in ids.items() if identity}
    held = set(done) if "held" in result.outputs else known
    return _rows(done, reasons, held)


def _rows(
    done: Mapping[str, _Applied], findings: Mapping[str, str], held: Set[str]
) -> list[RowOutcome]:
    """What was done to valid rows; `findings` say why the others are held or skipped."""
    rows = []
    for key in sorted({*done, *findings}):
        entry = done.get(key)
        if key in findings:
            action: Action = "HELD" if key in held or (entry and entry.id) else "SKIPPED"
            identity = entry.id if entry else None
            rows.append(
                RowOutcome(
                    key=key, action=action, databricks_id=identity or None, error=findings[key]
                )
            )
        elif entry is not None:
            rows.append(_row(key, entry))
    return rows


def _row(key: str, entry: _Applied) -> RowOutcome:
    return RowOutcome(
        key=key,
        action=entry.action,
        databricks_id=entry.id or None,
        display_name=entry.name or None,
        error=entry.error,
    )


def _plain(result: DeploymentResult, kind: str) -> list[RowOutcome]:
    return [_row(key, entry) for key, entry in sorted(_applied(result, kind).items())]


def _applied(result: DeploymentResult, kind: str) -> dict[str, _Applied]:
    """What happened to every resource of a type, by our key; an import may go on to an update."""
    errors = {failure.urn: failure.message for failure in result.failures}
    found: dict[str, _Applied] = {}
    for step in result.steps:
        action = _ACTIONS.get(step.op)
        if action is None or step.type != kind:
            continue
        key = urns.name_of(step.urn)
        state = step.new or step.old
        before = found.get(key)
        if before and before.action == "REPLACED" and action == "DELETED":
            continue
        error = errors.get(step.urn)
        if error is not None:
            # What was tried did not happen, or not whole.
            found[key] = _Applied("ERROR", state.id if state else "", error)
        else:
            found[key] = _applied_step(action, state)
    for urn, message in errors.items():
        key = urns.name_of(urn)
        if urns.type_of(urn) == kind and key not in found:
            found[key] = _Applied("ERROR", "", message)
    return found


def _blocked(outputs: Mapping[str, Any]) -> dict[str, str]:
    """Why valid rules were held or skipped, as the program tells it (components.outputs)."""
    listed: Mapping[str, Any] = reveal(outputs.get("blocked")) or {}
    return {str(key): str(reason) for key, reason in listed.items()}


def _applied_step(action: Action, state: StepState | None) -> _Applied:
    """A step that succeeded; the name is what the state says now, not what the row wants."""
    if state is None:
        return _Applied(action, "", None)
    name = "" if action == "DELETED" else str(reveal(state.inputs.get("displayName")) or "")
    return _Applied(action, state.id, None, name)


def _keys(outputs: Mapping[str, Any], name: str) -> set[str]:
    listed: Iterable[Any] = reveal(outputs.get(name)) or ()
    return {str(key) for key in listed}
