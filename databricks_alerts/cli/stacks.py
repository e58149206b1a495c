"""Several stacks by one command: a process each, side by side, one summary."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from databricks_alerts.cli import console
from databricks_alerts.engine import project as projects
from databricks_alerts.errors import ConfigurationError

_WORST = (2, 1, 0)
_AT_ONCE = 4


@dataclass(frozen=True)
class Ended:
    """What a stack's command printed, and its exit status."""

    stack: str
    status: int
    out: str
    errors: str


def all_stacks(project_dir: Path) -> list[str]:
    """The names of every stack that has a settings file. Raises ConfigurationError for none."""
    project = projects.load(project_dir)
    folder = projects.load_settings(project, "x").path.parent
    found = projects.stacks_in(folder)
    if not found:
        raise ConfigurationError(f"there are no stacks in {folder}")
    return found


def run_for_each(stacks: Sequence[str], arguments: Sequence[str]) -> int:
    """Run `alerts <arguments> -s STACK` for each stack; answers the worst exit status.

    Processes of their own, since a stack's credentials stand in the environment of its process.
    """
    with ThreadPoolExecutor(_AT_ONCE) as pool:
        ended = list(pool.map(lambda stack: _run(stack, arguments), stacks))
    for item in ended:
        console.out.rule(item.stack)
        console.out.out(item.out, end="")
        if item.errors:
            console.errors.out(item.errors, end="")
    made = console.table("stack", "result")
    words = {0: "ok", 1: "failed or blocked", 2: "wrong configuration, or could not tell"}
    for item in ended:
        made.add_row(item.stack, words.get(item.status, f"exit status {item.status}"))
    console.out.print(made)
    statuses = {min(item.status, 2) if item.status >= 0 else 1 for item in ended}
    return next(status for status in _WORST if status in statuses)


def _run(stack: str, arguments: Sequence[str]) -> Ended:
    code = "import sys; sys.argv[0] = 'alerts'; from databricks_alerts.cli.app import main; main()"
    done = subprocess.run(
        [sys.executable, "-c", code, *arguments, "--stack", stack],
        env={**os.environ, "COLUMNS": os.environ.get("COLUMNS", "160")},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        errors="replace",
        check=False,
    )
    return Ended(stack, done.returncode, done.stdout, done.stderr)
