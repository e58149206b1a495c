"""One resource as a checkpoint holds it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.values import Properties


@dataclass(slots=True)
class ResourceState:
    """A resource of a checkpoint, in memory: properties decoded, secrets as `Secret`.

    Fields are Pulumi's `ResourceV3` (sdk/go/common/apitype/core.go) in snake case. `extra` keeps
    every field this engine does not know, so that a state written by a newer CLI loses nothing.
    """

    urn: str
    type: str
    custom: bool
    id: str = ""
    inputs: Properties = field(default_factory=dict)
    outputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool = False
    taint: bool = False
    external: bool = False
    delete: bool = False
    pending_replacement: bool = False
    init_errors: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[str] = field(default_factory=list)
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    import_id: str = ""
    retain_on_delete: bool = False
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    created: str = ""
    modified: str = ""
    source_position: str = ""
    stack_trace: list[Any] = field(default_factory=list)
    ignore_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    refresh_before_update: bool = False
    resource_hooks: dict[str, list[str]] = field(default_factory=dict)
    extra: dict[str, Any] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """What the program called the resource; it may itself hold `::`."""
        return urns.name_of(self.urn)


@dataclass(slots=True)
class PendingOperation:
    """A mutating step whose request went out and whose answer is not recorded yet."""

    resource: ResourceState
    type: str  # creating | updating | deleting | reading | importing
    extra: dict[str, Any] = field(default_factory=dict)
