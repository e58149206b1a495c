"""Property values on the wire: protobuf Structs to `databricks_alerts.engine.values` and back.

Secrets, outputs, resource references and assets are objects with a signature under
SIGNATURE_KEY (sdk/go/common/resource/sig); an unknown is one agreed string. Protobuf has doubles
only: integral ones become int, as Pulumi's state writes them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from google.protobuf import struct_pb2

from databricks_alerts.engine.events import (
    RESOURCE_SIGNATURE,
    SECRET_SIGNATURE,
    SIGNATURE_KEY,
    UNKNOWN_TEXT,
)
from databricks_alerts.engine.values import (
    UNKNOWN,
    Asset,
    Output,
    Properties,
    ResourceReference,
    Secret,
)

OUTPUT_SIGNATURE = "d0e6a833031e9bbcd3f4e8bde6ca49a4"
ASSET_SIGNATURES = {
    "c44067f5952c0a294b673a41bacd8c17": "asset",
    "0def7320c3a5731c473e5ecbe6d01bc7": "archive",
}
_SIGNATURE_OF_ASSET = {kind: signature for signature, kind in ASSET_SIGNATURES.items()}
# Doubles hold every integer up to here exactly.
_MAX_EXACT_INTEGER = 2**53


def from_struct(struct: struct_pb2.Struct) -> Properties:
    """The properties of a Struct; outputs stay `Output`."""
    return {key: _from_value(value) for key, value in struct.fields.items()}


def to_struct(properties: Mapping[str, Any]) -> struct_pb2.Struct:
    """The Struct of properties."""
    struct = struct_pb2.Struct()
    for key, value in properties.items():
        _fill(struct.fields[key], value)
    return struct


def from_value(value: struct_pb2.Value) -> Any:
    """One property value."""
    return _from_value(value)


def downgrade(value: Any) -> Any:
    """The value with every `Output` turned into what it holds: plain, Secret or UNKNOWN."""
    if isinstance(value, dict):
        return {key: downgrade(item) for key, item in value.items()}
    if isinstance(value, list):
        return [downgrade(item) for item in value]
    if isinstance(value, Output):
        inner = downgrade(value.value)
        return Secret(inner) if value.secret and not isinstance(inner, Secret) else inner
    if isinstance(value, Secret):
        inner = downgrade(value.value)
        return inner if isinstance(inner, Secret) else Secret(inner)
    return value


def upgrade(value: Any, dependencies: Iterable[str]) -> Any:
    """The value as an `Output` that carries its dependencies, for transforms."""
    urns = tuple(dependencies)
    secret = isinstance(value, Secret)
    inner = value.value if isinstance(value, Secret) else value
    if isinstance(inner, Output) or not (urns or secret or inner is UNKNOWN):
        return value
    return Output(inner, urns, secret)


def output_dependencies(value: Any) -> set[str]:
    """Every URN that outputs inside the value depend on."""
    if isinstance(value, dict):
        return set().union(*map(output_dependencies, value.values()))
    if isinstance(value, list):
        return set().union(*map(output_dependencies, value))
    if isinstance(value, Output):
        return set(value.dependencies) | output_dependencies(value.value)
    return output_dependencies(value.value) if isinstance(value, Secret) else set()


def _from_value(value: struct_pb2.Value) -> Any:
    kind = value.WhichOneof("kind")
    if kind == "string_value":
        text = value.string_value
        return UNKNOWN if text == UNKNOWN_TEXT else text
    if kind == "number_value":
        return _number(value.number_value)
    if kind == "struct_value":
        return _from_object(value.struct_value)
    if kind == "list_value":
        return [_from_value(item) for item in value.list_value.values]
    return value.bool_value if kind == "bool_value" else None


def _number(number: float) -> int | float:
    if number.is_integer() and abs(number) < _MAX_EXACT_INTEGER:
        return int(number)
    return number


def _from_object(struct: struct_pb2.Struct) -> Any:
    fields = struct.fields
    if SIGNATURE_KEY not in fields:
        return {key: _from_value(value) for key, value in fields.items()}
    plain = {key: _from_value(value) for key, value in fields.items() if key != SIGNATURE_KEY}
    signature = fields[SIGNATURE_KEY].string_value
    match signature:
        case _ if signature == SECRET_SIGNATURE:
            return Secret(plain.get("value"))
        case _ if signature == RESOURCE_SIGNATURE:
            return ResourceReference(
                plain["urn"], plain.get("id"), plain.get("packageVersion", "") or ""
            )
        case _ if signature == OUTPUT_SIGNATURE:
            dependencies = tuple(plain.get("dependencies") or ())
            return Output(plain.get("value", UNKNOWN), dependencies, bool(plain.get("secret")))
        case _ if signature in ASSET_SIGNATURES:
            return Asset(ASSET_SIGNATURES[signature], plain)
    return plain | {SIGNATURE_KEY: signature}


def _fill(target: struct_pb2.Value, value: Any) -> None:
    if isinstance(value, str):
        target.string_value = value
    elif value is None:
        target.null_value = struct_pb2.NULL_VALUE
    elif isinstance(value, bool):
        target.bool_value = value
    elif isinstance(value, int | float):
        target.number_value = value
    elif isinstance(value, dict):
        _fill_object(target, value)
    elif isinstance(value, list | tuple):
        target.list_value.SetInParent()
        for item in value:
            _fill(target.list_value.values.add(), item)
    elif value is UNKNOWN:
        target.string_value = UNKNOWN_TEXT
    else:
        _fill_object(target, _signed(value))


def _fill_object(target: struct_pb2.Value, value: Mapping[str, Any]) -> None:
    target.struct_value.SetInParent()
    fields = target.struct_value.fields
    for key, item in value.items():
        _fill(fields[key], item)


def _signed(value: Any) -> dict[str, Any]:
    """The signed object that stands for one of the marked kinds."""
    if isinstance(value, Secret):
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "value": value.value}
    if isinstance(value, ResourceReference):
        document: dict[str, Any] = {SIGNATURE_KEY: RESOURCE_SIGNATURE, "urn": value.urn}
        if value.id is not None:
            document["id"] = value.id
        return document | (
            {"packageVersion": value.package_version} if value.package_version else {}
        )
    if isinstance(value, Output):
        document = {SIGNATURE_KEY: OUTPUT_SIGNATURE, "secret": value.secret}
        if value.value is not UNKNOWN:
            document["value"] = value.value
        return document | {"dependencies": list(value.dependencies)}
    if isinstance(value, Asset):
        return {SIGNATURE_KEY: _SIGNATURE_OF_ASSET[value.kind], **value.fields}
    raise TypeError(f"a property value cannot be a {type(value).__name__}")
