"""`alerts export`: a stack's rules as files of other tools, or as a pack."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.context import StackContext, open_stack
from databricks_alerts.cli.options import Json, Stack
from databricks_alerts.destinations.targets import configuration
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.exchange.bodies import portable
from databricks_alerts.exchange.bundle import write_bundle
from databricks_alerts.exchange.model import Exported, labels
from databricks_alerts.exchange.pack import write_pack_of
from databricks_alerts.exchange.terraform import reference, write_terraform
from databricks_alerts.rules.settings import Settings
from databricks_alerts.scaffold.pack import require_pack_name
from databricks_alerts.snapshot import Snapshot, read_plain, read_snapshot


class Format(StrEnum):
    """What rules can be exported to."""

    BUNDLE = "bundle"
    TERRAFORM = "terraform"
    YAML = "yaml"


def export(
    to: Annotated[Format, typer.Option("--to", help="The tool that is to have the rules.")],
    stack: Stack = "local",
    out: Annotated[
        Path | None, typer.Option("--out", help="The folder to write; else export/FORMAT.")
    ] = None,
    force: Annotated[
        bool, typer.Option("--force", help="Write over files that are there.")
    ] = False,
    json: Json = False,
) -> None:
    """Write a stack's rules as a bundle, as Terraform or as a pack, and tell what these cannot say.

    Example: alerts export --to terraform -s prod --out ../infrastructure
    """
    context = open_stack(stack)
    folder = out or Path("export") / to.value
    made = _made(to, context, folder.resolve().name)
    written = _write(folder, made, force=force)
    if json:
        unsaid = [{"key": item.key, "field": item.field, "why": item.why} for item in made.unsaid]
        files = [str(path) for path in written]
        console.print_json({"files": files, "rules": made.rules, "unsaid": unsaid})
        return
    for path in written:
        console.out.print(f"wrote {path}", highlight=False, markup=False)
    console.out.print(f"{made.rules} rules exported", highlight=False, markup=False)
    for item in made.unsaid:
        console.out.print(f"not said: {item}", highlight=False, markup=False, soft_wrap=True)


def _made(to: Format, context: StackContext, name: str) -> Exported:
    settings = context.settings
    with context.warehouse() as warehouse:
        if to is Format.YAML:
            require_pack_name(name)
            rules, destinations = read_plain(warehouse, settings)
            return write_pack_of(name, rules, destinations)
        snapshot = read_snapshot(warehouse, settings)
    return (
        _bundle(snapshot, settings, context.stack)
        if to is Format.BUNDLE
        else _terraform(snapshot, settings)
    )


def _bundle(snapshot: Snapshot, settings: Settings, stack: str) -> Exported:
    ids = {
        item.destination_id: item.databricks_destination_id
        for item in snapshot.destinations
        if item.is_enabled
    }
    return write_bundle(f"alerts-{stack}", *portable(snapshot, settings, ids))


def _terraform(snapshot: Snapshot, settings: Settings) -> Exported:
    enabled = [item for item in snapshot.destinations if item.is_enabled]
    owned = [item for item in enabled if not item.refers and not configuration(item)[1]]
    names = labels([item.destination_id for item in owned])
    ids = {item.destination_id: item.databricks_destination_id for item in enabled if item.refers}
    ids |= {key: reference(label) for key, label in names.items()}
    alerts, unsaid = portable(snapshot, settings, ids)
    return write_terraform(alerts, owned, unsaid)


def _write(folder: Path, made: Exported, *, force: bool) -> list[Path]:
    """Write all files, or none. Raises ConfigurationError."""
    paths = [folder / name for name in made.files]
    there = [str(path) for path in paths if path.exists()]
    if there and not force:
        raise ConfigurationError(
            f"{', '.join(there)} is there already: choose another --out, or --force"
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in zip(paths, made.files.values(), strict=True):
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigurationError(f"cannot write {folder}: {error.strerror}") from error
    return paths
