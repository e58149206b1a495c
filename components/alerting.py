"""The component that holds everything a stack deploys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_databricks as databricks

from components.access import Access, AccessArgs
from components.alert import declare_alert, hold_alert
from components.destination import Resolve, declare_destination, hold_destination
from components.folder import Folders, MakeFolder
from components.hooks import Hooks
from components.name_release import Rename, name_release
from databricks_alerts.deployed import COMPONENT_TYPE
from databricks_alerts.plan.decisions import Declared
from databricks_alerts.plan.deployment import Plan
from databricks_alerts.plan.names import in_order
from databricks_alerts.rules.resources import home_of
from databricks_alerts.workspace_view.inventory import folder


@dataclass(frozen=True)
class AlertingArgs:
    """What to declare: the plan, and how references to secrets become values.

    `hooks` are bound to every alert and destination; `rename` gives the alert of a Databricks id
    another display name, `make_folder` makes the folder of a rule that names its own.
    """

    plan: Plan
    resolve: Resolve
    rename: Rename
    make_folder: MakeFolder
    hooks: Hooks = field(default_factory=Hooks)


class Alerting(pulumi.ComponentResource):
    """All alerts and destinations of one workspace.

    `alerts` and `destinations` map our ids to the Databricks ids (Outputs).
    """

    alerts: Mapping[str, pulumi.Output[str]]
    destinations: Mapping[str, pulumi.Output[str]]

    def __init__(
        self, name: str, args: AlertingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__(COMPONENT_TYPE, name, {}, opts)
        # Before anything is deployed, so that a run that ends early is remembered all the same.
        self.register_outputs(_memory(args.plan))
        self.destinations = self._declare_destinations(args)
        self.alerts = self._declare_alerts(args)
        settings = args.plan.prepared.settings
        if settings.permissions:
            inner = pulumi.ResourceOptions(parent=self)
            former = {item.key: item.former_key for item in args.plan.alerts if item.former_key}
            mutes = args.plan.prepared.snapshot.has_mutes
            Access("access", AccessArgs(settings, self.alerts, former, mutes), inner)

    def _declare_destinations(self, args: AlertingArgs) -> dict[str, pulumi.Output[str]]:
        plan = args.plan
        rows = {item.destination_id: item for item in plan.prepared.snapshot.destinations}
        declared: dict[str, pulumi.Output[str]] = {}
        for item in plan.destinations:
            if item.decision == "deploy":
                made = declare_destination(
                    rows[item.key], item, args.resolve, self, args.hooks.binding()
                )
                declared[item.key] = made.id
            elif item.decision == "hold" and not item.adopt:
                declared[item.key] = hold_destination(item, self).id
            elif item.decision == "refer":
                declared[item.key] = pulumi.Output.from_input(item.existing)
        return declared

    def _declare_alerts(self, args: AlertingArgs) -> dict[str, pulumi.Output[str]]:
        items = {item.key: item for item in args.plan.alerts if item.decision != "skip"}
        after = {key: item.after for key, item in items.items() if item.after}
        there = {alert.parent_path for alert in args.plan.prepared.inventory.alerts}
        folders = Folders(args.make_folder, there)
        made: dict[str, databricks.AlertV2] = {}
        for key in in_order(after, items):
            before = [made[after[key]]] if key in after else []
            made[key] = self._declare_alert(args, items[key], before, folders)
        return {key: made[key].id for key in items}

    def _declare_alert(
        self,
        args: AlertingArgs,
        item: Declared,
        before: Sequence[pulumi.Resource],
        folders: Folders,
    ) -> databricks.AlertV2:
        prepared = args.plan.prepared
        if item.decision == "hold":
            return hold_alert(prepared.inventory.alert(item.existing), item, self)
        rule, query = prepared.deployable(item.key)
        hooks = args.hooks
        # The stack's own folder is made before: by `alerts init` and `alerts up`.
        home = folder(home_of(rule.folder, prepared.settings)) if rule.folder else ""
        place = folders.hook(home) if home else None
        if place is not None:
            hooks = hooks.with_first(place)
        if item.frees:
            hooks = hooks.with_first(
                name_release(prepared.inventory.alert(item.frees), args.rename)
            )
        opts = pulumi.ResourceOptions(parent=self, depends_on=before, hooks=hooks.binding())
        standing = None if item.replaces else prepared.inventory.find(item.existing)
        return declare_alert(
            rule, query, prepared.settings, item, self.destinations, opts, standing
        )


def _memory(plan: Plan) -> dict[str, Any]:
    """What the next run reads back (databricks_alerts.deployed).

    `replaced` is each alert's replacement trigger: the next run must name the same, or it would
    replace the alert again.
    """
    return {
        "configVersion": plan.versions.config,
        "configDigest": plan.versions.config_digest,
        "destinationsVersion": plan.versions.destinations,
        "destinationsDigest": plan.versions.destinations_digest,
        "replaced": {item.key: item.replaces for item in plan.alerts if item.replaces},
    }
