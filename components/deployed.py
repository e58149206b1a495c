"""What this stack deployed last, as the engine's state tells it."""

from __future__ import annotations

import re
from typing import Any

import pulumi
import tenacity

from databricks_alerts.deployed import Deployed, deployed_from

# What the CLI says where it reads its state file while it writes it: it keeps it in a plain file,
# and the root resource's own step, which is recorded just then, rewrites that.
_HALF_WRITTEN = re.compile(r"failed to load checkpoint|unexpected end of JSON|\bEOF\b")


def deployed_by_this_stack() -> Deployed:
    """Ask the engine for the stack's own resources.

    `readStackResourceOutputs` is a function of the engine (pkg/resource/deploy/builtins.go); called
    directly it leaves no resource in the state. A stack that was never deployed has none.
    """
    name = f"{pulumi.get_organization()}/{pulumi.get_project()}/{pulumi.get_stack()}"
    return deployed_from((_resources(name) or {}).get("outputs") or {})


@tenacity.retry(
    retry=tenacity.retry_if_exception(lambda error: bool(_HALF_WRITTEN.search(str(error)))),
    wait=tenacity.wait_random_exponential(multiplier=0.05, max=1),
    stop=tenacity.stop_after_delay(20),
    reraise=True,
)
def _resources(name: str) -> Any:
    function = "pulumi:pulumi:readStackResourceOutputs"
    return pulumi.runtime.invoke(function, {"stackName": name}).value
