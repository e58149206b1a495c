"""What the program asks for: one registration, and one answer to it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Literal

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.values import Properties

# The state's field of the same name (apitype.ResourceV3).
REPLACEMENT_TRIGGER = "replacementTrigger"


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name that a resource had: a whole URN, or the parts that differ."""

    urn: str = ""
    name: str = ""
    type: str = ""
    stack: str = ""
    project: str = ""
    parent: str = ""
    no_parent: bool = False


@dataclass(slots=True)
class Goal:
    """A resource as the program registers it; None means "not said", so that parents decide.

    `import_id` adopts an existing resource. `version` is of the package that the program uses.
    """

    type: str
    name: str
    custom: bool
    inputs: Properties = field(default_factory=dict)
    parent: str = ""
    provider: str = ""
    version: str = ""
    dependencies: list[str] = field(default_factory=list)
    property_dependencies: dict[str, list[str]] = field(default_factory=dict)
    protect: bool | None = None
    retain_on_delete: bool | None = None
    delete_before_replace: bool | None = None
    deleted_with: str = ""
    replace_with: list[str] = field(default_factory=list)
    replacement_trigger: Any = None
    ignore_changes: list[str] = field(default_factory=list)
    replace_on_changes: list[str] = field(default_factory=list)
    hide_diff: list[str] = field(default_factory=list)
    additional_secret_outputs: list[str] = field(default_factory=list)
    aliases: list[Alias] = field(default_factory=list)
    import_id: str = ""
    custom_timeouts: dict[str, float] = field(default_factory=dict)
    source_position: str = ""
    stack_trace: list[Any] = field(default_factory=list)
    hooks: dict[str, list[str]] = field(default_factory=dict)

    def inherit(self, parent: Goal) -> None:
        """Take from the parent what this goal leaves open."""
        self.deleted_with = self.deleted_with or parent.deleted_with
        if self.protect is None:
            self.protect = parent.protect
        if self.retain_on_delete is None:
            self.retain_on_delete = parent.retain_on_delete
        if not self.provider and parent.provider and self._may_use(parent.provider):
            self.provider = parent.provider

    def _may_use(self, provider: str) -> bool:
        provider_urn, _ = urns.split_reference(provider)
        package = urns.package_of(urns.type_of(provider_urn))
        return not self.custom or package == urns.package_of(self.type)

    def to_state(self, urn: str, old: ResourceState | None) -> ResourceState:
        """The state that this goal leads to, before a provider has seen it."""
        return ResourceState(
            urn=urn,
            type=self.type,
            custom=self.custom,
            inputs=self.inputs,
            parent=self.parent,
            provider=self.provider if self.custom else "",
            dependencies=self.dependencies,
            property_dependencies=self.property_dependencies,
            protect=bool(self.protect),
            retain_on_delete=bool(self.retain_on_delete),
            deleted_with=self.deleted_with,
            replace_with=self.replace_with,
            additional_secret_outputs=self.additional_secret_outputs,
            custom_timeouts=self.custom_timeouts,
            import_id=self.import_id,
            ignore_changes=self.ignore_changes,
            replace_on_changes=self.replace_on_changes,
            hide_diff=self.hide_diff,
            resource_hooks=self.hooks,
            source_position=self.source_position,
            stack_trace=self.stack_trace,
            created=old.created if old else "",
            modified=old.modified if old else "",
            refresh_before_update=old.refresh_before_update if old else False,
            extra=self._extra(old),
        )

    def _extra(self, old: ResourceState | None) -> dict[str, Any]:
        """State fields without a column of their own: the old ones, and the trigger."""
        extra = {
            key: value
            for key, value in (old.extra if old else {}).items()
            if key != REPLACEMENT_TRIGGER
        }
        if self.replacement_trigger is not None:
            extra[REPLACEMENT_TRIGGER] = self.replacement_trigger
        return extra


@dataclass(frozen=True, slots=True)
class Answer:
    """What the program is told about its registration; `unknown`: targets left it out."""

    state: ResourceState
    result: Literal["success", "fail", "skip"] = "success"
    unknown: bool = False
