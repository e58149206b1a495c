"""What machines read: SARIF as code scanning takes it, JUnit as CI systems count it."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import urlsplit
from xml.etree import ElementTree as ET

import jsonschema
import pytest
from test_gate_reports import HOSTILE, report

from databricks_alerts.gate.model import Place
from databricks_alerts.reports import RENDERERS

# What we write of SARIF 2.1.0 (sections 3.13 to 3.58), with what it requires; and of what GitHub
# requires beyond it ("SARIF support for code scanning"): each result has a file.
_TEXT = {"type": "string", "minLength": 1}


def _object(required: dict[str, Any], **optional: Any) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {**required, **optional},
        "required": list(required),
        "additionalProperties": False,
    }


_MESSAGE = _object({"text": {"type": "string"}})
_FILE = _object(
    {
        "artifactLocation": _object({"uri": _TEXT, "uriBaseId": _TEXT}),
        "region": _object({"startLine": {"type": "integer", "minimum": 1}}),
    }
)
_LOGICAL = _object({"name": {}, "fullyQualifiedName": _TEXT, "kind": _TEXT})
_LOCATION = _object(
    {"physicalLocation": _FILE}, logicalLocations={"type": "array", "items": _LOGICAL}
)
_RESULT = _object(
    {
        "ruleId": _TEXT,
        "level": {"enum": ["none", "note", "warning", "error"]},
        "message": _MESSAGE,
        "locations": {"type": "array", "items": _LOCATION, "minItems": 1},
        "partialFingerprints": {"type": "object", "additionalProperties": _TEXT},
    }
)
_NOTICE = _object({"level": {"const": "error"}, "message": _MESSAGE})
_INVOCATION = _object(
    {"executionSuccessful": {"type": "boolean"}},
    toolExecutionNotifications={"type": "array", "items": _NOTICE},
)
_RULES = {
    "type": "array",
    "items": _object({"id": _TEXT, "shortDescription": _MESSAGE}),
    "uniqueItems": True,
}
_RUN = _object(
    {
        "tool": _object({"driver": _object({"name": _TEXT, "rules": _RULES})}),
        "automationDetails": _object({"id": _TEXT}),
        "invocations": {"type": "array", "items": _INVOCATION},
        "columnKind": {"enum": ["utf16CodeUnits", "unicodeCodePoints"]},
        "results": {"type": "array", "items": _RESULT},
    }
)
SARIF = _object(
    {"$schema": _TEXT, "version": {"const": "2.1.0"}, "runs": {"type": "array", "items": _RUN}}
)

EMPTY: dict[str, Any] = {"findings": (), "violations": (), "steps": ()}
REPORTS = {
    "plain": [report()],
    "hostile": [report(HOSTILE)],
    "of the change as a whole": [report("")],
    "could not tell": [report(verdict="unknown", **EMPTY)],
    "pass": [report(verdict="pass", reasons=(), **EMPTY)],
    "refused": [report(refusals=("too many deletes",), **EMPTY)],
    "several": [report(), report(stack="dev")],
}


@pytest.mark.parametrize("name", REPORTS)
def test_sarif_is_what_code_scanning_takes(name: str) -> None:
    document = json.loads(RENDERERS["sarif"](REPORTS[name]))
    jsonschema.validate(document, SARIF)
    for run in document["runs"]:
        rules = {rule["id"] for rule in run["tool"]["driver"]["rules"]}
        assert {result["ruleId"] for result in run["results"]} <= rules


def test_sarif_points_into_the_pack_or_at_the_stacks_settings() -> None:
    places = {"COST-001": Place(file="packs/our rules/cost.yaml", line=3)}
    document = json.loads(
        RENDERERS["sarif"]([report("COST-001", places=places), report("COST-002")])
    )
    files = [
        {
            result["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]
            for result in results
        }
        for results in (run["results"] for run in document["runs"])
    ]
    assert files == [{"packs/our%20rules/cost.yaml"}, {"stacks/Pulumi.prod.yaml"}]
    assert not any(urlsplit(uri).scheme for found in files for uri in found)


@pytest.mark.parametrize("name", REPORTS)
def test_junits_counts_are_what_stands_in_it(name: str) -> None:
    for suite in ET.fromstring(RENDERERS["junit"](REPORTS[name])):
        assert int(suite.get("tests", "")) == len(suite.findall("testcase")) > 0
        assert int(suite.get("failures", "")) == len(suite.findall("testcase/failure"))
        assert int(suite.get("errors", "")) == len(suite.findall("testcase/error"))


def test_a_guards_refusal_is_in_every_report() -> None:
    refused = [report(refusals=("too many deletes",), reasons=("too many deletes",), **EMPTY)]
    for name, render in RENDERERS.items():
        assert "too many deletes" in render(refused), name
    (run,) = json.loads(RENDERERS["sarif"](refused))["runs"]
    assert [result["ruleId"] for result in run["results"]] == ["gate/guard"]
    (suite,) = ET.fromstring(RENDERERS["junit"](refused))
    assert suite.get("failures") == "1"
