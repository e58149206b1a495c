"""What of Pulumi's protocol this monitor does, by the names that SDKs ask for."""

from __future__ import annotations

from pulumi.runtime.proto import resource_pb2

# Feature ids of SupportsFeature, the older way of asking.
NAMES = frozenset(
    {
        "secrets",
        "resourceReferences",
        "outputValues",
        "aliasSpecs",
        "deletedWith",
        "replaceWith",
        "replacementTrigger",
        "transforms",
        "resourceHooks",
        "errorHooks",
    }
)

_ENUM_NAMES = (
    "SECRETS",
    "RESOURCE_REFERENCES",
    "OUTPUT_VALUES",
    "ALIAS_SPECS",
    "REPLACEMENT_TRIGGER",
    "DELETED_WITH",
    "REPLACE_WITH",
    "TRANSFORMS",
    "RESOURCE_HOOKS",
    "ERROR_HOOKS",
)
FEATURES = [
    resource_pb2.ResourceMonitorFeature.Value(f"RESOURCE_MONITOR_FEATURE_{name}")
    for name in _ENUM_NAMES
]
