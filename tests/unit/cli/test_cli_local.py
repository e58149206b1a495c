"""The command's own rules: what is special about `local`, documentation, exit statuses."""

from __future__ import annotations

from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from databricks_alerts.cli.app import app
from databricks_alerts.cli.local import stack_environment
from databricks_alerts.cli.project import find_project
from databricks_alerts.errors import ConfigurationError

ROOT = Path(__file__).parents[3]


def commands() -> list[str]:
    group = typer.main.get_command(app)
    return sorted(group.commands)  # type: ignore[attr-defined]


def test_every_command_is_in_the_readme() -> None:
    text = (ROOT / "README.md").read_text()
    assert [name for name in commands() if f"`alerts {name}" not in text] == []


@pytest.mark.parametrize("name", commands())
def test_every_command_explains_itself(name: str) -> None:
    answer = CliRunner().invoke(app, [name, "--help"])
    assert answer.exit_code == 0
    assert len(answer.output.splitlines()) > 5


def test_wrong_usage_is_exit_status_2() -> None:
    assert CliRunner().invoke(app, ["up", "--no-such-option"]).exit_code == 2


def test_the_local_stack_takes_no_credentials_from_outside_and_needs_no_passphrase() -> None:
    outside = {"DATABRICKS_HOST": "https://prod", "DATABRICKS_TOKEN": "t", "HOME": "/h"}
    assert stack_environment("local", outside) == {"HOME": "/h", "PULUMI_CONFIG_PASSPHRASE": ""}
    chosen = {"PULUMI_CONFIG_PASSPHRASE_FILE": "/f"}
    assert stack_environment("local", chosen) == chosen
    assert stack_environment("prod", outside) == outside


def test_the_project_is_found_from_below_and_its_absence_is_said(tmp_path: Path) -> None:
    (tmp_path / "Pulumi.yaml").write_text("name: x\n")
    below = tmp_path / "a" / "b"
    below.mkdir(parents=True)
    assert find_project(below) == tmp_path
    with pytest.raises(ConfigurationError, match=r"no Pulumi\.yaml"):
        find_project(Path("/"))
