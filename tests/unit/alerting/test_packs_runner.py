"""The runner of rule tests: what it sends, and how it tells a failure."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from databricks_alerts.errors import AlertsError, WarehouseError
from databricks_alerts.evaluation.statement import MET, THRESHOLD, VALUE
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.model import Pack
from databricks_alerts.packs.runner import CaseResult, case_query, run_tests

MANIFEST = """\
name: small
version: 1.0.0
description: A small pack
defaults: {owner: me@example.com}
variables:
  limit: {description: A limit, type: number, default: 10}
tables:
  events: {at: TIMESTAMP, cost: DOUBLE}
  others: {at: TIMESTAMP}
"""
RULES = """\
domain: COST
rules:
  - id: A-1
    name: A rule
    severity: WARNING
    description: What it is
    runbook: What to do
    channels: [someone@example.com]
    schedule: 0 0 8 * * ?
    notify_on_ok: true
    retrigger_seconds: 0
    threshold: {column: n, operator: ">", value: 1}
    query: |
      QUERY
    tests:
      - name: two events
        now: 2026-01-02T03:04:05Z
        variables: {limit: 3}
        rows: {events: [{cost: 5, times: 2}]}
        expect: {state: TRIGGERED, value: 2}
"""
QUERY = "SELECT count(*) AS n FROM ${catalog}.${gold_schema}.events WHERE cost > {{ var.limit }}"


class Answers:
    """A warehouse that gives the same rows to every query, or fails."""

    def __init__(self, rows: list[dict[str, Any]] | None = None, error: str = "") -> None:
        self.rows = rows or []
        self.error = error
        self.sent: list[str] = []

    def query(self, sql: str, _params: Mapping[str, Any] | None = None, /) -> list[dict[str, Any]]:
        self.sent.append(sql)
        if self.error:
            raise WarehouseError(self.error)
        return self.rows

    def execute(self, sql: str, _params: Mapping[str, Any] | None = None, /) -> None:
        raise AssertionError(f"a rule test must not execute {sql}")


def _pack(tmp_path: Path, query: str = QUERY) -> Pack:
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "pack.yaml").write_text(MANIFEST)
    (folder / "rules.yaml").write_text(RULES.replace("QUERY", query))
    return load_pack(folder)


def _sent(pack: Pack) -> str:
    return case_query(pack.manifest, pack.rules[0], pack.rules[0].rule.tests[0])


def _row(value: Any, *, met: bool | None) -> dict[str, Any]:
    return {VALUE: value, THRESHOLD: 1.0, MET: met}


def _only(results: list[CaseResult]) -> CaseResult:
    [result] = results
    return result


def test_a_table_becomes_rows_and_a_variable_its_value(tmp_path: Path) -> None:
    assert _sent(_pack(tmp_path)) == (
        "WITH `events` AS (\n"
        "SELECT CAST(`at` AS TIMESTAMP) AS `at`, CAST(`cost` AS DOUBLE) AS `cost` FROM (SELECT "
        """inline(from_json('[{"at":null,"cost":5},{"at":null,"cost":5}]', """
        "'ARRAY<STRUCT<`at` STRING, `cost` DOUBLE>>')))\n"
        ")\n"
        "SELECT count(*) AS n FROM events WHERE cost > 3\n"
    )


OVER_BUDGET = QUERY.replace("{{ var.limit }}", "${budget}")


def test_a_variable_of_the_stack_has_the_stacks_value_or_the_cases(tmp_path: Path) -> None:
    pack = _pack(tmp_path, OVER_BUDGET)
    (located,) = pack.rules
    (case,) = located.rule.tests
    assert case_query(pack.manifest, located, case, {"budget": 0.5}).endswith(
        "WHERE cost > CAST(0.5 AS DOUBLE)\n"
    )
    own = case.model_copy(update={"variables": {"budget": 7}})
    assert case_query(pack.manifest, located, own, {"budget": 0.5}).endswith("WHERE cost > 7\n")


def test_a_case_can_give_a_value_that_no_manifest_declares(tmp_path: Path) -> None:
    rules = RULES.replace("{limit: 3}", "{budget: 7}")
    assert "{budget: 7}" in rules
    folder = tmp_path / "small"
    folder.mkdir()
    (folder / "pack.yaml").write_text(MANIFEST)
    (folder / "rules.yaml").write_text(rules.replace("QUERY", OVER_BUDGET))
    assert _sent(load_pack(folder)).endswith("WHERE cost > 7\n")


def test_a_variable_without_a_value_fails_its_case_and_says_where_to_give_one(
    tmp_path: Path,
) -> None:
    result = _only(run_tests(Answers([_row(2, met=True)]), _pack(tmp_path, OVER_BUDGET)))
    assert not result.passed
    assert "${budget} has no value; give it one under the case's `variables`" in result.got


@pytest.mark.parametrize(
    ("written", "sent"),
    [
        ("current_date()", "DATE '2026-01-02'"),
        ("CURRENT_DATE", "DATE '2026-01-02'"),
        ("current_timestamp( )", "TIMESTAMP '2026-01-02T03:04:05Z'"),
        ("now()", "TIMESTAMP '2026-01-02T03:04:05Z'"),
        ("'current_date()'", "'current_date()'"),
        ("e.now", "e.now"),
        ("`current_date`", "`current_date`"),
    ],
)
def test_the_clock_stands_still_where_it_is_asked(tmp_path: Path, written: str, sent: str) -> None:
    query = f"SELECT {written} AS n FROM ${{catalog}}.${{gold_schema}}.events e"
    assert f"\nSELECT {sent} AS n FROM events e\n" in _sent(_pack(tmp_path, query))


def test_rows_join_the_querys_own_common_table_expressions(tmp_path: Path) -> None:
    query = "WITH a AS (SELECT 1 AS n FROM ${catalog}.${gold_schema}.events) SELECT n FROM a"
    sent = _sent(_pack(tmp_path, query))
    assert sent.startswith("WITH `events` AS (")
    assert sent.endswith("),\n a AS (SELECT 1 AS n FROM events) SELECT n FROM a\n")


def test_a_table_without_rows_is_refused(tmp_path: Path) -> None:
    query = QUERY.replace("events", "others")
    with pytest.raises(AlertsError, match="the case gives no rows for others"):
        _sent(_pack(tmp_path, query))


def test_a_table_of_another_schema_is_refused(tmp_path: Path) -> None:
    with pytest.raises(AlertsError, match=r"reads system\.access\.audit"):
        _sent(_pack(tmp_path, "SELECT 1 AS n FROM system.access.audit"))


def test_a_case_passes_when_state_and_value_are_right(tmp_path: Path) -> None:
    assert _only(run_tests(Answers([_row(2, met=True)]), _pack(tmp_path))).passed


@pytest.mark.parametrize(
    ("warehouse", "got"),
    [
        (Answers([_row(3, met=True)]), "TRIGGERED, value 3"),
        (Answers([_row(Decimal("0.00"), met=False)]), "OK, value 0"),
        (Answers([_row(None, met=None)]), "OK, no value"),
        (Answers([_row(True, met=False)]), "OK, value true"),
        (Answers([_row(float("nan"), met=True)]), "TRIGGERED, value 'NaN'"),
        (Answers([]), "OK, no value"),
        (Answers(error="[TABLE_OR_VIEW_NOT_FOUND] x"), "ERROR: [TABLE_OR_VIEW_NOT_FOUND] x"),
    ],
)
def test_a_failure_shows_what_was_expected_and_got(
    tmp_path: Path, warehouse: Answers, got: str
) -> None:
    result = _only(run_tests(warehouse, _pack(tmp_path)))
    assert not result.passed
    assert result.report() == f"A-1: two events\n    exp: TRIGGERED, value 2\n    got: {got}"


def test_only_the_chosen_rules_run(tmp_path: Path) -> None:
    pack = _pack(tmp_path)
    assert len(run_tests(Answers([_row(2, met=True)]), pack, rule_ids=["A-1"])) == 1
    with pytest.raises(AlertsError, match=r"no rule 'B-1' in pack small; there is: A-1"):
        run_tests(Answers(), pack, rule_ids=["B-1"])
