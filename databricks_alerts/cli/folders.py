"""The alerts' folder, made where it is missing and one may."""

from __future__ import annotations

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext
from databricks_alerts.errors import AuthenticationError, WorkspaceError
from databricks_alerts.workspace_view.folders import make_folder


def ensure_folder(stack: StackContext) -> list[str]:
    """Make parentPath; answers what was done. A folder that only others may make is a warning."""
    try:
        return make_folder(stack.workspace, stack.settings.parent_path)
    except (AuthenticationError, WorkspaceError) as error:
        console.errors.print(f"warning: {error}", highlight=False, markup=False)
        return []
