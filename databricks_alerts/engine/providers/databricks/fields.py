"""Fields that several resource types have."""

from __future__ import annotations

from databricks_alerts.engine.providers.databricks.schema import Field

STRING = Field("string")
REQUIRED = Field("string", required=True)
TEXT = Field("string", default="")  # optional, where empty says nothing
COMPUTED = Field("string", computed=True)
COMPUTED_BOOLEAN = Field("boolean", computed=True)
COMPUTED_INTEGER = Field("integer", computed=True)
# Which workspace, for account-level providers: this provider has exactly one.
PROVIDER_CONFIG = Field("object", fields={"workspaceId": STRING}, local=True)
