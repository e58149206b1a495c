"""The pack health_monitor against what was agreed: 29 rules, by id, threshold and schedule."""

from __future__ import annotations

from pathlib import Path

import pytest
import sqlglot
from sqlglot import exp
from sqlglot.optimizer.qualify import qualify

from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.model import LocatedRule
from databricks_alerts.packs.variables import render_query, resolve

PACK = load_pack(Path(__file__).parents[3] / "packs" / "health_monitor")

# id, domain, severity, column, operator, value, aggregation, cron, notify on ok, retrigger s
AGREED = """
COST-001 COST WARNING check_value > 150 FIRST|0 0 */4 * * ?|yes 14400
COST-002 COST WARNING wow_growth_pct > 30 FIRST|0 0 8 * * ?|yes 86400
COST-003 COST CRITICAL budget_pct > 80 FIRST|0 0 6 * * ?|yes 86400
COST-004 COST CRITICAL budget_pct > 100 FIRST|0 0 * * * ?|yes 3600
COST-005 COST INFO untagged_cost > 1000 FIRST|0 0 8 * * ?|no 86400
COST-007 COST CRITICAL daily_cost > 500 MAX|0 0 * * * ?|no 3600
COST-012 COST WARNING tag_coverage_pct < 80 FIRST|0 0 8 * * ?|yes 86400
COST-016 COST WARNING max_job_cost_increase > 500 FIRST|0 0 8 * * ?|no 86400
COST-017 COST CRITICAL outlier_run_count > 0 FIRST|0 */15 * * * ?|no 1800
COST-018 COST WARNING all_purpose_cost > 500 FIRST|0 0 8 * * ?|yes 86400
SEC-001 SECURITY CRITICAL pct_of_baseline > 200 FIRST|0 */15 * * * ?|no 900
SEC-006 SECURITY WARNING failed_login_count > 5 FIRST|0 */5 * * * ?|no 600
SEC-007 SECURITY WARNING burst_user_count > 0 FIRST|0 */15 * * * ?|no 1800
SEC-008 SECURITY INFO off_hours_pct > 20 FIRST|0 0 7 * * ?|no 86400
PERF-001 PERFORMANCE WARNING degradation_ratio > 2 FIRST|0 */15 * * * ?|yes 900
PERF-002 PERFORMANCE WARNING avg_queue_seconds > 30 FIRST|0 */5 * * * ?|yes 300
PERF-009 PERFORMANCE WARNING spill_rate_pct > 20 FIRST|0 0 * * * ?|yes 3600
PERF-010 PERFORMANCE WARNING high_queue_rate > 10 FIRST|0 */30 * * * ?|yes 3600
PERF-011 PERFORMANCE INFO inefficient_rate > 20 FIRST|0 0 8 * * ?|yes 86400
PERF-012 PERFORMANCE WARNING long_running_count > 0 FIRST|0 * * * * ?|no 300
REL-001 RELIABILITY CRITICAL success_rate < 90 FIRST|0 */15 * * * ?|yes 900
REL-003 RELIABILITY CRITICAL consecutive_failure_jobs > 0 SUM|0 */5 * * * ?|no 300
REL-009 RELIABILITY WARNING regression_count > 2 FIRST|0 0 8 * * ?|no 86400
REL-010 RELIABILITY WARNING fast_completion_count > 2 FIRST|0 0 8 * * ?|no 86400
CLUSTER-001 RELIABILITY WARNING underprovisioned_cluster_count > 0 FIRST|0 0 8 * * ?|yes 86400
CLUSTER-002 COST INFO overprovisioned_cluster_count > 0 FIRST|0 0 8 ? * 2|yes 604800
QUAL-001 QUALITY WARNING unhealthy_pct > 10 FIRST|0 0 * * * ?|yes 3600
GOV-001 QUALITY WARNING newly_inactive_tables > 10 FIRST|0 0 6 * * ?|no 86400
QUAL-002 QUALITY WARNING unhealthy_freshness_count > 0 FIRST|0 0 * * * ?|no 3600
"""

each_rule = pytest.mark.parametrize("located", PACK.rules, ids=lambda located: located.rule.id)


def _as_agreed(located: LocatedRule) -> str:
    rule, threshold = located.rule, located.rule.threshold
    what = f"{rule.id} {located.domain} {rule.severity} {threshold.column} {threshold.operator}"
    aggregation = rule.aggregation or PACK.manifest.defaults.aggregation
    notify = "yes" if rule.notify_on_ok else "no"
    return (
        f"{what} {threshold.value} {aggregation}|{rule.schedule}|{notify} {rule.retrigger_seconds}"
    )


def _tree(located: LocatedRule) -> exp.Expression:
    values = resolve(PACK.manifest.variables, {})
    query = render_query(located.rule.query, values)
    query = query.replace("${catalog}", "main").replace("${gold_schema}", "gold")
    statements = sqlglot.parse(query, dialect="databricks")
    assert len(statements) == 1
    assert statements[0] is not None
    return statements[0]


def test_the_rules_are_the_agreed_ones() -> None:
    assert sorted(map(_as_agreed, PACK.rules)) == sorted(AGREED.split("\n")[1:-1])


def test_rules_are_paused_in_los_angeles_and_take_no_rows_for_ok_unless_they_say_otherwise() -> (
    None
):
    defaults = PACK.manifest.defaults
    assert (defaults.pause_status, defaults.time_zone, defaults.empty_result_state) == (
        "PAUSED",
        "America/Los_Angeles",
        "OK",
    )
    assert {(r.rule.pause_status, r.rule.time_zone) for r in PACK.rules} == {
        ("PAUSED", "America/Los_Angeles")
    }


def test_there_are_destinations_of_all_five_types() -> None:
    types = {destination.type for destination in PACK.manifest.destinations}
    assert types == {"EMAIL", "SLACK", "WEBHOOK", "TEAMS", "PAGERDUTY"}


@each_rule
def test_a_rule_is_tested_to_both_sides_of_its_threshold(located: LocatedRule) -> None:
    assert {case.expect.state for case in located.rule.tests} == {"OK", "TRIGGERED"}


@each_rule
def test_a_query_is_one_select_that_returns_its_threshold_column(located: LocatedRule) -> None:
    tree = _tree(located)
    assert isinstance(tree, exp.Select)
    assert located.rule.threshold.column in tree.named_selects


@each_rule
def test_a_query_reads_declared_columns_only(located: LocatedRule) -> None:
    schema = {"main": {"gold": {t: dict(c) for t, c in PACK.manifest.tables.items()}}}
    qualify(_tree(located), schema=schema, dialect="databricks", validate_qualify_columns=True)


@each_rule
def test_a_query_leaves_the_decision_to_the_threshold(located: LocatedRule) -> None:
    conditions = [*_tree(located).find_all(exp.Where), *_tree(located).find_all(exp.Having)]
    column = located.rule.threshold.column
    assert not [c for c in conditions if column in {name.name for name in c.find_all(exp.Column)}]


@each_rule
def test_a_critical_rule_reaches_more_than_a_mailbox(located: LocatedRule) -> None:
    types = {item.id: item.type for item in PACK.manifest.destinations}
    reached = {types.get(channel, "EMAIL") for channel in located.rule.channels}
    assert located.rule.severity != "CRITICAL" or reached - {"EMAIL"}


def test_no_secret_stands_in_the_pack() -> None:
    kept = [
        str(variable.default)
        for name, variable in PACK.manifest.variables.items()
        if name.endswith(("_url", "_key"))
    ]
    assert kept
    assert all(text.startswith("{{secrets/") for text in kept)
