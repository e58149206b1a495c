"""What `alerts watch` found, for programs and for Prometheus."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from databricks_alerts.reports.metrics import Metric
from databricks_alerts.watch.look import ADVICE, KINDS, Concern


def to_document(
    stack: str, concerns: Sequence[Concern], ages: Mapping[str, float], now: dt.datetime, rules: int
) -> dict[str, Any]:
    """For programs. `watched_at` is the heartbeat."""
    return {
        "stack": stack,
        "watched_at": now.isoformat(),
        "rules": rules,
        "concerns": [{**item.model_dump(), "level": item.level} for item in concerns],
        "evaluation_age_seconds": {key: round(age, 3) for key, age in sorted(ages.items())},
    }


def to_prometheus(
    stack: str, concerns: Sequence[Concern], ages: Mapping[str, float], now: dt.datetime, rules: int
) -> str:
    """For Prometheus; counts are there at 0 too, so that no alert looks at a missing series."""
    of_stack = {"stack": stack}
    counts = Counter(item.kind for item in concerns)
    metrics = [
        Metric(
            "alerts_watch_last_run_timestamp_seconds",
            "When the watcher looked last: its heartbeat.",
            [(of_stack, now.timestamp())],
        ),
        Metric("alerts_watch_rules", "Rules that are watched.", [(of_stack, rules)]),
        Metric(
            "alerts_watch_concerns",
            "What is not as it should be, by kind.",
            [({**of_stack, "kind": kind, "level": _level(kind)}, counts[kind]) for kind in KINDS],
        ),
        Metric(
            "alerts_rule_concern",
            "1 for each rule and kind of concern.",
            [
                ({**of_stack, "rule": item.rule, "kind": item.kind, "level": item.level}, 1)
                for item in concerns
                if item.rule
            ],
        ),
        Metric(
            "alerts_rule_evaluation_age_seconds",
            "Seconds since a rule's last evaluation.",
            [({**of_stack, "rule": key}, age) for key, age in sorted(ages.items())],
        ),
    ]
    return "".join(metric.text() for metric in metrics if metric.samples)


def _level(kind: str) -> str:
    return "advice" if kind in ADVICE else "broken"
