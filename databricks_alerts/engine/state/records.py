"""One resource as JSON: Pulumi's ResourceV3 (sdk/go/common/apitype/core.go) and back."""

from __future__ import annotations

from typing import Any

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.state.codec import Codec, Place
from databricks_alerts.engine.state.resource import PendingOperation, ResourceState

# JSON names in the order in which the CLI writes them; those without an attribute stay in `extra`.
_ATTRIBUTES: dict[str, str] = {
    "urn": "urn",
    "custom": "custom",
    "delete": "delete",
    "id": "id",
    "type": "type",
    "inputs": "inputs",
    "outputs": "outputs",
    "parent": "parent",
    "protect": "protect",
    "taint": "taint",
    "external": "external",
    "dependencies": "dependencies",
    "initErrors": "init_errors",
    "provider": "provider",
    "propertyDependencies": "property_dependencies",
    "pendingReplacement": "pending_replacement",
    "additionalSecretOutputs": "additional_secret_outputs",
    "aliases": "aliases",
    "customTimeouts": "custom_timeouts",
    "importID": "import_id",
    "retainOnDelete": "retain_on_delete",
    "deletedWith": "deleted_with",
    "replaceWith": "replace_with",
    "created": "created",
    "modified": "modified",
    "sourcePosition": "source_position",
    "stackTrace": "stack_trace",
    "ignoreChanges": "ignore_changes",
    "hideDiff": "hide_diff",
    "replaceOnChanges": "replace_on_changes",
    "replacementTrigger": "",
    "refreshBeforeUpdate": "refresh_before_update",
    "viewOf": "",
    "resourceHooks": "resource_hooks",
    "extensionRef": "",
    "snippetID": "",
}
_PROPERTIES = ("inputs", "outputs")
# A property value, though the engine has no use for it: its secrets must be encrypted anew when
# the passphrase changes.
_TRIGGER = "replacementTrigger"
_VALUES = (*_PROPERTIES, _TRIGGER, "customTimeouts")
_ALWAYS = ("urn", "custom", "type")


def decode_resource(document: Any, codec: Codec) -> ResourceState:
    """The resource that a JSON object describes. Raises StateError."""
    if not isinstance(document, dict):
        raise StateError("a resource is not a JSON object")
    urn, kind = document.get("urn"), document.get("type")
    if not isinstance(urn, str) or not urn:
        raise StateError(f"a resource without `urn` (type {kind!r})")
    if not isinstance(kind, str) or not kind:
        raise StateError(f"resource {urn} has no `type`")
    arguments: dict[str, Any] = {"custom": False}
    extra: dict[str, Any] = {}
    place = _place(urn, document.get("id", ""))
    for name, value in document.items():
        attribute = _ATTRIBUTES.get(name)
        if name in _PROPERTIES:
            arguments[name] = codec.decode_properties(value, (*place, name))
        elif name == _TRIGGER:
            extra[name] = codec.decode(value, (*place, name))
        elif not attribute:
            extra[name] = value
        elif value is not None:
            arguments[attribute] = value
    found = arguments.get("property_dependencies")
    if found:
        arguments["property_dependencies"] = {key: urns or [] for key, urns in found.items()}
    return ResourceState(**arguments, extra=extra)


def encode_resource(resource: ResourceState, codec: Codec) -> dict[str, Any]:
    """The JSON object of a resource; what is empty is left out, as the CLI does."""
    place = _place(resource.urn, resource.id)
    document: dict[str, Any] = {}
    for name, attribute in _ATTRIBUTES.items():
        value = getattr(resource, attribute) if attribute else resource.extra.get(name)
        if not value and name not in _ALWAYS:
            continue
        if name in _VALUES:
            value = codec.encode(value, (*place, name))
        document[name] = value
    document.update((key, item) for key, item in resource.extra.items() if key not in document)
    return document


def decode_operation(document: Any, codec: Codec) -> PendingOperation:
    """A pending operation. Raises StateError."""
    if not isinstance(document, dict) or not isinstance(document.get("type"), str):
        raise StateError("a pending operation without a type")
    extra = {key: item for key, item in document.items() if key not in ("resource", "type")}
    resource = decode_resource(document.get("resource"), codec)
    return PendingOperation(resource, document["type"], extra)


def encode_operation(operation: PendingOperation, codec: Codec) -> dict[str, Any]:
    """The JSON object of a pending operation."""
    resource = encode_resource(operation.resource, codec)
    return {"resource": resource, "type": operation.type, **operation.extra}


def _place(urn: str, resource_id: Any) -> Place:
    return (urn, str(resource_id))
