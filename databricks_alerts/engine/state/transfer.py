"""Stacks out and in, in the form of `pulumi stack export` and `import`."""

from __future__ import annotations

import json
from typing import Any

from databricks_alerts.engine.errors import StateError
from databricks_alerts.engine.events import SECRET_SIGNATURE, SIGNATURE_KEY
from databricks_alerts.engine.state import migration
from databricks_alerts.engine.state.checkpoint import (
    Checkpoint,
    SecretsOpener,
    decode_deployment,
    encode_deployment,
    features_of,
)


def export(checkpoint: Checkpoint, *, show_secrets: bool = False) -> dict[str, Any]:
    """`{"version":3,"deployment":{…}}`; with `show_secrets`, secrets stand there in the clear."""
    deployment = encode_deployment(checkpoint)
    features = features_of(checkpoint, deployment)
    document: dict[str, Any] = {"version": 4 if features else 3}
    if features:
        document["features"] = features
    document["deployment"] = _opened(checkpoint, deployment) if show_secrets else deployment
    return document


def import_(
    document: Any, open_secrets: SecretsOpener, *, project: str, stack: str, force: bool = False
) -> Checkpoint:
    """The checkpoint of an exported deployment.

    Raises StateError for what is no export, what is damaged, and, unless `force`, for one of
    another stack or project: its resources would be managed twice.
    """
    source = "the imported deployment"
    if not isinstance(document, dict) or not isinstance(document.get("deployment"), dict):
        raise StateError(f"{source} is not what `stack export` writes: it has no `deployment`")
    version = document.get("version")
    if not isinstance(version, int) or isinstance(version, bool) or version < 1:
        raise StateError(f"{source} has version {version!r}: it must be a number from 1 to 4")
    migration.check_version(version, document.get("features"), source)
    checkpoint = decode_deployment(
        document["deployment"],
        open_secrets,
        version=version,
        project=project,
        stack=stack,
        source=source,
    )
    if not force:
        _check_owner(checkpoint, source)
    return checkpoint


def _check_owner(checkpoint: Checkpoint, source: str) -> None:
    prefix = f"urn:pulumi:{checkpoint.stack}::{checkpoint.project}::"
    for resource in checkpoint.resources:
        if not resource.urn.startswith(prefix):
            raise StateError(
                f"{source} is of another stack: {resource.urn} does not begin with {prefix}. If "
                "that is meant, import with force"
            )


def _opened(checkpoint: Checkpoint, value: Any) -> Any:
    """The JSON with every ciphertext replaced by its plaintext."""
    if isinstance(value, list):
        return [_opened(checkpoint, item) for item in value]
    if not isinstance(value, dict):
        return value
    if value.get(SIGNATURE_KEY) == SECRET_SIGNATURE and "ciphertext" in value:
        plaintext = checkpoint.secrets.decrypt(value["ciphertext"])
        json.loads(plaintext)
        return {SIGNATURE_KEY: SECRET_SIGNATURE, "plaintext": plaintext}
    return {key: _opened(checkpoint, item) for key, item in value.items()}
