"""The databricks provider as a Pulumi plugin, for the pulumi CLI: `pulumi-resource-databricks`.

    python -m databricks_alerts.engine.providers.serve [ENGINE_ADDRESS]

is what an executable of that name on PATH has to run, by `exec`, with the CLI's arguments. It
prints the port that it serves pulumirpc.ResourceProvider on as its first line of standard output.
Where the vendor's plugin is installed, that one runs in its place (see `vendor`).
"""
