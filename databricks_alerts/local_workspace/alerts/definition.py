"""An alert as the file `<name>.dbalert.json` that Databricks shows in its folder."""

from __future__ import annotations

import json

from databricks_alerts.local_workspace.alerts.models import inputs
from databricks_alerts.local_workspace.store import Document

_KEPT = ("custom_summary", "evaluation", "parameters", "schedule")
# Texts of several lines are lists of lines in the file, so that version control shows changes.
_LINES = {"query_text": "query_lines", "custom_description": "custom_description_lines"}


def definition(alert: Document) -> bytes:
    """What an alert evaluates and when; not its name, folder and warehouse, which bundles set."""
    given = inputs(alert)
    kept: Document = {name: given[name] for name in _KEPT if name in given}
    for name, lines in _LINES.items():
        if given.get(name):
            kept[lines] = given[name].split("\n")
    return json.dumps(kept, indent=2, ensure_ascii=False).encode()
