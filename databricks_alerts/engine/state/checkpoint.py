"""A stack's state as a whole: Pulumi's checkpoint, read from and written as a JSON document.

Reads versions 0 to 4, writes 3, or 4 when a feature needs it. Whatever this engine does not know
is kept where it stood.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata as packages
from typing import Any

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.events import SIGNATURE_KEY
from databricks_alerts.engine.state import integrity, migration
from databricks_alerts.engine.state.codec import BYTE_STRING_SIGNATURE, Codec
from databricks_alerts.engine.state.records import (
    decode_operation,
    decode_resource,
    encode_operation,
    encode_resource,
)
from databricks_alerts.engine.state.resource import PendingOperation, ResourceState
from databricks_alerts.engine.state.secrets import NoSecrets, SecretsManager

ORGANIZATION = "organization"
SecretsOpener = Callable[[str, Any], SecretsManager]
_DEPLOYMENT_KEYS = {
    "manifest",
    "secrets_providers",
    "resources",
    "pending_operations",
    "metadata",
}


@dataclass(slots=True)
class Extras:
    """Unknown fields of the file, of the checkpoint in it, and of its latest deployment."""

    document: dict[str, Any] = field(default_factory=dict)
    checkpoint: dict[str, Any] = field(default_factory=dict)
    deployment: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Checkpoint:
    """A stack's state. `codec` remembers the ciphertexts read, for `secrets`."""

    project: str
    stack: str
    resources: list[ResourceState] = field(default_factory=list)
    pending: list[PendingOperation] = field(default_factory=list)
    secrets: SecretsManager = field(default_factory=NoSecrets)
    manifest: dict[str, Any] = field(default_factory=dict)
    metadata: dict[str, Any] = field(default_factory=dict)
    extra: Extras = field(default_factory=Extras)
    codec: Codec = field(init=False)

    def __post_init__(self) -> None:
        self.codec = Codec(self.secrets)
        if not self.manifest:
            self.stamp()

    @property
    def full_name(self) -> str:
        """`organization/<project>/<stack>`."""
        return f"{ORGANIZATION}/{self.project}/{self.stack}"

    def stamp(self) -> None:
        """Say in the manifest that this engine wrote the state, now."""
        version = _engine_version()
        self.manifest.update(
            time=timestamp(),
            magic=integrity.magic(version),
            version=version,
        )

    def use(self, secrets: SecretsManager) -> None:
        """Go on under another secrets manager: every secret is encrypted anew."""
        self.secrets, self.codec = secrets, Codec(secrets)


