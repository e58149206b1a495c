"""SARIF 2.1.0, as code scanning reads it: a result a finding, in the pack's file where it has one.

docs.oasis-open.org/sarif/sarif/v2.1.0. A rule's logical location is its row. Code scanning takes no
result without a file: what came from no pack of the checkout points at the stack's settings.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from typing import Any
from urllib.parse import quote

from databricks_alerts.gate.model import GateReport, Place
from databricks_alerts.reports.text import plain

_SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
_LEVELS = {"mandatory": "error", "advisory": "warning"}


def to_sarif(reports: Sequence[GateReport]) -> str:
    """One run a stack."""
    document = {"$schema": _SCHEMA, "version": "2.1.0", "runs": [_run(item) for item in reports]}
    return json.dumps(document, indent=2) + "\n"


def _run(report: GateReport) -> dict[str, Any]:
    results = list(_results(report))
    names = sorted({item["ruleId"] for item in results})
    rules = [{"id": name, "shortDescription": {"text": name}} for name in names]
    driver = {"name": "alerts gate", "rules": rules}
    invocation: dict[str, Any] = {"executionSuccessful": report.verdict != "unknown"}
    if report.verdict == "unknown":
        invocation["toolExecutionNotifications"] = [
            {"level": "error", "message": {"text": plain(reason)}} for reason in report.reasons
        ]
    return {
        "tool": {"driver": driver},
        "automationDetails": {"id": f"alerts/{report.stack}/"},
        "invocations": [invocation],
        "columnKind": "unicodeCodePoints",
        "results": results,
    }


def _results(report: GateReport) -> Iterator[dict[str, Any]]:
    for refusal in report.refusals:
        yield _result(report, "gate/guard", "error", refusal, "")
    for finding in report.findings:
        text = f"{finding.key}: {finding.what} → {finding.remedy}"
        yield _result(report, f"validation/{finding.check}", "error", text, finding.key)
    for broken in report.violations:
        text = f"{broken.key or 'the change'}: {broken.what} → {broken.remedy}"
        level = _LEVELS[broken.level]
        yield _result(report, f"policy/{broken.policy}", level, text, broken.key)


def _result(report: GateReport, rule: str, level: str, text: str, key: str) -> dict[str, Any]:
    place = report.places.get(key) or Place(file=f"stacks/Pulumi.{plain(report.stack)}.yaml")
    location: dict[str, Any] = {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(place.file), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": place.line},
        }
    }
    if key:
        table = f"{report.catalog}.{report.gold_schema}.alert_configurations"
        location["logicalLocations"] = [
            {"name": plain(key), "fullyQualifiedName": f"{table}/{plain(key)}", "kind": "object"}
        ]
    return {
        "ruleId": rule,
        "level": level,
        "message": {"text": plain(text)},
        "locations": [location],
        # One place may have many results: this tells them apart from run to run.
        "partialFingerprints": {"alertsGate/v1": f"{report.stack}/{rule}/{plain(key)}"},
    }
