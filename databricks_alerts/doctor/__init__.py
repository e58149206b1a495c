"""What a deployment needs of the workspace, looked at for the identity in use; changes nothing."""

from __future__ import annotations

from databricks_alerts.doctor.model import Check, as_document
from databricks_alerts.doctor.privileges import granting
from databricks_alerts.doctor.run import Doctor

__all__ = ["Check", "Doctor", "as_document", "granting"]
