"""What a deployment tells the next one, other stacks and people: the stack's outputs."""

from __future__ import annotations

import os
from collections.abc import Mapping

import pulumi

from databricks_alerts.destinations.stand_ins import told as told_waiting
from databricks_alerts.drift.alerts import told
from databricks_alerts.plan.deployment import PREPARED_VARIABLE, Plan

_WORDS = {"hold": "held as deployed", "skip": "skipped"}


def export_outputs(plan: Plan) -> None:
    """Export the versions that were applied, and the rules that were held or skipped.

    For people: ids stand in the state and in the rows, and nothing is read back from here.
    """
    pulumi.export("configVersion", plan.versions.config)
    pulumi.export("destinationsVersion", plan.versions.destinations)
    pulumi.export("held", plan.alert_keys("hold"))
    pulumi.export("skipped", plan.alert_keys("skip"))
    if plan.blocked:
        pulumi.export("blocked", plan.blocked)


def warn(plan: Plan) -> None:
    """Say which rules are held or skipped and why, and what else a person should know."""
    for warning in plan.warnings:
        pulumi.log.warn(warning)
    # `alerts` tells that itself, once for preview and update.
    if not os.environ.get(PREPARED_VARIABLE):
        for line in plan.prepared.environment:
            pulumi.log.info(line)
        waiting = told_waiting(plan.prepared.report.waiting)
        if waiting:
            pulumi.log.warn(waiting)
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
