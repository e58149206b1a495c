"""Whether a preview found nothing to do at all, so that an update would only repeat it."""

from __future__ import annotations

from databricks_alerts.engine.events import StepMetadata
from databricks_alerts.engine.options import DeploymentResult

# What the state keeps of a resource beside its inputs and outputs, so far as events tell it.
_REMEMBERED = ("urn", "parent", "provider", "protect", "taint", "retain_on_delete", "init_errors")


def is_quiet(previewed: DeploymentResult) -> bool:
    """Whether the preview showed no step, no output and no name in the state that would change."""
    return not (previewed.changed or previewed.pending or any(map(_remembers, previewed.steps)))


def _remembers(step: StepMetadata) -> bool:
    """Whether a step that changes nothing in the workspace leaves another state behind."""
    if step.old is None or step.new is None:
        return True
    if any(getattr(step.old, name) != getattr(step.new, name) for name in _REMEMBERED):
        return True
    return not step.new.custom and step.old.outputs != step.new.outputs
