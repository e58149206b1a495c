"""`alerts lint`: what is legal in a rule, and most likely not meant.

Every check has a code, a reason and a remedy, and a comment in the query silences it:
`-- alerts: ignore L003 the sample is meant to differ`. Pure; nothing is asked of a warehouse.
"""

from databricks_alerts.lint.model import Check, Complaint, Subject
from databricks_alerts.lint.run import CHECKS, lint
from databricks_alerts.lint.subjects import of_pack, of_snapshot

__all__ = ["CHECKS", "Check", "Complaint", "Subject", "lint", "of_pack", "of_snapshot"]
