"""A step: one thing that a deployment does to one resource, as data."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

from databricks_alerts.engine.events import PropertyDifference, StepMetadata, StepState
from databricks_alerts.engine.state.resource import ResourceState

Op = Literal[
    "same",
    "create",
    "update",
    "delete",
    "replace",
    "create-replacement",
    "delete-replaced",
    "read",
    "read-replacement",
    "refresh",
    "import",
    "import-replacement",
    "discard",
    "discard-replaced",
    "remove-pending-replace",
]

# Parts of a replacement and refreshes are physical: the program asked for none of them.
_PHYSICAL = frozenset(
    {
        "create-replacement",
        "delete-replaced",
        "read-replacement",
        "discard-replaced",
        "import-replacement",
        "remove-pending-replace",
        "refresh",
    }
)


@dataclass(slots=True)
class Step:
    """What is to be done to a resource.

    `keys` force a replacement; `diffs` are the changed top-level keys; `detailed` their paths.
    `pending_delete`: the old one of a create-before-delete replacement is to be marked for
    deletion. `pending_replacement`: the resource deleted here is to be created again in this or
    the next run. `skipped`: a create that targets exclude; it is answered, but not recorded.
    `result_op` is what a refresh turned out to be.
    """

    op: Op
    old: ResourceState | None = None
    new: ResourceState | None = None
    keys: list[str] = field(default_factory=list)
    diffs: list[str] = field(default_factory=list)
    detailed: dict[str, PropertyDifference] | None = None
    ignore_changes: list[str] = field(default_factory=list)
    pending_delete: bool = False
    pending_replacement: bool = False
    skipped: bool = False
    result_op: Op | None = None

    @property
    def resource(self) -> ResourceState:
        """The resource as it will be, or as it was when it is to go."""
        state = self.new or self.old
        assert state is not None
        return state

    @property
    def urn(self) -> str:
        """The URN of the resource."""
        return self.resource.urn

    @property
    def logical(self) -> bool:
        """Whether the program asked for this, so that summaries count it."""
        return self.op not in _PHYSICAL

    def metadata(self, op: Op | None = None) -> StepMetadata:
        """The step as events show it; `op` overrides the operation."""
        return StepMetadata(
            op=op or self.op,
            urn=self.urn,
            type=self.resource.type,
            old=_state(self.old),
            new=_state(self.new),
            keys=self.keys,
            diffs=self.diffs,
            detailed_diff=self.detailed,
            logical=self.logical,
            provider=self.resource.provider,
        )


def _state(resource: ResourceState | None) -> StepState | None:
    if resource is None:
        return None
    return StepState(
        type=resource.type,
        urn=resource.urn,
        id=resource.id,
        custom=resource.custom,
        delete=resource.delete,
        parent=resource.parent,
        protect=resource.protect,
        taint=resource.taint,
        external=resource.external,
        retain_on_delete=resource.retain_on_delete,
        inputs=resource.inputs,
        outputs=resource.outputs,
        provider=resource.provider,
        init_errors=resource.init_errors,
        hide_diffs=resource.hide_diff,
        record=resource,
    )
