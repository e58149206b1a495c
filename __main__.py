"""Rows in Delta → a validated snapshot → declared resources. It reads top to bottom.

Run by `pulumi preview | up`, or unmodified by the embedded engine (`alerts preview | up`).
"""

from functools import partial

from components.alerting import Alerting, AlertingArgs
from components.configuration import stack_configuration, stack_settings, workspace_config
from components.deployed import deployed_by_this_stack
from components.failure import told_plainly
from components.hooks import Hooks
from components.outputs import export_outputs, warn
from components.recording import recording
from databricks_alerts.destinations.secrets import SecretResolver, workspace_secrets
from databricks_alerts.plan.deployment import plan, prepared_or_prepare
from databricks_alerts.workspace_view.folders import place_folder
from databricks_alerts.workspace_view.inventory import rename_alert

with told_plainly():
    settings = stack_settings()

    # The tables at one version, every rule validated by EXPLAIN, and what stands there already.
    prepared = prepared_or_prepare(workspace_config, settings, stack_configuration())

    # Deploy, hold or skip each rule; refuse what looks like an accident.
    deployed = deployed_by_this_stack()
    planned = plan(prepared, deployed)
    warn(planned)

    secrets = SecretResolver(stack_configuration(), workspace_secrets(workspace_config))
    outcome = recording(planned, deployed, workspace_config)
    rename = partial(rename_alert, workspace_config)
    hooks = outcome.hooks if outcome else Hooks()
    make = partial(place_folder, workspace_config)
    alerting = Alerting("alerting", AlertingArgs(planned, secrets.resolve, rename, make, hooks))
    export_outputs(planned)
    if outcome:
        outcome.finish(alerting)
