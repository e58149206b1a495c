"""A family's rules: made, and checked like rules that stand in the pack by themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from databricks_alerts.packs.checks import rule_problems
from databricks_alerts.packs.document import Problem
from databricks_alerts.packs.families import expanded
from databricks_alerts.packs.members import members_of
from databricks_alerts.packs.model import Family, LocatedRule, Manifest
from databricks_alerts.sql.literals import Value


def rules_of_family(
    family: Family,
    found: Sequence[Value | Mapping[str, Value]],
    manifest: Manifest,
    problems: list[Problem],
) -> list[LocatedRule]:
    """A rule a member of `found`, in the order of their keys; all that is wrong is told."""
    own: list[Problem] = []
    members = members_of(family, found, own)
    rules = list(expanded(family, members, own))
    # What a rule lacks because its member is wrong would only hide that.
    problems += own or list(rule_problems(rules, manifest))
    return rules
