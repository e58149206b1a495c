"""What a deployment tells the next one, other stacks and people: the stack's outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pulumi

from alerting.deployment import PREPARED_VARIABLE, Plan
from alerting.drift import told
from alerting.plan import Deployed
from components.alerting import Alerting

_WORDS = {"hold": "held as deployed", "skip": "skipped"}


def export_outputs(alerting: Alerting, plan: Plan, deployed: Deployed) -> None:
    """Export ids, the version that was applied, and the rules that were held or skipped.

    Under --continue-on-error a failed resource's id is empty; the id of the last deployment then
    stays, since the alert does.
    """
    snapshot = plan.prepared.snapshot
    pulumi.export("configVersion", snapshot.config_version)
    pulumi.export("destinationsVersion", snapshot.destinations_version)
    pulumi.export("alerts", _ids(alerting.alerts, deployed.alerts))
    pulumi.export("destinations", _ids(alerting.destinations, deployed.destinations))
    # Each alert's replacement trigger: the next run must name the same, or it would replace again.
    pulumi.export("replaced", {item.key: item.replaces for item in plan.alerts if item.replaces})
    pulumi.export("held", plan.alert_keys("hold"))
    pulumi.export("skipped", plan.alert_keys("skip"))


def warn(plan: Plan) -> None:
    """Say which rules are held or skipped and why, and what else a person should know."""
    for warning in plan.warnings:
        pulumi.log.warn(warning)
    # `alerts` has what was changed outside read again; the CLI does it when it is told to.
    drifts = plan.unseen_drifts
    if drifts and not os.environ.get(PREPARED_VARIABLE):
        pulumi.log.warn(
            f"changed outside: {told(drifts)}. `pulumi preview --refresh` shows it, "
            "`pulumi up --refresh` repairs it"
        )
    for item in plan.alerts:
        if item.decision != "deploy":
            pulumi.log.warn(f"{item.key} is {_WORDS[item.decision]}: {plan.reason(item.key)}")


def deployed_ids(made: Mapping[str, pulumi.Output[str]]) -> pulumi.Output[dict[str, str]]:
    """Databricks ids by our ids, empty for a resource that failed (under --continue-on-error)."""
    if not made:
        return pulumi.Output.from_input({})
    ids = {key: id_.recover(lambda _: "") for key, id_ in made.items()}
    return pulumi.Output.all(**ids).apply(lambda found: {k: v or "" for k, v in found.items()})


def _ids(
    made: Mapping[str, pulumi.Output[str]], before: Mapping[str, str]
) -> pulumi.Output[dict[str, str]]:
    def kept(ids: dict[str, str]) -> dict[str, str]:
        return {key: value or before.get(key, "") for key, value in ids.items()}

    return deployed_ids(made).apply(kept)
