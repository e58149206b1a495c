"""What is deployed as metrics: Prometheus' text format, for a textfile collector or a push gateway.

Every state is always there, at
0 too, so that an alert on it never looks at a missing series.
"""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import get_args

from databricks_alerts.drift.alerts import Drift
from databricks_alerts.reports.metrics import Metric

STATES = ("OK", "TRIGGERED", "ERROR", "UNKNOWN")
NOT_DEPLOYED = "NOT_DEPLOYED"
DRIFTS = tuple(sorted(get_args(Drift)))


@dataclass(frozen=True)
class RuleStatus:
    """An enabled rule: its alert's last state (None: no alert), how the last sync left it, drift.

    `last_sync_action` is the column's word; HELD and SKIPPED mean that the rule was invalid.
    """

    state: str | None = None
    deployed: bool = False
    last_synced_at: dt.datetime | None = None
    last_sync_status: str | None = None
    last_sync_action: str | None = None
    drift: str | None = None
    row_is_valid: bool = True

    @property
    def invalid(self) -> bool:
        """Whether its row cannot be read, or the last deployment found it invalid."""
        return not self.row_is_valid or self.last_sync_action in ("HELD", "SKIPPED")

    @property
    def held(self) -> bool:
        """Whether it is invalid while an older version of it goes on running."""
        return self.invalid and self.deployed


def to_prometheus(stack: str, rules: Sequence[RuleStatus], now: dt.datetime) -> str:
    """The metrics of one stack; `now` is what ages are counted to (seconds)."""
    states = Counter((rule.state or "UNKNOWN") if rule.deployed else NOT_DEPLOYED for rule in rules)
    drifts = Counter(rule.drift for rule in rules if rule.drift)
    metrics = [
        _by(
            stack,
            "alerts_rules",
            "Enabled rules by evaluation state.",
            "state",
            states,
            (*STATES, NOT_DEPLOYED),
        ),
        _one(
            stack,
            "alerts_rules_invalid",
            "Enabled rules that are invalid.",
            sum(rule.invalid for rule in rules),
        ),
        _one(
            stack,
            "alerts_rules_held",
            "Invalid rules whose older version is kept deployed.",
            sum(rule.held for rule in rules),
        ),
        _one(
            stack,
            "alerts_rules_sync_failed",
            "Enabled rules whose last sync failed.",
            sum(rule.last_sync_status == "ERROR" for rule in rules),
        ),
        _by(
            stack,
            "alerts_rules_drifted",
            "Deployed rules that were changed outside.",
            "drift",
            drifts,
            DRIFTS,
        ),
        *_ages(stack, rules, now),
    ]
    return "".join(metric.text() for metric in metrics)


def _ages(stack: str, rules: Iterable[RuleStatus], now: dt.datetime) -> list[Metric]:
    """Nothing where no rule was ever synced: there is no age to tell."""
    synced = [_aware(rule.last_synced_at) for rule in rules if rule.last_synced_at]
    if not synced:
        return []
    last = max(synced)
    return [
        _one(
            stack,
            "alerts_last_sync_timestamp_seconds",
            "When a rule was synced last.",
            last.timestamp(),
        ),
        _one(
            stack,
            "alerts_last_sync_age_seconds",
            "Seconds since a rule was synced last.",
            max(0.0, (now - last).total_seconds()),
        ),
    ]


def _aware(moment: dt.datetime) -> dt.datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)


def _one(stack: str, name: str, about: str, value: float) -> Metric:
    return Metric(name, about, [({"stack": stack}, value)])


def _by(
    stack: str, name: str, about: str, label: str, counts: Counter[str], known: Sequence[str]
) -> Metric:
    values = [*known, *sorted(set(counts) - set(known))]
    return Metric(name, about, [({"stack": stack, label: v}, counts[v]) for v in values])
