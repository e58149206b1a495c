"""The subcommands of `alerts`, one module each; a module names its function like itself."""

from __future__ import annotations

import typer

from databricks_alerts.cli.commands import (
    destroy,
    doctor,
    export,
    gate,
    import_,
    init,
    lint,
    new,
    preview,
    pulumi,
    refresh,
    seed,
    show,
    sql,
    stack,
    status,
    test_,
    up,
    validate,
    version,
    workspace,
)


def register(app: typer.Typer) -> None:
    """Add every subcommand, in the order in which a newcomer needs them."""
    app.command()(new.new)
    app.add_typer(workspace.app, name="workspace")
    app.command()(init.init)
    app.command()(seed.seed)
    app.command()(lint.lint)
    app.command()(validate.validate)
    app.command()(preview.preview)
    app.command()(up.up)
    app.command()(gate.gate)
    app.command("import")(import_.import_)
    app.command()(export.export)
    app.command()(refresh.refresh)
    app.command()(destroy.destroy)
    app.add_typer(stack.app, name="stack")
    app.command()(status.status)
    app.command()(show.show)
    app.command()(sql.sql)
    app.command("test")(test_.run_pack_tests)
    app.command()(doctor.doctor)
    app.add_typer(pulumi.app, name="pulumi")
    app.command()(version.version)
