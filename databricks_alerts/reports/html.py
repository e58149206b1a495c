"""A page that stands alone: no script, no request; readable on a phone and in the dark."""

from __future__ import annotations

from collections.abc import Sequence

from databricks_alerts.gate.model import GateReport, StepChange
from databricks_alerts.reports.diffs import lines_of
from databricks_alerts.reports.text import plain

_WORDS = {"pass": "pass", "blocked": "blocked", "unknown": "could not tell"}


def to_html(reports: Sequence[GateReport]) -> str:
    """All stacks on one page; whatever comes from outside is escaped by Jinja2."""
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("databricks_alerts.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["plain"] = lambda value: plain(str(value))
    return environment.get_template("gate.html").render(
        reports=reports, words=_WORDS, diff_of=_diff_of
    )


def _diff_of(step: StepChange) -> list[tuple[str, str]]:
    """Lines with the class that colours them."""
    classes = {"-": "old", "+": "new", "@": "at"}
    return [(classes.get(line[:1], "same"), plain(line)) for line in lines_of(step)]
