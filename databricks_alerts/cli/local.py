"""All that is special about the stack `local`; nothing else may ask for a stack's name.

The local workspace writes its address and token as a profile into `.alerts/workspace`, which
stacks/Pulumi.local.yaml names, so that production code reaches it like any other workspace.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

LOCAL_STACK = "local"


def workspace_dir(project_dir: Path) -> Path:
    """Where the local workspace keeps its data, its log and the profile that reaches it."""
    return project_dir / ".alerts" / "workspace"


def stack_environment(stack: str, environment: Mapping[str, str]) -> dict[str, str]:
    """The environment in which a stack's program and engine run.

    The local stack takes nothing from DATABRICKS_* variables, which may point to a real workspace,
    and its passphrase is empty, so that a fresh clone needs no set-up. Every other stack gets the
    environment as it is.
    """
    if stack != LOCAL_STACK:
        return dict(environment)
    kept = {key: value for key, value in environment.items() if not key.startswith("DATABRICKS_")}
    if "PULUMI_CONFIG_PASSPHRASE" not in kept and "PULUMI_CONFIG_PASSPHRASE_FILE" not in kept:
        kept["PULUMI_CONFIG_PASSPHRASE"] = ""
    return kept


def is_sandbox(stack: str) -> bool:
    """Whether sample data may be written: only where nothing real can be harmed."""
    return stack == LOCAL_STACK
