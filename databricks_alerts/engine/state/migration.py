"""Old checkpoints brought to the form of today (pkg/resource/stack/migrate)."""

from __future__ import annotations

from typing import Any

from databricks_alerts.engine.errors import StateError, UnsupportedError

OLDEST_WITH_PROPERTY_DEPENDENCIES = 3
LATEST = 4
# What version 4 may ask of its reader; all of these survive a round trip here.
KNOWN_FEATURES = frozenset(
    {
        "refreshBeforeUpdate",
        "views",
        "hooks",
        "taint",
        "replaceWith",
        "snippets-prototype",
        "extensionParameterization",
        "byteString",
    }
)


def checkpoint_of(document: Any, source: str) -> tuple[int, dict[str, Any]]:
    """The version and the inner checkpoint of a state file's document.

    Files from before versions hold the checkpoint itself. Raises StateError, UnsupportedError.
    """
    if not isinstance(document, dict):
        raise StateError(f"{source} is not a state: it holds no JSON object")
    version = document.get("version", 0)
    if not isinstance(version, int) or isinstance(version, bool) or version < 0:
        raise StateError(f"{source} is not a state: its version is {version!r}")
    if version == 0:
        return 0, document
    check_version(version, document.get("features"), source)
    checkpoint = document.get("checkpoint")
    if not isinstance(checkpoint, dict):
        raise StateError(f"{source} is not a state: it has no `checkpoint`")
    return version, checkpoint


def check_version(version: int, features: Any, source: str) -> None:
    """Raises UnsupportedError for a state that a newer pulumi wrote."""
    if version > LATEST:
        raise UnsupportedError(
            f"{source} has version {version}; this engine reads up to {LATEST}. A newer pulumi "
            "wrote it: use that, or update this tool"
        )
    unknown = sorted(set(features or ()) - KNOWN_FEATURES) if version == LATEST else []
    if unknown:
        raise UnsupportedError(
            f"{source} needs features that this engine does not have: {', '.join(unknown)}. Use "
            "the pulumi CLI for this stack"
        )


def upgrade_resource(document: Any, version: int) -> Any:
    """A resource as version 3 has it; `version` is what it was written as."""
    if version >= OLDEST_WITH_PROPERTY_DEPENDENCIES or not isinstance(document, dict):
        return document
    upgraded = {key: item for key, item in document.items() if key != "defaults" or version == 2}
    dependencies = upgraded.get("dependencies")
    if dependencies and upgraded.get("inputs"):
        # As the CLI: of an old resource every input depends on everything.
        upgraded["propertyDependencies"] = dict.fromkeys(upgraded["inputs"], dependencies)
    return upgraded
