"""Reports as people and machines get them, word for word.

After a wanted change: `python tests/unit/alerting/test_gate_golden.py` writes the files anew; read
their diff.
"""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest

from databricks_alerts.gate.model import (
    Cost,
    Drifted,
    GateReport,
    Place,
    PropertyChange,
    Quota,
    RuleCost,
    StepChange,
    Violation,
)
from databricks_alerts.reports import RENDERERS
from databricks_alerts.rules.findings import Finding

FOLDER = Path(__file__).parent / "data" / "gate"
REPORT = GateReport(
    stack="prod",
    verdict="blocked",
    reasons=("1 findings make SEC-006 invalid", "policy has-owner is broken by COST-002"),
    generated_at=dt.datetime(2026, 11, 23, 8, 30, tzinfo=dt.UTC),
    catalog="prod",
    gold_schema="gold",
    config_version=12,
    destinations_version=3,
    rules=29,
    steps=(
        StepChange(
            op="update",
            kind="AlertV2",
            key="COST-001",
            changes=(
                PropertyChange(path="evaluation.threshold.value.doubleValue", old="150", new="42"),
                PropertyChange(
                    path="queryText",
                    old="SELECT sum(cost) AS cost\nFROM prod.gold.fact_usage\nWHERE day > '2026'",
                    new="SELECT avg(cost) AS cost\nFROM prod.gold.fact_usage\nWHERE day > '2026'",
                ),
            ),
        ),
        StepChange(op="delete", kind="AlertV2", key="COST-003"),
    ),
    unchanged=38,
    findings=(
        Finding(
            key="SEC-006",
            check="explain",
            what="UNRESOLVED_COLUMN: event_date cannot be resolved",
            where="alert_configurations.alert_query_template",
            remedy="use a column that the tables have",
        ),
    ),
    violations=(
        Violation(
            policy="has-owner",
            level="mandatory",
            key="COST-002",
            what="it has no owner",
            remedy="set owner to a person or a team",
        ),
        Violation(
            policy="cost-increase",
            level="advisory",
            key="",
            what="evaluations a day rise from 40 to 96",
            remedy="let rules run less often, or raise `share` in policies.yaml",
        ),
    ),
    drift=(Drifted(kind="AlertV2", key="COST-004", what="deleted"),),
    cost=Cost(
        rules=(
            RuleCost(key="COST-001", evaluations_per_day=72, seconds=1.5, dbu_per_day=0.36),
            RuleCost(key="SEC-001", evaluations_per_day=24, paused=True),
        ),
        dbu_per_hour=12,
        dbu_per_day=0.36,
        evaluations_per_day=72,
        evaluations_before=40,
    ),
    quota=Quota(used=29, new=1, limit=1000),
    warnings=("SEC-006 is invalid and keeps its deployed version",),
    places={"SEC-006": Place(file="packs/health_monitor/security.yaml", line=31)},
)


@pytest.mark.parametrize("name", RENDERERS)
def test_a_report_reads_as_it_did(name: str) -> None:
    assert RENDERERS[name]([REPORT]) == (FOLDER / f"gate.{name}").read_text(encoding="utf-8")


if __name__ == "__main__":
    FOLDER.mkdir(parents=True, exist_ok=True)
    for kind, render in RENDERERS.items():
        (FOLDER / f"gate.{kind}").write_text(render([REPORT]), encoding="utf-8")
