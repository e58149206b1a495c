"""What each built-in policy lets pass and what it does not."""

from __future__ import annotations

from typing import Any

import pytest

from databricks_alerts.gate.model import Cost, Drifted, StepChange
from databricks_alerts.policies import Change, Policy, RuleView, violations
from databricks_alerts.policies.configuration import BUILT_IN
from databricks_alerts.rules.rows import Destination, Rule
from databricks_alerts.validation.fingerprint import Schemas

POLICIES = {item.name: item for item in BUILT_IN}
GIGABYTE = 1024**3


def view(query: str = "SELECT a FROM t", **fields: Any) -> RuleView:
    values: dict[str, Any] = {
        "alert_id": "A",
        "severity": "CRITICAL",
        "owner": "me",
        "alert_description": "what it means",
        "schedule_cron": "0 0 8 * * ?",
        "threshold_operator": ">",
        "threshold_value_type": "DOUBLE",
        "threshold_value_double": 5.0,
        "notification_channels": ("pager",),
        **fields,
    }
    return RuleView(Rule.model_construct(**values), query)


def broken(name: str, change: Change, **options: Any) -> list[str]:
    """What the policy says, at mandatory level."""
    made = POLICIES[name]
    options = {**made.options, **options}
    item = Policy(made.name, "mandatory", made.check, options, made.about)
    return [found.what for found in violations([item], change)]


@pytest.mark.parametrize(
    ("query", "breaks"),
    [
        ("SELECT * FROM t", True),
        ("SELECT t.* FROM t JOIN u ON t.a = u.a", True),
        ("SELECT a FROM (SELECT * FROM t)", True),
        ("WITH x AS (SELECT * FROM t) SELECT a FROM x", True),
        ("SELECT count(*) AS n FROM t", False),
        ("SELECT * FROM (SELECT a FROM t)", False),
    ],
)
def test_select_star(query: str, breaks: bool) -> None:
    assert bool(broken("no-select-star", Change(rules=(view(query),)))) is breaks


@pytest.mark.parametrize(
    ("query", "breaks"),
    [
        ("SELECT a FROM t, u", True),
        ("SELECT a FROM t CROSS JOIN u", True),
        ("SELECT a FROM (SELECT t.a FROM t CROSS JOIN u)", True),
        ("SELECT a FROM t CROSS JOIN u LIMIT 10", False),
        ("SELECT a FROM t, u WHERE t.a = u.a", False),
        ("SELECT a FROM t JOIN u USING (a)", False),
        ("SELECT a FROM t NATURAL JOIN u", False),
        ("SELECT a FROM t CROSS JOIN (SELECT max(b) AS b FROM u) AS m", False),
        ("SELECT a FROM t LATERAL VIEW explode(b) AS c", False),
    ],
)
def test_cross_join(query: str, breaks: bool) -> None:
    assert bool(broken("no-cross-join", Change(rules=(view(query),)))) is breaks


@pytest.mark.parametrize(
    ("query", "tables"),
    [
        ("SELECT a FROM c.s.big", ["c.s.big"]),
        ("SELECT a FROM c.s.big WHERE a > 5", ["c.s.big"]),
        ("SELECT a FROM c.s.small", []),
        ("SELECT a FROM c.s.big WHERE happened > current_date() - 1", []),
        ("SELECT a FROM c.s.big AS b WHERE b.happened BETWEEN '2026-01-01' AND '2026-01-02'", []),
        ("WITH x AS (SELECT a FROM c.s.big) SELECT a FROM x", ["c.s.big"]),
        ("WITH x AS (SELECT a FROM c.s.big WHERE happened > '2026') SELECT a FROM x", []),
        ("SELECT a FROM c.s.small WHERE a IN (SELECT a FROM c.s.big)", ["c.s.big"]),
        (
            "SELECT s.a FROM c.s.small s JOIN c.s.big b ON s.a = b.a WHERE s.happened > '2026'",
            ["c.s.big"],
        ),
        ("SELECT s.a FROM c.s.small s JOIN c.s.big b ON s.a = b.a AND b.happened > '2026'", []),
    ],
)
def test_unbounded_scan(query: str, tables: list[str]) -> None:
    columns = (("a", "bigint"), ("happened", "timestamp"))
    change = Change(
        rules=(view(query),),
        schemas=Schemas(columns={("c", "s", "big"): columns, ("c", "s", "small"): columns}),
        table_bytes={"c.s.big": 101 * GIGABYTE, "c.s.small": GIGABYTE}.get,
    )
    assert [what.split()[5] for what in broken("no-unbounded-scan", change)] == tables


