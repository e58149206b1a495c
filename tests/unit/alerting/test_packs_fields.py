"""All that a rule's row says can be written in a pack, and is seeded."""

from __future__ import annotations

import datetime as dt
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.document import Document, read_document
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.records import RULES, rule_rows
from databricks_alerts.rules.rows import Rule, read_rule
from databricks_alerts.scaffold.schemas import schemas

PAGE = (Path(__file__).parents[3] / "docs/fields.md").read_text(encoding="utf-8")
MANIFEST = "name: p\nmessage: {subject: of the pack, body: of the pack}\n"
RULE = """
rules:
  - id: R-1
    name: one
    severity: CRITICAL
    query: SELECT cost, budget FROM t WHERE day > :days
    threshold: {column: cost, operator: ">", value_column: budget, value_aggregation: MAX}
    aggregation: SUM
    schedule: 0 0 8 * * ?
    pause_status: UNPAUSED
    channels: [9e1c0aa8-56d5-4c5b-8a3e-0d1b5d6c7e8f]
    notify_on_ok: true
    retrigger_seconds: 60
    enabled: false
    message: {subject: "*{{ rule.name }}*"}
    template_format: MARKDOWN
    parameters: [{name: days, type: NUMBER, value: "7"}]
    warehouse_id: abc
    folder: team/finops
    run_as: ann@b.example
    runbook_url: https://wiki.example/cost
  - {id: R-2, name: two, query: SELECT 1 AS v, schedule: 0 0 8 * * ?,
     threshold: {column: v, operator: "=", value: true}}
"""


def rows_of(folder: Path, rules: str) -> list[dict[str, Any]]:
    (folder / "pack.yaml").write_text(MANIFEST)
    (folder / "cost.yaml").write_text(rules)
    return rule_rows(load_pack(folder), {}, "me")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "p"
    made.mkdir()
    return made


def test_every_column_of_the_page_can_be_written(folder: Path) -> None:
    first, second = rows_of(folder, RULE)
    table = PAGE[: PAGE.index("## Destinations")]
    named = set(re.findall(r"`([a-z_]+)`", table)) & set(Rule.model_fields)
    assert len(named) > 20
    said = {name for row in (first, second) for name, value in row.items() if value is not None}
    assert named <= said
    assert named <= set(RULES.columns)
    moment = dt.datetime(2026, 1, 1, tzinfo=dt.UTC)
    for row in (first, second):
        rule = read_rule({**row, "created_by": "me", "created_at": moment})
        assert isinstance(rule, Rule), rule
    assert first["custom_subject_template"] == "*one*"
    assert first["custom_body_template"] is None
    assert second["custom_body_template"] == "of the pack"
    assert first["parameters"] == '[{"name": "days", "type": "NUMBER", "value": "7"}]'
    assert (first["threshold_value_column"], first["is_enabled"]) == ("budget", False)


def test_the_schema_knows_them(folder: Path) -> None:
    rows_of(folder, RULE)
    document = read_document(folder / "cost.yaml")
    assert isinstance(document, Document)
    jsonschema.validate(document.data, schemas()["rules.schema.json"])
    document.data["rules"][0]["template_format"] = "TEXT"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(document.data, schemas()["rules.schema.json"])


def test_a_new_column_that_says_nothing_changes_no_fingerprint(folder: Path) -> None:
    [_, plain] = rows_of(folder, RULE)
    [_, told] = rows_of(folder, RULE.replace("name: two", "name: two, template_format: HTML"))
    [_, told_nothing] = rows_of(folder, RULE.replace("name: two", "name: two, folder: elsewhere"))
    prints = [row["tags"]["pack_fingerprint"] for row in (plain, told, told_nothing)]
    assert prints[0] != prints[1]
    assert prints[0] == prints[2]  # a folder is the team's


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        ("value_column: budget", "value: 1, value_column: budget", "not both"),
        ("value_column: budget, ", "value: 1, ", "value_aggregation needs a value_column"),
        ("folder: team/finops", "folder: /team", "name one below parentPath"),
        ("https://wiki.example/cost", "wiki", "write a URL"),
        ("MARKDOWN", "TEXT", "'TEXT' is not allowed"),
        ('{name: days, type: NUMBER, value: "7"}', "{name: d}, {name: d}", "d twice"),
        ('value: "7"', "value: 7", "valid string"),
        ('{subject: "*{{ rule.name }}*"}', "{}", "a subject, a body or both"),
        ("retrigger_seconds: 60", "retrigger_seconds: 2147483648", "2147483647"),
        ("9e1c0aa8-56d5-4c5b-8a3e-0d1b5d6c7e8f", "nobody", "no Databricks id"),
    ],
)
def test_what_is_wrong_is_told_with_its_place(folder: Path, good: str, bad: str, said: str) -> None:
    assert good in RULE
    with pytest.raises(ConfigurationError) as told:
        rows_of(folder, RULE.replace(good, bad, 1))
    assert said in str(told.value)
    assert re.search(r"cost\.yaml:\d+:\d+: ", str(told.value))
