"""Registrations off the wire: RegisterResourceRequest, through transforms, to a Goal."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from pulumi.runtime.proto import alias_pb2, resource_pb2

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine import wire
from databricks_alerts.engine.callbacks import Transform
from databricks_alerts.engine.errors import DeploymentError, UnsupportedError
from databricks_alerts.engine.hooks import STATE_NAMES
from databricks_alerts.engine.monitor import positions
from databricks_alerts.engine.steps.goal import Alias, Goal
from databricks_alerts.engine.values import Properties, has_unknown, reveal

_UNITS = {"ns": 1e-9, "us": 1e-6, "µs": 1e-6, "ms": 1e-3, "s": 1.0, "m": 60.0, "h": 3600.0}
_DURATION = re.compile(r"(\d+(?:\.\d*)?|\.\d+)(ns|us|µs|ms|s|m|h)")


def goal_of(request: Any, project_root: Path, transforms: Iterable[Transform]) -> Goal:
    """What a registration asks for, after the transforms that apply to it.

    Raises UnsupportedError for what only the CLI does, DeploymentError for a bad value.
    """
    _refuse_unsupported(request)
    inputs = wire.from_struct(request.object)
    listed = {key: list(item.urns) for key, item in request.propertyDependencies.items()}
    dependencies = set(request.dependencies)
    if not listed:
        listed = {key: sorted(dependencies) for key in inputs}
    options = _options(request)
    transforming = list(transforms)
    if transforming:
        inputs = {key: wire.upgrade(item, listed.get(key, ())) for key, item in inputs.items()}
    for transform in transforming:
        inputs, options = transform.apply(
            request.type, request.name, request.custom, request.parent, inputs, options
        )
    if transforming:
        # Dependencies of values that a transform keeps stay; those of new ones are added below.
        dependencies = set(options.depends_on)
        listed = {key: item for key, item in listed.items() if key in inputs}
    return _goal(request, options, inputs, _Dependencies(dependencies, listed), project_root)


class _Dependencies:
    """The dependencies of a registration, those inside outputs included."""

    def __init__(self, dependencies: set[str], by_property: dict[str, list[str]]) -> None:
        self.all = dependencies
        self.by_property = by_property

    def add_outputs(self, inputs: Properties) -> None:
        for key, value in inputs.items():
            found = wire.output_dependencies(value)
            self.by_property[key] = sorted({*self.by_property.get(key, ()), *found})
            self.all |= found


def _goal(
    request: Any, options: Any, inputs: Properties, dependencies: _Dependencies, root: Path
) -> Goal:
    dependencies.add_outputs(inputs)
    goal = Goal(
        type=request.type,
        name=request.name,
        custom=request.custom,
        inputs=_with_version(request.type, options.version, wire.downgrade(inputs)),
        parent=request.parent,
        provider=options.provider,
        version=options.version,
        dependencies=sorted(dependencies.all),
        property_dependencies=dependencies.by_property,
        protect=_optional(options, "protect"),
        retain_on_delete=_optional(options, "retain_on_delete"),
        delete_before_replace=_optional(options, "delete_before_replace"),
        deleted_with=options.deleted_with,
        replace_with=list(options.replace_with),
        ignore_changes=list(options.ignore_changes),
        replace_on_changes=list(options.replace_on_changes),
        hide_diff=list(options.hide_diff),
        additional_secret_outputs=list(options.additional_secret_outputs),
        aliases=[_alias(item) for item in options.aliases],
        import_id=getattr(options, "import"),
        custom_timeouts=_timeouts(options),
        source_position=positions.position(request.sourcePosition, root),
        stack_trace=positions.stack_trace(request.stackTrace, root),
        hooks=_hooks(options),
    )
    if options.HasField("replacement_trigger"):
        goal.replacement_trigger = _trigger(request, options.replacement_trigger)
    return goal


def _with_version(type_token: str, version: str, inputs: Properties) -> Properties:
    """A provider that the program declares keeps the version that its SDK is of, as Pulumi does."""
    if version and urns.is_provider_type(type_token):
        return {**inputs, "version": version}
    return inputs


def _trigger(request: Any, value: Any) -> Any:
    """The replacement trigger as plain JSON; None while a preview cannot know it."""
    trigger = wire.downgrade(wire.from_value(value))
    if has_unknown(trigger):
        return None
    if reveal(trigger) != trigger:
        raise UnsupportedError(
            f"{request.type} {request.name!r} has a secret in its replacement_trigger, which the "
            "embedded engine would have to write in the clear; the pulumi CLI encrypts it"
        )
    return trigger


def _refuse_unsupported(request: Any) -> None:
    if request.remote:
        raise UnsupportedError(
            f"{request.type} {request.name!r} is a remote component (one that a provider plugin "
            "constructs): the embedded engine runs no plugins, the pulumi CLI does"
        )
    if request.packageRef:
        raise UnsupportedError(
            f"{request.type} {request.name!r} comes from a parameterized package: the embedded "
            "engine runs no plugins, the pulumi CLI does"
        )
    if not request.custom:
        return
    if request.type.count(":") != 2:
        raise DeploymentError(f"{request.type!r} is not a resource type (package:module:name)")


def _options(request: Any) -> Any:
    options = resource_pb2.TransformResourceOptions(
        depends_on=request.dependencies,
        ignore_changes=request.ignoreChanges,
        replace_on_changes=request.replaceOnChanges,
        version=request.version,
        aliases=[
            *(alias_pb2.Alias(urn=urn) for urn in request.aliasURNs),
            *request.aliases,
        ],
        provider=request.provider or request.providers.get(request.type.split(":", 1)[0], ""),
        providers=request.providers,
        custom_timeouts=request.customTimeouts,
        plugin_download_url=request.pluginDownloadURL,
        deleted_with=request.deletedWith,
        additional_secret_outputs=request.additionalSecretOutputs,
        hooks=request.hooks,
        hide_diff=request.hideDiffs,
        replace_with=request.replace_with,
        **{"import": request.importId},
    )
    for field, name in (("protect", "protect"), ("retainOnDelete", "retain_on_delete")):
        if request.HasField(field):
            setattr(options, name, getattr(request, field))
    if request.deleteBeforeReplaceDefined or request.deleteBeforeReplace:
        options.delete_before_replace = request.deleteBeforeReplace
    if request.HasField("replacement_trigger"):
        options.replacement_trigger.CopyFrom(request.replacement_trigger)
    return options


def _optional(message: Any, field: str) -> bool | None:
    return bool(getattr(message, field)) if message.HasField(field) else None


def _alias(alias: Any) -> Alias:
    if alias.WhichOneof("alias") != "spec":
        return Alias(urn=alias.urn)
    spec = alias.spec
    return Alias(
        name=spec.name,
        type=spec.type,
        stack=spec.stack,
        project=spec.project,
        parent=spec.parentUrn if spec.WhichOneof("parent") == "parentUrn" else "",
        no_parent=spec.WhichOneof("parent") == "noParent" and spec.noParent,
    )


def _hooks(options: Any) -> dict[str, list[str]]:
    found = {name: list(getattr(options.hooks, kind)) for kind, name in STATE_NAMES.items()}
    return {name: hooks for name, hooks in found.items() if hooks}


def _timeouts(options: Any) -> dict[str, float]:
    names = ("create", "update", "delete", "read")
    texts = {name: getattr(options.custom_timeouts, name) for name in names}
    return {name: seconds(text) for name, text in texts.items() if text}


def seconds(duration: str) -> float:
    """Go's duration text (`1h30m`, `45s`) in seconds. Raises DeploymentError for another."""
    parts = _DURATION.findall(duration)
    if not parts or "".join(number + unit for number, unit in parts) != duration:
        raise DeploymentError(f"{duration!r} is not a duration such as 5m or 1h30m")
    return float(sum(float(number) * _UNITS[unit] for number, unit in parts))
