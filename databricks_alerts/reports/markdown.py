"""For a pull request's comment: the verdict first, details folded, within what GitHub takes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from databricks_alerts.gate.model import GateReport, StepChange
from databricks_alerts.reports.diffs import lines_of
from databricks_alerts.reports.text import fenced, inside_html, markdown

# GitHub takes 65,536 characters in a comment.
MOST = 60_000
_POINTER = "\n\n*{} more parts are left out here; the HTML or JSON report has everything.*\n"
_WORDS = {
    "pass": "✅ **pass**",
    "blocked": "⛔ **blocked**",
    "unknown": "❓ **could not tell**",
}
_LONGEST_DIFF = 8_000


def to_markdown(reports: Sequence[GateReport]) -> str:
    """At most 60,000 characters; whole parts are left out at the end, never a part of one.

    Several stacks' verdicts stand first, so that none is lost behind another's changes.
    """
    parts = [_summary(reports)] if len(reports) > 1 else []
    parts += [part for report in reports for part in _parts(report)]
    room = MOST - len(_POINTER) - 8
    text, used = "", 0
    for part in parts:
        if len(text) + len(part) > room:
            break
        text, used = text + part, used + 1
    left = len(parts) - used
    return text.rstrip() + (_POINTER.format(left) if left else "\n")


def _parts(report: GateReport) -> Iterator[str]:
    yield _head(report)
    yield from (f"- {markdown(reason, 1000)}\n" for reason in report.reasons)
    if report.findings:
        yield "\n#### Invalid rules\n\n| rule | where | what | remedy |\n|---|---|---|---|\n"
        for item in report.findings:
            cells = (item.key, item.where, item.what, item.remedy)
            yield _row(*cells)
    if report.violations:
        yield "\n#### Policies\n\n| policy | level | rule | what | remedy |\n"
        yield "|---|---|---|---|---|\n"
        for broken in report.violations:
            yield _row(broken.policy, broken.level, broken.key, broken.what, broken.remedy)
    if report.drift:
        yield "\n#### Changed outside\n\n| what | rule |\n|---|---|\n"
        for drift in report.drift:
            yield _row(f"{drift.kind} {drift.what}", drift.key)
    if report.warnings:
        yield "\n#### Warnings\n\n"
        yield from (f"- {markdown(warning)}\n" for warning in report.warnings)
    for step in report.steps:
        yield _step(step)
    yield _foot(report)


def _summary(reports: Sequence[GateReport]) -> str:
    rows = (f"- {markdown(report.stack, 60)}: {_WORDS[report.verdict]}\n" for report in reports)
    return "".join(rows) + "\n"


def _head(report: GateReport) -> str:
    lines = [f"### Alerts on {markdown(report.stack, 60)}: {_WORDS[report.verdict]}", ""]
    if report.verdict != "unknown":
        counted = ", ".join(f"{number} to {op}" for op, number in report.counts.items())
        lines.append(f"- {counted or 'nothing to change'}; {report.unchanged} unchanged")
    return "\n".join(lines) + "\n"


def _row(*cells: str) -> str:
    return "| " + " | ".join(markdown(cell) or " " for cell in cells) + " |\n"


def _step(step: StepChange) -> str:
    body = "\n".join(lines_of(step))
    if len(body) > _LONGEST_DIFF:
        body = body[:_LONGEST_DIFF] + "\n… cut here; the HTML report has all of it"
    what = f"{inside_html(step.op)} {inside_html(step.kind)}"
    title = f"{what} <b>{inside_html(step.key, 120)}</b>"
    inside = f"\n\n{fenced(body, 'diff')}\n" if body else ""
    return f"\n<details><summary>{title}</summary>{inside}\n</details>\n"


def _foot(report: GateReport) -> str:
    if report.verdict == "unknown":
        return ""
    cost = f"{report.cost.evaluations_per_day:.0f} evaluations a day"
    if report.cost.evaluations_before is not None:
        cost += f" (before: {report.cost.evaluations_before:.0f})"
    if report.cost.dbu_per_day is not None:
        cost += f", about {report.cost.dbu_per_day:.2f} DBU a day"
    if report.cost.unmeasured:
        cost += f", {report.cost.unmeasured} rules never measured"
    quota = ""
    if report.quota:
        places = report.quota.used + report.quota.new
        quota = f"; {places} of {report.quota.limit} alerts in the workspace"
    version = f"; alert\\_configurations at version {report.config_version}"
    return f"\n<sub>{cost}{quota}{version}</sub>\n"
