"""Policies: what a change must not do though it is valid. Built-in ones, and a team's own."""

from databricks_alerts.policies.model import Change, Policy, Problem, RuleView, policy
from databricks_alerts.policies.run import violations

__all__ = ["Change", "Policy", "Problem", "RuleView", "policy", "violations"]
