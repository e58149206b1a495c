"""`alerts lint`: what is legal in rules, and most likely not meant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from databricks_alerts import lint as linter
from databricks_alerts.cli import completing, console
from databricks_alerts.cli.context import open_stack
from databricks_alerts.cli.options import Json
from databricks_alerts.cli.project import find_project
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.loader import MANIFEST, find_pack, load_pack
from databricks_alerts.snapshot import read_snapshot


def lint(
    packs: Annotated[
        list[str] | None,
        typer.Argument(
            help="Packs: names, folders, or files in them. All of the project if none.",
            autocompletion=completing.packs,
        ),
    ] = None,
    stack: Annotated[
        str | None,
        typer.Option("--stack", "-s", help="Look at the rows of this stack, with its settings."),
    ] = None,
    json: Json = False,
) -> None:
    """Look for duplicates, thresholds in WHERE, chance, and schedules that do not fit the data.

    Exit status 1 if anything is found. A comment in the query silences a check:
    `-- alerts: ignore L003 the sample is meant to differ`.

    Example: alerts lint health_monitor; alerts lint -s prod
    """
    if stack is not None and packs:
        raise ConfigurationError("give packs, or --stack for the rows of a stack, not both")
    subjects = _of_stack(stack) if stack is not None else _of_packs(packs or [])
    found = linter.lint(subjects)
    if json:
        console.print_json([asdict(item) for item in found])
    else:
        _print(found, len(subjects))
    if found:
        raise typer.Exit(1)


def _of_stack(stack: str) -> list[linter.Subject]:
    context = open_stack(stack)
    with context.warehouse(1) as warehouse:
        return linter.of_snapshot(read_snapshot(warehouse, context.settings), context.settings)


def _of_packs(named: Sequence[str]) -> list[linter.Subject]:
    here = Path.cwd()
    found: list[linter.Subject] = []
    for folder in _folders(named):
        pack = load_pack(folder)
        found += linter.of_pack(pack, here)
        for family in pack.asked:
            console.note(
                f"{family.rule.id} is left out: its members stand in a table; look at its rows "
                "with `alerts lint -s STACK`"
            )
    return found


def _folders(named: Sequence[str]) -> Iterable[Path]:
    """The packs' folders, each once. Raises ConfigurationError for what is no pack."""
    if not named:
        packs = find_project() / "packs"
        found = sorted(path.parent for path in packs.glob(f"*/{MANIFEST}"))
        if not found:
            raise ConfigurationError(
                f"there is no pack in {packs}; write one: alerts new pack NAME"
            )
        return found
    return dict.fromkeys(map(_folder, named))


def _folder(name: str) -> Path:
    """The pack that a name, a folder or a file of it means."""
    path = Path(name)
    if not path.exists():
        return find_pack(name, find_project() / "packs")
    for folder in (path.resolve(), *path.resolve().parents):
        if (folder / MANIFEST).is_file():
            return folder
    raise ConfigurationError(f"{name} belongs to no pack: no {MANIFEST} in it or above it")


def _print(found: Sequence[linter.Complaint], rules: int) -> None:
    """A line a complaint, as compilers print them; each code's reason and remedy once."""
    for item in found:
        line = f"{item.place}: {item.key} {item.code} {item.what}"
        console.out.print(line, markup=False, highlight=False, soft_wrap=True)
    for code in sorted({item.code for item in found}):
        first = next(item for item in found if item.code == code)
        console.note(f"{code} {first.name}: {first.reason} → {first.remedy}")
    console.note(
        f"{len(found)} found in {rules} rules" if found else f"{rules} rules, nothing found"
    )
