"""The subcommands of `alerts`, one module each; a module names its function like itself."""

from __future__ import annotations

import typer

from databricks_alerts.cli.commands import (
    audit,
    backtest,
    completion,
    destroy,
    doctor,
    export,
    gate,
    history,
    import_,
    init,
    lint,
    mute,
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
    watch,
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
    app.add_typer(history.app, name="history")
    app.command()(backtest.backtest)
    app.command()(backtest.suggest)
    app.command()(audit.log)
    app.command()(audit.rollback)
    app.command()(mute.mute)
    app.command()(mute.mutes)
    app.command()(mute.unmute)
    app.command()(watch.watch)
    app.command()(sql.sql)
    app.command("test")(test_.run_pack_tests)
    app.command()(doctor.doctor)
    app.add_typer(pulumi.app, name="pulumi")
    app.command()(completion.completion)
    app.command()(version.version)
