"""A gate's report in each form that somebody reads: people, pull requests, machines."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from databricks_alerts.gate.model import GateReport
from databricks_alerts.reports.html import to_html
from databricks_alerts.reports.junit import to_junit
from databricks_alerts.reports.markdown import to_markdown
from databricks_alerts.reports.sarif import to_sarif

Renderer = Callable[[Sequence[GateReport]], str]


def _json(reports: Sequence[GateReport]) -> str:
    """One report as an object, several as a list."""
    if len(reports) == 1:
        return reports[0].model_dump_json(indent=2) + "\n"
    return "[" + ",\n".join(report.model_dump_json(indent=2) for report in reports) + "]\n"


RENDERERS: dict[str, Renderer] = {
    "json": _json,
    "markdown": to_markdown,
    "junit": to_junit,
    "sarif": to_sarif,
    "html": to_html,
}
