"""The gate's policies as a Pulumi policy pack: `pulumi preview --policy-pack policy-pack`.

Those that need no more than the declared resources; docs/gate.md lists them. Levels and options
are those of stacks/policies.yaml. Policies of one alert stop it before it is made; who is told is
looked at when all resources are known.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from pulumi_policy import (
    EnforcementLevel,
    PolicyPack,
    PolicyResource,
    ReportViolation,
    ResourceValidationArgs,
    ResourceValidationPolicy,
    StackValidationArgs,
    StackValidationPolicy,
)

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from databricks_alerts.policies import Policy, Problem  # noqa: E402
from databricks_alerts.policies.configuration import load_policies  # noqa: E402
from databricks_alerts.policies.from_resources import (  # noqa: E402
    ALERT,
    DESTINATION,
    OF_ONE_ALERT,
    OF_THE_STACK,
    destination,
    problems,
    rule_view,
)

LEVELS = {
    "mandatory": EnforcementLevel.MANDATORY,
    "advisory": EnforcementLevel.ADVISORY,
    "off": EnforcementLevel.DISABLED,
}


def of_one_alert(policy: Policy) -> ResourceValidationPolicy:
    """A policy on an alert's own properties."""

    def validate(args: ResourceValidationArgs, report: ReportViolation) -> None:
        if args.resource_type == ALERT:
            for problem in problems(policy, rule_view(args.name, args.props)):
                report(told(problem), None)

    return ResourceValidationPolicy(
        policy.name, policy.about, validate, enforcement_level=LEVELS[policy.level]
    )


def of_the_stack(policy: Policy) -> StackValidationPolicy:
    """A policy on alerts and whom they tell."""

    def validate(args: StackValidationArgs, report: ReportViolation) -> None:
        for alert in args.resources:
            if alert.resource_type == ALERT:
                told_to = told_by(alert)
                view = rule_view(alert.name, alert.props, [*told_to, *addresses(alert)])
                known = [destination(key, item.props) for key, item in told_to.items()]
                for problem in problems(policy, view, destinations=known):
                    report(told(problem), alert.urn)

    return StackValidationPolicy(
        policy.name, policy.about, validate, enforcement_level=LEVELS[policy.level]
    )


def told_by(alert: PolicyResource) -> Mapping[str, PolicyResource]:
    """The destinations that an alert depends on, whose ids a preview does not know yet."""
    around = [*alert.dependencies, *alert.property_dependencies.get("evaluation", ())]
    return {item.name: item for item in around if item.resource_type == DESTINATION}


def addresses(alert: PolicyResource) -> Iterator[str]:
    """The e-mail addresses among an alert's subscribers."""
    notification = alert.props["evaluation"].get("notification") or {}
    for subscription in notification.get("subscriptions") or ():
        if "userEmail" in subscription:
            yield str(subscription["userEmail"])


def told(problem: Problem) -> str:
    """What and what to do, in a sentence."""
    return f"{problem.what}: {problem.remedy}"


def chosen(
    names: frozenset[str], make: Callable[[Policy], Any], policies: Sequence[Policy]
) -> list[Any]:
    """Pulumi's policies for those of ours that have one of these names."""
    return [make(policy) for policy in policies if policy.name in names]


configured = load_policies(ROOT / "stacks", os.environ.get("PULUMI_STACK", ""))
PolicyPack(
    "databricks-alerts",
    [
        *chosen(OF_ONE_ALERT, of_one_alert, configured),
        *chosen(OF_THE_STACK, of_the_stack, configured),
    ],
)
