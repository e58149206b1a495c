"""`--target COST-001` or a whole URN: what options mean to the engines."""

from __future__ import annotations

from collections.abc import Sequence

from databricks_alerts.cli.context import StackContext
from databricks_alerts.engine.options import DeploymentOptions


def deployment_options(
    context: StackContext,
    targets: Sequence[str],
    excludes: Sequence[str],
    replace: Sequence[str],
    *,
    refresh: bool = False,
    target_dependents: bool = False,
    exclude_dependents: bool = False,
    parallel: int = 16,
    continue_on_error: bool = False,
    message: str = "",
) -> DeploymentOptions:
    """The options of one operation; names of ours become URN patterns."""
    return DeploymentOptions(
        parallel=parallel,
        refresh=refresh,
        targets=_urns(context, targets),
        target_dependents=target_dependents,
        excludes=_urns(context, excludes),
        exclude_dependents=exclude_dependents,
        replace=_urns(context, replace),
        continue_on_error=continue_on_error,
        message=message,
    )


def _urns(context: StackContext, names: Sequence[str]) -> tuple[str, ...]:
    """A name without `urn:` is the last part of the URN of a resource of any type."""
    return tuple(
        name
        if name.startswith("urn:") or "*" in name
        else f"urn:pulumi:{context.stack}::**::{name}"
        for name in names
    )
