"""A Python language host for the pulumi CLI: `pulumi-language-python`.

    python -m databricks_alerts.engine.language_runtime [ENGINE_ADDRESS]

is what an executable of that name on PATH has to run, by `exec`, with the CLI's arguments. It
prints the port that it serves pulumirpc.LanguageRuntime on as its first line of standard output,
and runs programs by the launcher that the embedded engine uses. It generates no code: SDKs,
converted programs and templates are refused.
"""
