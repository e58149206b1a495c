"""One notification destination as a resource."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pulumi
import pulumi_databricks as databricks

from components.identity import identity_of
from databricks_alerts.destinations.targets import KINDS, configuration
from databricks_alerts.plan.decisions import Declared
from databricks_alerts.rules.rows import Destination

Resolve = Callable[[Any], Any]


def declare_destination(
    destination: Destination,
    declared: Declared,
    resolve: Resolve,
    parent: pulumi.Resource,
    hooks: pulumi.ResourceHookBinding | None = None,
) -> databricks.NotificationDestination:
    """Declare a destination, named by its destination_id.

    `resolve` replaces references to secrets by their values. All values but e-mail addresses are
    marked secret: the API never reads them back, and the state holds them encrypted only.
    """
    kind = KINDS[destination.destination_type]
    values, _ = configuration(destination)
    return databricks.NotificationDestination(
        destination.destination_id,
        display_name=destination.destination_name,
        config={kind.block: {key: _value(key, value, resolve) for key, value in values.items()}},
        opts=pulumi.ResourceOptions.merge(
            pulumi.ResourceOptions(parent=parent, hooks=hooks), identity_of(declared)
        ),
    )


def hold_destination(
    declared: Declared, parent: pulumi.Resource
) -> databricks.NotificationDestination:
    """Keep a deployed destination as it is though its row is invalid now.

    Its configuration is in the state only (the API never reads secrets back); `ignore_changes`
    puts all of it in place of what is declared here.
    """
    options = pulumi.ResourceOptions.merge(
        pulumi.ResourceOptions(parent=parent, ignore_changes=["*"]), identity_of(declared)
    )
    return databricks.NotificationDestination(declared.key, display_name=declared.key, opts=options)


def _value(key: str, value: Any, resolve: Resolve) -> Any:
    plain = resolve(value)
    return plain if key == "addresses" else pulumi.Output.secret(plain)
