"""The `alerts` command, one module a subcommand."""
