"""What this stack deployed last, as its own outputs tell."""

from __future__ import annotations

import pulumi

from alerting.plan import Deployed, deployed_from


def deployed_by_this_stack() -> Deployed:
    """Read the stack's own outputs.

    `readStackOutputs` is the invoke behind pulumi.StackReference (pkg/resource/deploy/builtins.go);
    called directly it leaves no resource in the state. A stack that was never deployed has none.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    result = pulumi.runtime.invoke("pulumi:pulumi:readStackOutputs", {"name": name}).value
    return deployed_from((result or {}).get("outputs") or {})
