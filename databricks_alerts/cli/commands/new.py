"""`alerts new`: a project of one's own, or a pack in it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts.cli import console
from databricks_alerts.cli.project import find_project
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.scaffold.pack import write_pack
from databricks_alerts.scaffold.project import write_project


def new(
    target: Annotated[
        str, typer.Argument(metavar="DIR|pack", help="The project's folder, or the word `pack`.")
    ],
    name: Annotated[str | None, typer.Argument(help="With `pack`: the new pack's name.")] = None,
    pack: Annotated[
        str | None,
        typer.Option(help="A pack that comes with this package, instead of a first one to edit."),
    ] = None,
) -> None:
    """Write a project into DIR, or with `alerts new pack NAME` a pack into the project.

    Example: alerts new our-alerts; alerts new pack finance
    """
    if target == "pack":
        _new_pack(name, pack)
        return
    if name is not None:
        raise ConfigurationError(f"alerts new {target} takes no second argument ({name})")
    directory = Path(target)
    write_project(directory, pack or "first", copies=pack is not None)
    console.out.print(
        f"Wrote a project into {directory}; its README.md says how to go on:\n"
        f"  cd {directory}\n"
        "  alerts workspace start\n"
        f"  alerts init && alerts seed {pack or 'first'} && alerts up",
        markup=False,
        highlight=False,
        soft_wrap=True,
    )


def _new_pack(name: str | None, pack: str | None) -> None:
    if name is None or pack is not None:
        raise ConfigurationError("write `alerts new pack NAME`")
    packs = find_project() / "packs"
    for path in write_pack(packs, name):
        console.out.print(f"wrote {path}", markup=False, highlight=False, soft_wrap=True)
    console.out.print(f"Next: alerts test {name}", markup=False, highlight=False)
