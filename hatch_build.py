"""Puts into the wheel what `alerts new` makes a project of; in a clone it lies where it is used."""

from __future__ import annotations

from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

PROJECT = (
    *("Pulumi.yaml", "__main__.py", "components", "stacks", "packs", "pipelines"),
    *("policy-pack", "bundle", "databricks.yml", "pulumi-cli/go.mod", "pulumi-cli/go.sum"),
)


class ProjectFiles(BuildHookInterface[Any]):
    """The files of a project, under databricks_alerts/project."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Add them to every wheel but an editable one, which would not follow their changes."""
        if version != "editable":
            build_data["force_include"] |= {
                name: f"databricks_alerts/project/{name}" for name in PROJECT
            }
