"""One alert as a resource."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pulumi
import pulumi_databricks as databricks

from components.identity import identity_of
from databricks_alerts.plan.decisions import Declared
from databricks_alerts.rules.resources import alert_arguments, subscribed
from databricks_alerts.rules.rows import Rule
from databricks_alerts.rules.settings import Settings
from databricks_alerts.rules.standing import as_it_stands
from databricks_alerts.workspace_view.inventory import ExistingAlert


def declare_alert(
    rule: Rule,
    query: str,
    settings: Settings,
    declared: Declared,
    destination_ids: Mapping[str, Any],
    opts: pulumi.ResourceOptions,
    standing: ExistingAlert | None = None,
) -> databricks.AlertV2:
    """Declare a rule's alert, named by its alert_id; an alert that exists already is adopted.

    `standing` is that alert, if the workspace lists it.
    """
    arguments = alert_arguments(rule, query, settings, subscribed(destination_ids))
    if standing is not None:
        arguments = as_it_stands(arguments, standing.arguments)
    options = pulumi.ResourceOptions.merge(opts, identity_of(declared))
    options.replacement_trigger = _trigger(declared)
    # Asked to replace it, an engine would first make another of the same name beside it.
    options.delete_before_replace = True if declared.in_place else None
    return databricks.AlertV2(rule.alert_id, opts=options, **arguments)


def hold_alert(
    alert: ExistingAlert, declared: Declared, parent: pulumi.Resource
) -> databricks.AlertV2:
    """Declare an alert as it is deployed, so that an invalid new version changes nothing.

    What is declared is what the workspace holds, and `ignore_changes` covers all of it: neither
    the engine nor the provider finds anything to do (measured: facts of the pulumi CLI).
    """
    options = pulumi.ResourceOptions.merge(
        pulumi.ResourceOptions(
            parent=parent, ignore_changes=["*"], replacement_trigger=_trigger(declared)
        ),
        identity_of(declared),
    )
    return databricks.AlertV2(declared.key, opts=options, **alert.arguments)


def _trigger(declared: Declared) -> str:
    """What makes an engine replace a trashed alert, which the provider's Read takes for living.

    A trigger replaces when it changes from one value to another, so there always is one.
    """
    return declared.replaces or "none lost"
