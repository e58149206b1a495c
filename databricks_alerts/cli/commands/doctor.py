"""`alerts doctor`: what a deployment needs and what is missing."""

from __future__ import annotations

import sys
from importlib.metadata import version

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.connecting import OPEN_PORT
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.deploy import Request, choose_engine
from databricks_alerts.cli.local import is_sandbox
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.cli.state import open_store
from databricks_alerts.doctor import Check, Doctor, as_document
from databricks_alerts.engine.errors import EngineError
from databricks_alerts.reports.text import short

_STYLES = {"ok": "green", "missing": "red", "unknown": "yellow"}


def doctor(stack: Stack = "local", json: Json = False) -> None:
    """Check credentials, warehouse, tables, alerts, secrets, state. Exit: 0 ok, 1 missing, 2 ?.

    Example: alerts doctor -s prod
    """
    context = open_stack(stack)
    checks = [_engine(context), _state(context)]
    if is_sandbox(stack):
        remedy = "keep nothing confidential in the local workspace"
        checks.append(Check("local SQL engine", "ok", OPEN_PORT, remedy))
    with context.warehouse() as warehouse:
        checks += Doctor(context.workspace, context.settings, warehouse).checks()
    if json:
        console.print_json(as_document(checks))
    else:
        _print(checks)
    found = {check.status for check in checks}
    raise typer.Exit(1 if "missing" in found else 2 if "unknown" in found else 0)


def _print(checks: list[Check]) -> None:
    made = console.table("what", "", "detail", "remedy")
    for check in checks:
        style = _STYLES[check.status]
        made.add_row(check.name, check.status, short(check.detail), check.remedy, style=style)
    console.out.print(made)


def _engine(context: StackContext) -> Check:
    """Which engine would deploy, on which Python and SDK."""
    name = choose_engine(Request(context), {}).name
    python = ".".join(map(str, sys.version_info[:3]))
    return Check("engine", "ok", f"{name}, Python {python}, pulumi SDK {version('pulumi')}")


def _state(context: StackContext) -> Check:
    """Whether the state can be read and nobody holds its lock."""
    try:
        store = open_store(context)
        checkpoint, locks = store.load(), store.locks()
    except EngineError as error:
        return Check("state", "missing", str(error), "set PULUMI_CONFIG_PASSPHRASE, or the backend")
    if locks:
        remedy = f"wait, or: alerts stack unlock -s {context.stack}"
        return Check("state", "missing", f"locked by {locks[0]}", remedy)
    count = len(checkpoint.resources) if checkpoint else 0
    return Check("state", "ok", f"{count} resources" if checkpoint else "no deployment yet")
