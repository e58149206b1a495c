"""The databricks package: what Pulumi's bridged Terraform provider does, over the REST API."""

from __future__ import annotations

from databricks_alerts.engine.providers.databricks.provider import DatabricksProvider

__all__ = ["DatabricksProvider"]
