"""Permissions on alerts and grants on tables, from the roles of the stack configuration."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import pulumi
import pulumi_databricks as databricks

from databricks_alerts.rules.access import PERMISSIONS_SUFFIX, alert_levels, table_grants
from databricks_alerts.rules.settings import Settings


@dataclass(frozen=True)
class AccessArgs:
    """`alerts` maps alert_id to the alert's Databricks id, `former` to the alert_id before.

    `mutes` says that there is a table of mutes.
    """

    settings: Settings
    alerts: Mapping[str, Any]
    former: Mapping[str, str] = field(default_factory=dict)
    mutes: bool = False


class Access(pulumi.ComponentResource):
    """Who may do what with the alerts and the tables of a stack.

    A `Permissions` an alert is the whole list, so that what somebody adds by hand shows as drift.
    A `Grant` a table and principal leaves other principals' grants alone: the tables' schema has
    other users.
    """

    def __init__(
        self, name: str, args: AccessArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        super().__init__("databricks-alerts:index:Access", name, {}, opts)
        inner = pulumi.ResourceOptions(parent=self)
        settings = args.settings
        controls = [
            {who.kind: who.name, "permission_level": level}
            for who, level in alert_levels(settings.permissions)
        ]
        for key, alert in args.alerts.items() if controls else ():
            databricks.Permissions(
                key + PERMISSIONS_SUFFIX,
                alert_v2_id=alert,
                access_controls=controls,
                opts=pulumi.ResourceOptions(
                    parent=self,
                    aliases=[pulumi.Alias(name=args.former[key] + PERMISSIONS_SUFFIX)]
                    if key in args.former
                    else None,
                ),
            )
        for grant in table_grants(settings.permissions, mutes=args.mutes):
            databricks.Grant(
                f"{grant.table}-{grant.principal}",
                table=f"{settings.catalog}.{settings.gold_schema}.{grant.table}",
                principal=grant.principal,
                privileges=list(grant.privileges),
                opts=inner,
            )
        self.register_outputs({})
