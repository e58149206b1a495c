"""Resource providers behind one small interface (see base.py)."""

from __future__ import annotations

from databricks_alerts.engine.errors import UnsupportedError
from databricks_alerts.engine.providers.base import Provider

__all__ = ["load_provider"]


def load_provider(package: str, version: str) -> Provider:
    """A new provider of a package, not configured yet; `version` is what the program asks for.

    Raises UnsupportedError for a package that only the pulumi CLI can load.
    """
    if package == "databricks":
        from databricks_alerts.engine.providers.databricks import DatabricksProvider

        return DatabricksProvider()
    wanted = f"{package} {version}".strip()
    raise UnsupportedError(
        f"the embedded engine has no provider for package {wanted}, only for databricks: "
        "run this stack with the pulumi CLI (--engine pulumi)"
    )
