"""The wheel alone: installed elsewhere, it makes a project whose first rule is deployed."""

from __future__ import annotations

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from project import ROOT

pytestmark = pytest.mark.slow


@dataclass
class Installed:
    """The command of an environment that holds the wheel, and nothing of this clone."""

    command: Path

    def alerts(self, *arguments: str, cwd: Path) -> str:
        environment = {
            name: value
            for name, value in os.environ.items()
            if name != "PYTHONPATH" and not name.startswith(("DATABRICKS_", "PULUMI_"))
        }
        ended = subprocess.run(
            [self.command, *arguments],
            cwd=cwd,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
        )
        assert ended.returncode == 0, ended.stdout + ended.stderr
        return ended.stdout


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Installed:
    folder = tmp_path_factory.mktemp("wheel")
    build = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)]
    subprocess.run(build, cwd=ROOT, check=True, capture_output=True)
    [wheel] = folder.glob("*.whl")
    venv.create(folder / "venv", symlinks=True)
    python = folder / "venv" / "bin" / "python"
    [packages] = (folder / "venv").glob("lib/python*/site-packages")
    # Its dependencies are those of the tests' own environment, whose .pth files (and with them this
    # clone) are not read through another's.
    (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib"), encoding="utf-8")
    pip = [sys.executable, "-m", "pip", "--python", str(python), "install", "--no-deps"]
    subprocess.run(
        [*pip, "--no-index", "--ignore-installed", str(wheel)], check=True, capture_output=True
    )
    return Installed(folder / "venv" / "bin" / "alerts")


@pytest.fixture
def project(installed: Installed, tmp_path: Path) -> Iterator[Path]:
    installed.alerts("new", "mine", cwd=tmp_path)
    yield tmp_path / "mine"
    installed.alerts("workspace", "stop", cwd=tmp_path / "mine")


def test_a_new_project_deploys_its_first_rule(installed: Installed, project: Path) -> None:
    def alerts(*arguments: str) -> str:
        return installed.alerts(*arguments, cwd=project)

    assert "gate" in alerts("--help")
    assert "databricks-alerts 0.1.0" in alerts("version")
    alerts("workspace", "start")
    assert "created view first_daily_usage" in alerts("init")
    alerts("seed", "first")
    assert "3 of 3 cases passed" in alerts("test", "first")
    assert "+ 3 created" in alerts("up", "--yes", "--engine", "embedded")
    assert "1 of 1 enabled rules are deployed" in alerts("status")
    alerts("new", "pack", "second")
    assert "3 of 3 cases passed" in alerts("test", "second")
