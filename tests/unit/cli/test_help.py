"""Every command teaches by example, suggests what was meant, completes, and hides tracebacks."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from unittest import mock

import pytest
import typer.main

from databricks_alerts.cli import app as cli
from databricks_alerts.cli import debug
from databricks_alerts.errors import ConfigurationError

ROOT = Path(__file__).parents[3]
_EXAMPLE = re.compile(r"Example: (.+)")


def _commands(command: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    yield path, command
    for name, inner in getattr(command, "commands", {}).items():
        yield from _commands(inner, (*path, name))


COMMANDS = list(_commands(typer.main.get_command(cli.app)))


@pytest.mark.parametrize(("path", "command"), COMMANDS, ids=[" ".join(p) for p, _ in COMMANDS])
def test_each_help_has_an_example_that_the_command_understands(
    path: tuple[str, ...], command: Any
) -> None:
    [example] = _EXAMPLE.findall(command.help or "")
    for text in example.split("; "):
        inside = re.search(r"\$\((.*)\)", text)
        words = shlex.split(inside[1] if inside else text.partition(" | ")[0])
        assert words[0] == "alerts"
        told, rest = command, words[1 + len(path) :]
        assert tuple(words[1 : 1 + len(path)]) == path
        while getattr(told, "commands", None):
            told, rest = told.commands[rest[0]], rest[1:]
        told.make_context(words[-1], list(rest))  # raises for an option that is not there


def _run(*arguments: str, capsys: pytest.CaptureFixture[str]) -> tuple[int, str]:
    with (
        mock.patch("sys.argv", ["alerts", *arguments]),
        mock.patch.dict(os.environ, {debug.VARIABLE: ""}),
        pytest.raises(SystemExit) as stop,
    ):
        cli.main()
    captured = capsys.readouterr()
    return int(stop.value.code or 0), captured.out + captured.err


def test_a_misspelt_command_or_option_is_told_the_nearest(
    capsys: pytest.CaptureFixture[str],
) -> None:
    assert "Did you mean 'status'?" in _run("stauts", capsys=capsys)[1]
    assert "--stack" in _run("up", "--stak", "dev", capsys=capsys)[1]


@pytest.mark.parametrize("words", [("seed",), ("--debug", "seed"), ("seed", "--debug")])
def test_tracebacks_are_for_debugging_only(
    words: tuple[str, ...], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise KeyError("inner fault")

    monkeypatch.setattr("databricks_alerts.cli.commands.seed.open_stack", broken)
    status, text = _run(*words, capsys=capsys)
    assert status == 1
    assert "alerts itself failed, KeyError: 'inner fault'; `alerts --debug" in " ".join(
        text.split()
    )
    assert ("Traceback" in text) == ("--debug" in words)

    monkeypatch.setattr("databricks_alerts.cli.commands.seed.open_stack", _misconfigured)
    status, text = _run(*words, capsys=capsys)
    assert status == 2
    assert "error: no such thing" in text
    assert ("Traceback" in text) == ("--debug" in words)


def _misconfigured(*_: object) -> None:
    raise ConfigurationError("no such thing")


@pytest.mark.parametrize(
    ("words", "among"),
    [
        ("alerts sta", {"stack", "status"}),
        ("alerts up --skip", {"--skip-preview"}),
        ("alerts show -s ", {"dev", "local", "prod"}),
        ("alerts seed health", {"health_monitor"}),
        ("alerts completion f", {"fish"}),
    ],
)
def test_a_shell_is_told_how_to_go_on(words: str, among: set[str]) -> None:
    """As the script of `alerts completion bash` asks."""
    code = "import sys; sys.argv[0] = 'alerts'; from databricks_alerts.cli.app import main; main()"
    asked = {"_ALERTS_COMPLETE": "complete_bash", "COMP_WORDS": words}
    done = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, **asked, "COMP_CWORD": str(len(words.split(" ")) - 1)},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert set(done.stdout.split()) == among, done.stderr


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_each_shell_has_its_script(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    status, text = _run("completion", shell, capsys=capsys)
    assert status == 0
    assert f"_ALERTS_COMPLETE=complete_{shell}" in text
