"""Which old URNs a registration may have had (generateAliases in Pulumi's step generator)."""

from __future__ import annotations

from collections.abc import Mapping

from databricks_alerts.engine import urn as urns
from databricks_alerts.engine.steps.goal import Alias, Goal


def of(goal: Goal, project: str, stack: str, used: Mapping[str, str]) -> list[str]:
    """The URNs to look for, best first. `used` maps each new URN to the alias that it took."""
    found = [_collapse(goal, alias, project, stack, used) for alias in goal.aliases]
    parent_alias = used.get(goal.parent)
    if parent_alias:
        found.append(_inherited(goal.parent, parent_alias, goal.type, goal.name, project, stack))
        for alias in goal.aliases:
            child = _collapse(goal, alias, project, stack, used)
            kind, name = urns.type_of(child), urns.name_of(child)
            found.append(_inherited(goal.parent, parent_alias, kind, name, project, stack))
    return list(dict.fromkeys(found))


def _collapse(goal: Goal, alias: Alias, project: str, stack: str, used: Mapping[str, str]) -> str:
    if alias.urn:
        return alias.urn
    parent = used.get(alias.parent, alias.parent) if alias.parent else goal.parent
    if alias.no_parent:
        parent = ""
    return urns.make(
        alias.stack or stack,
        alias.project or project,
        parent,
        alias.type or goal.type,
        alias.name or goal.name,
    )


def _inherited(
    parent: str, parent_alias: str, kind: str, name: str, project: str, stack: str
) -> str:
    """A child's old URN under its parent's: names made of the parent's name follow it."""
    parent_name = urns.name_of(parent)
    if name.startswith(parent_name):
        name = urns.name_of(parent_alias) + name.removeprefix(parent_name)
    return urns.with_parent_type(stack, project, urns.qualified_type(parent_alias), kind, name)
