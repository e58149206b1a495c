"""What this stack deployed last, as the engine's state tells it."""

from __future__ import annotations

import pulumi

from alerting.deployed import Deployed, deployed_from


def deployed_by_this_stack() -> Deployed:
    """Ask the engine for the stack's own resources.

    `readStackResourceOutputs` is a function of the engine (pkg/resource/deploy/builtins.go); called
    directly it leaves no resource in the state. A stack that was never deployed has none.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    result = pulumi.runtime.invoke(
        "pulumi:pulumi:readStackResourceOutputs", {"stackName": name}
    ).value
    return deployed_from((result or {}).get("outputs") or {})
