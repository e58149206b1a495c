"""JUnit XML, as CI systems read it: a suite a stack, a case a rule and a case a policy."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

from databricks_alerts.gate.model import GateReport
from databricks_alerts.reports.text import xml


def to_junit(reports: Sequence[GateReport]) -> str:
    """A `testsuites` document; `unknown` is an error, what blocks is a failure."""
    root = ET.Element("testsuites", name="alerts gate")
    for report in reports:
        _suite(root, report)
    ET.indent(root)
    return ET.tostring(root, encoding="unicode", xml_declaration=True) + "\n"


def _suite(root: ET.Element, report: GateReport) -> None:
    suite = ET.SubElement(
        root,
        "testsuite",
        name=xml(f"alerts.{report.stack}"),
        timestamp=report.generated_at.strftime("%Y-%m-%dT%H:%M:%S"),
        hostname="localhost",
        time="0",
    )
    failures = 0
    for refusal in report.refusals:
        failures += _case(suite, "gate", "guard", [refusal])
    for key in sorted({item.key for item in report.findings}):
        told = [f"{f.where}: {f.what} → {f.remedy}" for f in report.findings if f.key == key]
        failures += _case(suite, "validation", key, told)
    for name in sorted({item.policy for item in report.violations if item.level == "mandatory"}):
        told = [
            f"{v.key or 'the change'}: {v.what} → {v.remedy}"
            for v in report.violations
            if v.policy == name
        ]
        failures += _case(suite, "policy", name, told)
    errors = 0
    if report.verdict == "unknown":
        case = ET.SubElement(suite, "testcase", classname="gate", name="verdict", time="0")
        ET.SubElement(case, "error", message=xml("; ".join(report.reasons))[:300], type="unknown")
        errors = 1
    elif not failures:
        told = list(report.reasons) if report.verdict == "blocked" else []
        failures += _case(suite, "gate", "verdict", told)
    suite.set("tests", str(len(suite.findall("testcase"))))
    suite.set("failures", str(failures))
    suite.set("errors", str(errors))


def _case(suite: ET.Element, kind: str, name: str, told: list[str]) -> int:
    """Add a case; answers 1 if it failed."""
    case = ET.SubElement(suite, "testcase", classname=kind, name=xml(name), time="0")
    if not told:
        return 0
    failure = ET.SubElement(case, "failure", message=xml(told[0])[:300], type=kind)
    failure.text = xml("\n".join(told))
    return 1
