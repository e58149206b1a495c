"""The pipelines are what their makers' schemas say, and ask for what the command has."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest
import typer
from ruamel.yaml import YAML

from databricks_alerts.cli.app import app

FOLDER = Path(__file__).parents[2] / "pipelines"
FILES = sorted(FOLDER.rglob("*.yml"))
# As check-jsonschema's own hooks call it (its README); `nonunicode`: Azure's patterns need it.
SCHEMAS = {
    "github": ["--builtin-schema", "vendor.github-workflows"],
    "gitlab": ["--builtin-schema", "vendor.gitlab-ci", "--data-transform", "gitlab-ci"],
    "azure": ["--builtin-schema", "vendor.azure-pipelines", "--data-transform", "azure-pipelines"],
}
NAMES = [str(path.relative_to(FOLDER)) for path in FILES]


def check(path: Path, kind: str) -> subprocess.CompletedProcess[str]:
    arguments = [*SCHEMAS[kind], "--regex-variant", "nonunicode", str(path)]
    command = [sys.executable, "-m", "check_jsonschema", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)


def scripts(document: Any) -> Iterator[str]:
    """Every piece of shell in a pipeline."""
    if isinstance(document, dict):
        for key, value in document.items():
            if key in ("run", "bash") and isinstance(value, str):
                yield value
            elif key in ("script", "before_script"):
                yield from value
            else:
                yield from scripts(value)
    elif isinstance(document, list):
        for item in document:
            yield from scripts(item)


def calls(path: Path) -> list[list[str]]:
    """Every `alerts …` in a pipeline's shell, as words."""
    document = YAML(typ="safe").load(path.read_text(encoding="utf-8"))
    shell = "\n".join(scripts(document)).replace("\\\n", " ")
    found = []
    for line in shell.splitlines():
        command = re.split(r"\s*(?:\|\||&&|;)\s*", line.strip())[0]
        if command.startswith("alerts "):
            found.append(shlex.split(command)[1:])
    return found


@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_fits_its_makers_schema(name: str) -> None:
    answer = check(FOLDER / name, name.split("/", maxsplit=1)[0])
    assert answer.returncode == 0, answer.stdout + answer.stderr


@pytest.mark.parametrize(
    ("kind", "wrong"),
    [
        ("github", "on: push\njobs: {a: {runs-on: x, steps: [{runs: alerts}]}}\n"),
        ("gitlab", "gate: {script: {alerts: gate}}\n"),
        ("azure", "stages: [{stage: a, jobs: [{job: b, steps: {bash: c}}]}]\n"),
    ],
)
def test_the_schemas_see_a_mistake(kind: str, wrong: str, tmp_path: Path) -> None:
    path = tmp_path / "wrong.yml"
    path.write_text(wrong)
    assert check(path, kind).returncode == 1


@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_calls_the_command_with_options_that_it_has(name: str) -> None:
    root = typer.main.get_command(app)
    assert isinstance(root, click.Group | typer.core.TyperGroup)
    made = calls(FOLDER / name)
    assert made
    for words in made:
        command, rest = root, words
        while hasattr(command, "commands"):
            command, rest = command.commands[rest[0]], rest[1:]
        command.make_context(rest[0] if rest else "alerts", list(rest), resilient_parsing=False)


@pytest.mark.parametrize("name", NAMES)
def test_a_pipeline_holds_no_secret_and_no_anchor(name: str) -> None:
    text = (FOLDER / name).read_text(encoding="utf-8")
    assert not re.search(r"dapi[0-9a-f]|token:\s*[\"']?\w{20}", text)
    assert not re.search(r":\s*[&*]\w", text)  # Azure Pipelines knows no YAML anchors
