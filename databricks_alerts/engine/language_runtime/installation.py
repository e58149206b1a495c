"""`pulumi install`: a virtual environment, and the program's requirements in it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator

from databricks_alerts.engine.errors import ProjectError
from databricks_alerts.engine.language_runtime.toolchain import Toolchain, executable


def install(toolchain: Toolchain) -> Iterator[str]:
    """Install what the program needs; yields lines of progress, tools' output among them.

    Raises ProjectError when a tool fails: its own words were yielded before.
    """
    yield "Installing dependencies...\n"
    for command in _commands(toolchain):
        yield from _run(command, toolchain)
    yield "Finished installing dependencies\n"


def _commands(toolchain: Toolchain) -> Iterator[list[str]]:
    match toolchain.name:
        case "uv":
            yield from _by_uv(toolchain)
        case "poetry":
            yield [executable("poetry", os.environ), "install", "--no-root", "--no-ansi"]
        case _:
            yield from _by_pip(toolchain)


def _by_pip(toolchain: Toolchain) -> Iterator[list[str]]:
    if toolchain.virtualenv is not None and not toolchain.exists:
        yield [sys.executable, "-m", "venv", str(toolchain.virtualenv)]
    requirements = toolchain.program / "requirements.txt"
    if requirements.is_file():
        pip = [str(toolchain.interpreter), "-m", "pip", "install", "--disable-pip-version-check"]
        yield [*pip, "-r", str(requirements)]


def _by_uv(toolchain: Toolchain) -> Iterator[list[str]]:
    uv = executable("uv", os.environ)
    if (toolchain.program / "pyproject.toml").is_file():
        yield [uv, "sync"]
        return
    if not toolchain.exists:
        yield [uv, "venv", str(toolchain.virtualenv)]
    requirements = toolchain.program / "requirements.txt"
    if requirements.is_file():
        yield [
            uv,
            "pip",
            "install",
            "--python",
            str(toolchain.interpreter),
            "-r",
            str(requirements),
        ]


def _run(command: list[str], toolchain: Toolchain) -> Iterator[str]:
    environment = toolchain.environment(os.environ)
    if toolchain.name == "uv" and toolchain.virtualenv is not None:
        environment["UV_PROJECT_ENVIRONMENT"] = str(toolchain.virtualenv)
    with subprocess.Popen(
        command,
        cwd=toolchain.program,
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout is not None
        try:
            yield from process.stdout
        finally:
            # Nobody reads on when the request was cancelled.
            if process.poll() is None and sys.exc_info()[0] is GeneratorExit:
                process.terminate()
    if process.returncode != 0:
        raise ProjectError(f"`{' '.join(command)}` failed with exit status {process.returncode}")
