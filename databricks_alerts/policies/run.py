"""Runs policies over a change."""

from __future__ import annotations

from collections.abc import Sequence

from databricks_alerts.errors import ConfigurationError
from databricks_alerts.gate.model import Violation
from databricks_alerts.policies.model import Change, Policy


def violations(policies: Sequence[Policy], change: Change) -> list[Violation]:
    """What breaks which policy, by policy and rule.

    Raises ConfigurationError for a policy that fails itself: a gate that cannot look never passes.
    """
    found = []
    for item in policies:
        level = item.level
        if level == "off":
            continue
        try:
            problems = list(item.check(change, item.options))
        except Exception as error:  # a team's own code may raise anything
            raise ConfigurationError(f"policy {item.name} failed: {error!r}") from error
        found += [
            Violation(
                policy=item.name,
                level=level,
                key=problem.key,
                what=problem.what,
                remedy=problem.remedy,
            )
            for problem in problems
        ]
    return sorted(found, key=lambda one: (one.level != "mandatory", one.policy, one.key))
