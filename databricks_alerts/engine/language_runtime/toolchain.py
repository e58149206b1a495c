"""Which Python runs a program, and how its requirements get there: `runtime.options`.

| `toolchain` | where the interpreter is | how requirements are installed |
|---|---|---|
| `pip` | `virtualenv`, relative to Pulumi.yaml | `pip install -r requirements.txt` |
| `uv` | `virtualenv`, UV_PROJECT_ENVIRONMENT or `.venv` | `uv sync`, or `uv pip install` |
| `poetry` | where `poetry env info` says | `poetry install --no-root` |

Without a toolchain it is told by `uv.lock` or `poetry.lock` in the program's folder or above it,
else it is pip. Pip without a virtualenv means the interpreter named by PULUMI_PYTHON_CMD, else the
one that runs this host: the same rule as the embedded engine's.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from databricks_alerts.engine.errors import ProjectError

_TOOLCHAINS = ("pip", "uv", "poetry")


@dataclass(frozen=True, slots=True)
class Toolchain:
    """A program's environment. `virtualenv` is absolute; None for an interpreter outside any."""

    name: str
    root: Path
    program: Path
    interpreter: Path
    virtualenv: Path | None = None

    @property
    def exists(self) -> bool:
        """Whether the interpreter is there."""
        return self.interpreter.is_file()

    def require(self) -> Toolchain:
        """The same, if its interpreter is there. Raises ProjectError."""
        if not self.exists:
            raise ProjectError(
                f"the program's virtual environment {self.virtualenv or self.interpreter} has no "
                "Python: make it by `pulumi install`, or set runtime.options.virtualenv in "
                "Pulumi.yaml"
            )
        return self

    def environment(self, base: Mapping[str, str]) -> dict[str, str]:
        """`base` as it is when the virtual environment is active."""
        if self.virtualenv is None:
            return dict(base)
        kept = {key: value for key, value in base.items() if key != "PYTHONHOME"}
        path = [str(self.interpreter.parent), *filter(None, [base.get("PATH")])]
        return {**kept, "VIRTUAL_ENV": str(self.virtualenv), "PATH": os.pathsep.join(path)}


def find_toolchain(
    root: Path, program: Path, options: Mapping[str, Any], environment: Mapping[str, str]
) -> Toolchain:
    """The environment that `runtime.options` name. Raises ProjectError for options that are wrong.

    `root` holds Pulumi.yaml (or PulumiPolicy.yaml), `program` the program.
    """
    named = _text(options, "toolchain")
    virtualenv = _text(options, "virtualenv")
    if named and named not in _TOOLCHAINS:
        raise ProjectError(
            f"runtime.options.toolchain is {named!r}; it can be {', '.join(_TOOLCHAINS)}"
        )
    if _text(options, "typechecker"):
        raise ProjectError(
            "runtime.options.typechecker: this language host runs no type checker; take the option "
            "out, or use Pulumi's own pulumi-language-python"
        )
    name = named or _locked_by(program)
    folder = root / virtualenv if virtualenv else None  # absolute, as root is
    if name == "poetry":
        folder = _of_poetry(program, environment)
    elif name == "uv" and folder is None:
        folder = _of_uv(program, environment)
    if folder is None:
        return Toolchain(name, root, program, _ambient(environment))
    return Toolchain(name, root, program, _python_in(folder), folder)


def _text(options: Mapping[str, Any], key: str) -> str:
    value = options.get(key) or ""
    if not isinstance(value, str):
        raise ProjectError(f"runtime.options.{key} is {value!r}; it must be text")
    return value


def _locked_by(program: Path) -> str:
    for name in ("uv", "poetry"):
        if _upwards(program, f"{name}.lock"):
            return name
    return "pip"


def _upwards(folder: Path, name: str) -> Path | None:
    """The nearest folder, from this one up, that holds a file of that name."""
    for place in (folder, *folder.parents):
        if (place / name).is_file():
            return place
    return None


def _of_uv(program: Path, environment: Mapping[str, str]) -> Path:
    home = _upwards(program, "uv.lock") or _upwards(program, "pyproject.toml") or program
    return home / (environment.get("UV_PROJECT_ENVIRONMENT") or ".venv")


def _of_poetry(program: Path, environment: Mapping[str, str]) -> Path:
    poetry = executable("poetry", environment)
    command = [poetry, "env", "info", "--path"]
    answer = subprocess.run(
        command, cwd=program, env=dict(environment), capture_output=True, text=True, check=False
    )
    if answer.returncode != 0 or not answer.stdout.strip():
        # Poetry makes it here when it is asked to install.
        return program / ".venv"
    return Path(answer.stdout.strip())


def executable(name: str, environment: Mapping[str, str]) -> str:
    """Where a tool is on PATH. Raises ProjectError."""
    found = shutil.which(name, path=environment.get("PATH"))
    if found is None:
        raise ProjectError(f"runtime.options.toolchain is {name}, but there is no {name} on PATH")
    return found


def _ambient(environment: Mapping[str, str]) -> Path:
    named = environment.get("PULUMI_PYTHON_CMD")
    if not named:
        return Path(sys.executable)
    found = shutil.which(named, path=environment.get("PATH"))
    if found is None:
        raise ProjectError(f"PULUMI_PYTHON_CMD is {named!r}, which is not on PATH")
    return Path(found)


def _python_in(folder: Path) -> Path:
    windows = folder / "Scripts" / "python.exe"
    return windows if windows.exists() else folder / "bin" / "python"
