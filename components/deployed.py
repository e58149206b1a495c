"""What this stack deployed last, as its own outputs tell."""

from __future__ import annotations

from typing import Any

import pulumi

from alerting.plan import Deployed


def deployed_by_this_stack() -> Deployed:
    """Read the stack's own outputs.

    `readStackOutputs` is the invoke behind pulumi.StackReference (pkg/resource/deploy/builtins.go);
    called directly it leaves no resource in the state. A stack that was never deployed has none.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    result = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
    return from_outputs((result or {}).get("outputs") or {})


def from_outputs(outputs: dict[str, Any]) -> Deployed:
    """The last deployment as written by `export_outputs`."""
    version = outputs.get("configVersion")
    return Deployed(
        alerts=_ids(outputs.get("alerts")),
        destinations=_ids(outputs.get("destinations")),
        config_version=None if version is None else int(version),
    )


def _ids(mapping: Any) -> dict[str, str]:
    return {str(key): str(value) for key, value in (mapping or {}).items() if value}
