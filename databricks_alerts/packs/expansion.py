"""A family's rules: made, and checked like rules that stand in the pack by themselves."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from databricks_alerts.listing import some
from databricks_alerts.packs.authored import Manifest
from databricks_alerts.packs.checks import rule_problems
from databricks_alerts.packs.document import Problem
from databricks_alerts.packs.families import expanded
from databricks_alerts.packs.members import members_of
from databricks_alerts.packs.model import Family, LocatedRule
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
    own += _same_names(family, rules)
    # What a rule lacks because its member is wrong would only hide that.
    problems += own or list(rule_problems(rules, manifest))
    return rules


def _same_names(family: Family, rules: Sequence[LocatedRule]) -> Iterator[Problem]:
    """Members that people could not tell apart: who is notified reads the name, not the id."""
    bearers: dict[str, list[str]] = {}
    for located in rules:
        bearers.setdefault(located.rule.name, []).append(located.rule.member or "")
    for name, keys in bearers.items():
        distinct = sorted(set(keys))
        if len(distinct) > 1:
            text = (
                f"{family.rule.id}: the members {some(distinct)} are all called {name!r}; "
                "say in the name what tells them apart, such as {{ each.key }}"
            )
            yield Problem(family.place(("name",)), text)