@pytest.mark.parametrize(
    ("cron", "minutes", "breaks"),
    [
        ("0 * * * * ?", 1, False),
        ("0/30 * * * * ?", 1, True),
        ("0,30 0 8 * * ?", 1, True),
        ("0 0/5 * * * ?", 5, False),
        ("0 0/4 * * * ?", 5, True),
        ("0 0,1 8 * * ?", 5, True),  # twice a day, a minute apart
        ("0 59,0 0,23 * * ?", 5, True),  # over midnight
        ("0 0 8 * * ?", 1440, False),
        ("no cron", 5, False),  # a finding already
    ],
)
def test_schedule_interval(cron: str, minutes: int, breaks: bool) -> None:
    change = Change(rules=(view(schedule_cron=cron),))
    assert bool(broken("schedule-interval", change, minutes=minutes)) is breaks


@pytest.mark.parametrize(
    ("channels", "severity", "breaks"),
    [
        (("a@b.example",), "CRITICAL", True),
        ((), "CRITICAL", True),
        (("mail",), "CRITICAL", True),
        (("nobody",), "CRITICAL", True),
        (("a@b.example", "pager"), "CRITICAL", False),
        (("a@b.example",), "WARNING", False),
    ],
)
def test_critical_has_pager(channels: tuple[str, ...], severity: str, breaks: bool) -> None:
    kinds = {"pager": "PAGERDUTY", "mail": "EMAIL"}
    change = Change(
        rules=(view(notification_channels=channels, severity=severity),),
        destinations={
            key: Destination.model_construct(destination_id=key, destination_type=kind)
            for key, kind in kinds.items()
        },
    )
    assert bool(broken("critical-has-pager", change)) is breaks


def test_owner_and_description() -> None:
    change = Change(rules=(view(owner=" ", alert_description=None), view()))
    assert len(broken("has-owner", change)) == len(broken("has-description", change)) == 1


@pytest.mark.parametrize(("threshold", "breaks"), [(5.0, False), (-4.0, False), (9e9, True)])
def test_threshold_in_seen_range(threshold: float, breaks: bool) -> None:
    rules = (view(threshold_value_double=threshold),)
    assert (
        bool(broken("threshold-in-seen-range", Change(rules=rules, seen={"A": (1, 5)}))) is breaks
    )
    assert not broken("threshold-in-seen-range", Change(rules=rules))


@pytest.mark.parametrize(
    ("samples", "seen", "breaks"),
    [(1, (3, 3), False), (9, (1, 5), False), (10, (1, 5), True), (500, (0, 0), False)],
)
def test_a_threshold_is_judged_by_many_values_only(
    samples: int, seen: tuple[float, float], breaks: bool
) -> None:
    change = Change(
        rules=(view(threshold_value_double=9e9),), seen={"A": seen}, samples={"A": samples}
    )
    assert bool(broken("threshold-in-seen-range", change)) is breaks


def test_domains_can_be_restricted() -> None:
    change = Change(rules=(view(agent_domain="FINOPS"), view(agent_domain="COST")))
    assert len(broken("allowed-domains", change)) == 1
    assert not broken("allowed-domains", change, domains=["COST", "FINOPS"])


def test_max_changes_counts_alerts_that_are_there_already() -> None:
    def steps(op: str, kind: str = "AlertV2") -> tuple[StepChange, ...]:
        return tuple(StepChange(op=op, kind=kind, key=str(number)) for number in range(3))

    assert broken("max-changes", Change(rules=(), steps=steps("update")), alerts=2)
    assert not broken("max-changes", Change(rules=(), steps=steps("update")), alerts=3)
    assert not broken("max-changes", Change(rules=(), steps=steps("create")), alerts=2)
    others = steps("delete", "NotificationDestination")
    assert not broken("max-changes", Change(rules=(), steps=others), alerts=2)


def test_a_change_of_a_critical_rule_needs_a_label() -> None:
    name = "critical-change-needs-label"
    step = StepChange(op="update", kind="AlertV2", key="A")
    assert broken(name, Change(rules=(view(),), steps=(step,)))
    labels = frozenset({"critical-approved"})
    assert not broken(name, Change(rules=(view(),), steps=(step,), labels=labels))
    assert not broken(name, Change(rules=(view(severity="INFO"),), steps=(step,)))


def test_drift_and_cost() -> None:
    drift = (Drifted(kind="AlertV2", key="A", what="deleted"),)
    assert broken("no-drift", Change(rules=(), drift=drift))
    assert not broken("no-drift", Change(rules=()))

    def cost(before: float | None) -> Change:
        return Change(rules=(), cost=Cost(evaluations_before=before, evaluations_per_day=16))

    assert broken("cost-increase", cost(10))
    assert not broken("cost-increase", cost(11))
    assert not broken("cost-increase", cost(None))
