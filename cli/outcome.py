"""From what an engine did to what is recorded: the one road for both engines."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from engine.options import DeploymentResult

ALERT = "databricks:index/alertV2:AlertV2"
DESTINATION = "databricks:index/notificationDestination:NotificationDestination"

# What a step means to the person whose row it is. Physical parts of a replacement are left out:
# the logical `replace` tells the story once.
ACTIONS = {
    "same": "UNCHANGED",
    "create": "CREATED",
    "import": "UPDATED",
    "update": "UPDATED",
    "replace": "REPLACED",
    "import-replacement": "REPLACED",
    "delete": "DELETED",
    "discard": "DELETED",
}


@dataclass(frozen=True)
class Applied:
    """What happened to one of our resources: `error` is the API's message, None on success."""

    type: str
    name: str
    action: str
    id: str
    error: str | None = None


def applied(result: DeploymentResult) -> list[Applied]:
    """One entry a resource of ours, the last word on it winning (an import may be updated)."""
    errors = {failure.urn: failure for failure in result.failures}
    found: dict[str, Applied] = {}
    for step in result.steps:
        action = ACTIONS.get(step.op)
        if action is None or step.type not in (ALERT, DESTINATION):
            continue
        state = step.new or step.old
        failure = errors.get(step.urn)
        found[step.urn] = Applied(
            type=step.type,
            name=step.urn.rsplit("::", 1)[-1],
            action=action,
            id=state.id if state else "",
            error=failure.message if failure else None,
        )
    for urn, failure in errors.items():
        kind = urn.split("::")[-2].split("$")[-1]
        if urn not in found and kind in (ALERT, DESTINATION):
            found[urn] = Applied(kind, urn.rsplit("::", 1)[-1], "ERROR", "", failure.message)
    return list(found.values())


def of_type(entries: Iterable[Applied], kind: str) -> list[Applied]:
    """The entries of one resource type."""
    return [entry for entry in entries if entry.type == kind]
