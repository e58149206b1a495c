"""The component that holds everything a stack deploys."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pulumi

from alerting.deployment import Plan
from alerting.plan import Declared
from components.access import Access, AccessArgs
from components.alert import declare_alert, hold_alert
from components.destination import Resolve, declare_destination, hold_destination


@dataclass(frozen=True)
class AlertingArgs:
    """What to declare: the plan, and how references to secrets become values.

    `hooks` are bound to every alert and destination.
    """

    plan: Plan
    resolve: Resolve
    hooks: pulumi.ResourceHookBinding | None = None


class Alerting(pulumi.ComponentResource):
    """All alerts and destinations of one workspace.

    `alerts` and `destinations` map our ids to the Databricks ids (Outputs).
    """

    alerts: Mapping[str, pulumi.Output[str]]
    destinations: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: AlertingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("databricks-alerts:index:Alerting", name, {}, opts)
        self.destinations = self._declare_destinations(args)
        self.alerts = self._declare_alerts(args)
        settings = args.plan.prepared.settings
        if settings.permissions:
            inner = pulumi.ResourceOptions(parent=self)
            Access("access", AccessArgs(settings, self.alerts), inner)
        self.register_outputs({})

    def _declare_destinations(self, args: AlertingArgs) -> dict[str, pulumi.Output[str]]:
        plan = args.plan
        rows = {item.destination_id: item for item in plan.prepared.snapshot.destinations}
        declared: dict[str, pulumi.Output[str]] = {}
        for item in plan.destinations:
            if item.decision == "deploy":
                made = declare_destination(rows[item.key], item, args.resolve, self, args.hooks)
                declared[item.key] = made.id
            elif item.decision == "hold" and not item.adopt:
                declared[item.key] = hold_destination(item, self).id
        return declared

    def _declare_alerts(self, args: AlertingArgs) -> dict[str, pulumi.Output[str]]:
        return {
            item.key: self._declare_alert(args, item)
            for item in args.plan.alerts
            if item.decision != "skip"
        }

    def _declare_alert(self, args: AlertingArgs, item: Declared) -> Any:
        plan = args.plan
        if item.decision == "hold":
            return hold_alert(plan.prepared.inventory.alert(item.existing), item, self).id
        rule, query = plan.prepared.deployable(item.key)
        settings = plan.prepared.settings
        made = declare_alert(rule, query, settings, item, self.destinations, self, args.hooks)
        return made.id
