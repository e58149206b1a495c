"""Metrics of a stack: what Prometheus' own parser reads out of them."""

from __future__ import annotations

import datetime as dt

from hypothesis import given
from hypothesis import strategies as st
from prometheus_client.parser import text_string_to_metric_families

from databricks_alerts.reports.prometheus import (
    DRIFTS,
    NOT_DEPLOYED,
    STATES,
    RuleStatus,
    to_prometheus,
)

NOW = dt.datetime(2026, 11, 23, 12, tzinfo=dt.UTC)


def parsed(*rules: RuleStatus, stack: str = "prod") -> dict[tuple[str, ...], float]:
    """(name, label values but the stack's) → value."""
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(to_prometheus(stack, rules, NOW)):
        assert family.type == "gauge"
        assert family.documentation
        for sample in family.samples:
            assert sample.labels["stack"] == stack
            rest = [value for label, value in sample.labels.items() if label != "stack"]
            assert (sample.name, *rest) not in found
            found[sample.name, *rest] = sample.value
    return found


def test_rules_are_counted_by_state_and_every_state_is_there() -> None:
    metrics = parsed(
        RuleStatus(state="OK", deployed=True),
        RuleStatus(state="OK", deployed=True),
        RuleStatus(state="TRIGGERED", deployed=True),
        RuleStatus(state=None, deployed=True),
        RuleStatus(),
    )
    states = {key[1]: value for key, value in metrics.items() if key[0] == "alerts_rules"}
    assert states == {"OK": 2, "TRIGGERED": 1, "ERROR": 0, "UNKNOWN": 1, NOT_DEPLOYED: 1}


def test_a_held_rule_is_invalid_and_a_skipped_one_is_not_held() -> None:
    metrics = parsed(
        RuleStatus(deployed=True, last_sync_action="HELD", last_sync_status="ERROR"),
        RuleStatus(last_sync_action="SKIPPED", last_sync_status="ERROR"),
        RuleStatus(deployed=True, row_is_valid=False),
        RuleStatus(deployed=True, last_sync_action="UPDATED", last_sync_status="SUCCESS"),
    )
    assert metrics["alerts_rules_invalid",] == 3
    assert metrics["alerts_rules_held",] == 2
    assert metrics["alerts_rules_sync_failed",] == 2


def test_the_age_is_that_of_the_latest_sync() -> None:
    hour = dt.timedelta(hours=1)
    metrics = parsed(
        RuleStatus(last_synced_at=NOW - 5 * hour),
        RuleStatus(last_synced_at=(NOW - hour).replace(tzinfo=None)),
    )
    assert metrics["alerts_last_sync_age_seconds",] == 3600
    assert metrics["alerts_last_sync_timestamp_seconds",] == (NOW - hour).timestamp()


def test_without_any_sync_there_is_no_age() -> None:
    assert not [key for key in parsed(RuleStatus()) if "last_sync" in key[0]]


def test_drift_is_counted_by_kind() -> None:
    metrics = parsed(RuleStatus(drift="gone"), RuleStatus(drift="gone"), RuleStatus(drift="moved"))
    drifts = {key[1]: value for key, value in metrics.items() if key[0] == "alerts_rules_drifted"}
    assert drifts == {
        **dict.fromkeys(("changed", "destination", "permissions", "renamed", "trashed"), 0),
        **{"gone": 2, "moved": 1},
    }


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"])),
    st.lists(
        st.builds(
            RuleStatus,
            state=st.sampled_from((*STATES, "NEW", None)),
            deployed=st.booleans(),
            drift=st.sampled_from((*DRIFTS, "odd", None)),
            last_synced_at=st.none() | st.datetimes(timezones=st.just(dt.UTC)),
        ),
        max_size=5,
    ),
)
def test_the_parser_reads_whatever_is_written(stack: str, rules: list[RuleStatus]) -> None:
    metrics = parsed(*rules, stack=stack)
    assert sum(value for key, value in metrics.items() if key[0] == "alerts_rules") == len(rules)