def timestamp() -> str:
    """Now, as the CLI writes times: RFC 3339 in UTC, without zeros at the end."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.%f").rstrip("0").rstrip(".") + "Z"


def decode(
    document: Any, open_secrets: SecretsOpener, *, project: str, stack: str, source: str = "state"
) -> Checkpoint:
    """The checkpoint of a state file's JSON document.

    `open_secrets(type, state)` gives the secrets manager that the state names; `source` is the
    file's name, for messages. Raises StateError, SecretsError, UnsupportedError.
    """
    version, checkpoint = migration.checkpoint_of(document, source)
    latest = checkpoint.get("latest")
    extra = Extras(
        {} if version == 0 else _without(document, {"version", "features", "checkpoint"}),
        _without(checkpoint, {"stack", "latest", *(("version",) if version == 0 else ())}),
    )
    decoded = decode_deployment(
        {} if latest is None else latest,
        open_secrets,
        version=version or 1,
        project=project,
        stack=stack,
        source=source,
    )
    extra.deployment = decoded.extra.deployment
    decoded.extra = extra
    return decoded


def decode_deployment(
    document: Any,
    open_secrets: SecretsOpener,
    *,
    version: int,
    project: str,
    stack: str,
    source: str,
) -> Checkpoint:
    """The checkpoint of a deployment alone, as a state file or an export holds it."""
    if not isinstance(document, dict):
        raise StateError(f"{source}: its deployment is not a JSON object")
    provider = document.get("secrets_providers") or {}
    secrets = open_secrets(str(provider.get("type") or ""), provider.get("state"))
    manifest = dict(document.get("manifest") or {})
    decoded = Checkpoint(project, stack, secrets=secrets, manifest=manifest)
    decoded.metadata = dict(document.get("metadata") or {})
    decoded.extra.deployment = _without(document, _DEPLOYMENT_KEYS)
    try:
        decoded.resources = [
            decode_resource(migration.upgrade_resource(item, version), decoded.codec)
            for item in document.get("resources") or ()
        ]
        decoded.pending = [
            decode_operation(_upgrade_operation(item, version), decoded.codec)
            for item in document.get("pending_operations") or ()
        ]
    except StateError as error:
        raise type(error)(f"{source}: {error}") from error
    if manifest:
        integrity.check(manifest, decoded.resources, source)
    return decoded


def encode(checkpoint: Checkpoint) -> dict[str, Any]:
    """The JSON document of a state file. Raises SecretsError when secrets cannot be encrypted."""
    deployment = encode_deployment(checkpoint)
    features = features_of(checkpoint, deployment)
    document: dict[str, Any] = {"version": 4 if features else 3}
    if features:
        document["features"] = features
    document["checkpoint"] = {
        "stack": checkpoint.full_name,
        **checkpoint.extra.checkpoint,
        "latest": deployment,
    }
    return document | checkpoint.extra.document


def encode_deployment(checkpoint: Checkpoint) -> dict[str, Any]:
    """The deployment alone, in the order in which the CLI writes it."""
    codec = checkpoint.codec
    document: dict[str, Any] = {"manifest": checkpoint.manifest}
    if checkpoint.secrets.type:
        document["secrets_providers"] = {
            "type": checkpoint.secrets.type,
            "state": checkpoint.secrets.state,
        }
    if checkpoint.resources:
        document["resources"] = [encode_resource(item, codec) for item in checkpoint.resources]
    if checkpoint.pending:
        document["pending_operations"] = [
            encode_operation(item, codec) for item in checkpoint.pending
        ]
    document["metadata"] = checkpoint.metadata
    return document | checkpoint.extra.deployment


def features_of(checkpoint: Checkpoint, deployment: dict[str, Any]) -> list[str]:
    """What a reader of the state must know of (ApplyFeatures in deployment.go), sorted."""
    operations = [item.resource for item in checkpoint.pending]
    found = {name for item in checkpoint.resources for name in _features_of_resource(item)}
    if deployment.get("snippets"):
        found.add("snippets-prototype")
    if any(
        _has_byte_string(values)
        for item in [*checkpoint.resources, *operations]
        for values in (item.inputs, item.outputs, item.extra.get("replacementTrigger"))
    ):
        found.add("byteString")
    return sorted(found)


def _features_of_resource(resource: ResourceState) -> list[str]:
    used = {
        "refreshBeforeUpdate": resource.refresh_before_update,
        "views": resource.extra.get("viewOf"),
        "hooks": resource.resource_hooks,
        "taint": resource.taint,
        "replaceWith": resource.replace_with,
        "extensionParameterization": resource.extra.get("extensionRef"),
        "snippets-prototype": resource.extra.get("snippetID"),
    }
    return [name for name, value in used.items() if value]


@cache
def _engine_version() -> str:
    """The version of Pulumi's protocol that this engine speaks: that of its SDK."""
    return f"v{packages.version('pulumi')}"


def _has_byte_string(value: Any) -> bool:
    if isinstance(value, dict):
        if value.get(SIGNATURE_KEY) == BYTE_STRING_SIGNATURE:
            return True
        return any(_has_byte_string(item) for item in value.values())
    if isinstance(value, list):
        return any(_has_byte_string(item) for item in value)
    return _has_byte_string(value.value) if hasattr(value, "value") else False


def _upgrade_operation(document: Any, version: int) -> Any:
    if not isinstance(document, dict):
        return document
    return {**document, "resource": migration.upgrade_resource(document.get("resource"), version)}


def _without(document: dict[str, Any], known: set[str]) -> dict[str, Any]:
    return {key: item for key, item in document.items() if key not in known}
