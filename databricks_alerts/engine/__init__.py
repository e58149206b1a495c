"""The embedded deployment engine: runs a Pulumi program over Pulumi's own wire protocol.

`Engine` is made late: it imports gRPC, which costs a third of a second that `alerts --help` and
the display do not need to pay.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from databricks_alerts.engine.options import DeploymentOptions, DeploymentResult, Failure, Sink

if TYPE_CHECKING:
    from databricks_alerts.engine.engine import Engine

__all__ = ["DeploymentOptions", "DeploymentResult", "Engine", "Failure", "Sink"]


def __getattr__(name: str) -> Any:
    if name == "Engine":
        from databricks_alerts.engine.engine import Engine

        return Engine
    raise AttributeError(f"module 'engine' has no attribute {name!r}")
