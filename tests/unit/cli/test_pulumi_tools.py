"""`alerts pulumi`: the CLI from Go modules, and what puts it on PATH."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from typer.testing import CliRunner

from databricks_alerts.cli import pulumi_build
from databricks_alerts.cli.app import app
from databricks_alerts.cli.pulumi_tools import (
    Tools,
    find_go,
    shell_environment,
    tools_of,
    write_plugins,
)
from databricks_alerts.errors import ConfigurationError

ROOT = Path(__file__).parents[3]

# Stands for Go: answers as it does, and writes where Go would write.
GO = """\
#!/bin/sh
echo "$*" >> "$LOG"
case "$1" in
env) echo "$HOME/settings-of-go" ;;
list) mkdir -p "$GOMODCACHE"; printf 'a\\nb\\n' ;;
get) sed -i "s/v3 v[0-9.]*/v3 ${3#*@}/" go.mod ;;
build)
    mkdir -p "$GOCACHE" "$GOPATH" "$XDG_CONFIG_HOME/go"
    [ -n "$BROKEN" ] && { echo 'dial tcp: proxy.golang.org: no route'; exit 1; }
    while [ "$1" != -o ]; do shift; done
    printf '#!/bin/sh\\necho built\\n' > "$2"; chmod +x "$2"; echo a ;;
esac
"""


@pytest.fixture
def tools(tmp_path: Path) -> Tools:
    module = tmp_path / "project" / "pulumi-cli"
    module.mkdir(parents=True)
    (module / "go.mod").write_text("require (\n\tgithub.com/pulumi/pulumi/pkg/v3 v3.1.2\n)\n")
    (module / "go.sum").write_text("sums\n")
    return tools_of(module.parent)


@pytest.fixture
def go(tmp_path: Path) -> str:
    path = tmp_path / "go"
    path.write_text(GO)
    path.chmod(0o755)
    return str(path)


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "home").mkdir()
    return {
        "HOME": str(tmp_path / "home"),
        "PATH": "/usr/bin:/bin",
        "LOG": str(tmp_path / "calls"),
    }


def calls(environment: dict[str, str]) -> list[str]:
    return [line.split()[0] for line in Path(environment["LOG"]).read_text().splitlines()]


def test_the_cli_is_of_the_version_of_the_python_sdk() -> None:
    """One version in one place, requirements.txt: `make pulumi-update` follows it."""
    pinned = pulumi_build.pinned_sdk(ROOT / "requirements.txt")
    assert tools_of(ROOT).version() == pinned
    sums = (ROOT / "pulumi-cli" / "go.sum").read_text()
    assert f"github.com/pulumi/pulumi/pkg/v3 v{pinned} h1:" in sums
    assert re.search(r"^tool github.com/pulumi/pulumi/pkg/v3/cmd/pulumi$", _go_mod(), re.MULTILINE)


def _go_mod() -> str:
    return (ROOT / "pulumi-cli" / "go.mod").read_text()


def test_a_build_says_what_it_takes_and_is_done_once(
    tools: Tools, go: str, environment: dict[str, str]
) -> None:
    said: list[str] = []
    pulumi_build.build(tools, go, environment, said.append)
    assert "3.1.2" in said[0]
    assert "minutes" in said[0]
    assert re.search(r"is built, in \d+ s", said[-1])
    assert tools.current()
    made = calls(environment)
    pulumi_build.build(tools, go, environment, said.append)
    assert calls(environment) == made
    (tools.module / "go.sum").write_text("other sums\n")
    assert not tools.current()


def test_a_build_changes_nothing_outside_the_project(
    tools: Tools, go: str, environment: dict[str, str], tmp_path: Path
) -> None:
    before = set(tmp_path.rglob("*")) - set(tools.module.parent.rglob("*"))
    pulumi_build.build(tools, go, environment, lambda line: None)
    after = set(tmp_path.rglob("*")) - set(tools.module.parent.rglob("*"))
    assert after - before == {tmp_path / "calls"}


def test_caches_that_are_named_are_used_and_a_persons_settings_hold(
    tools: Tools, go: str, environment: dict[str, str], tmp_path: Path
) -> None:
    named = {"GOMODCACHE": str(tmp_path / "modules"), "GOCACHE": str(tmp_path / "cache")}
    settings = pulumi_build.go_environment(tools, go, {**environment, **named, "GOFLAGS": "-p=1"})
    assert named.items() <= settings.items()
    assert settings["GOENV"] == f"{environment['HOME']}/settings-of-go"
    assert settings["GOFLAGS"] == "-p=1 -mod=readonly"
    own = pulumi_build.go_environment(tools, go, environment)
    assert all(own[name].startswith(str(tools.build)) for name in named)
    # Go's modules are read-only files, which `make clean` could not remove.
    assert "-modcacherw" in own["GOFLAGS"]


def test_a_failing_build_says_gos_words_and_leaves_nothing_that_looks_built(
    tools: Tools, go: str, environment: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError, match=r"(?s)no route.*GOPROXY"):
        pulumi_build.build(tools, go, {**environment, "BROKEN": "1"}, lambda line: None)
    assert not tools.cli.exists()
    assert not tools.current()


def test_an_update_pins_the_version_of_the_sdk(
    tools: Tools, go: str, environment: dict[str, str]
) -> None:
    pulumi_build.update(tools, go, environment, "3.4.5")
    assert tools.version() == "3.4.5"


def test_without_go_it_says_what_to_do(
    tools: Tools, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("databricks_alerts.cli.pulumi_tools._GO_INSTALLER", str(tmp_path))
    assert find_go({"PATH": str(tmp_path / "bin")}) is None
    monkeypatch.setenv("PATH", str(tmp_path / "bin"))
    result = CliRunner().invoke(app, ["pulumi", "build"])
    assert isinstance(result.exception, ConfigurationError)
    assert "install Go" in str(result.exception)
    optional = CliRunner().invoke(app, ["pulumi", "build", "--if-go"])
    assert optional.exit_code == 0


def test_the_environment_is_for_a_shell_and_can_be_taken_twice(
    tools: Tools, go: str, environment: dict[str, str]
) -> None:
    with pytest.raises(ConfigurationError, match="make pulumi"):
        shell_environment(tools, environment)
    pulumi_build.build(tools, go, environment, lambda line: None)
    once = shell_environment(tools, environment)
    assert shell_environment(tools, once) == once
    assert once["PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION"] == "true"


@given(st.lists(st.sampled_from(["/a", "/b c", "/usr/bin"]), unique=True))
def test_ours_is_the_first_pulumi_and_the_last_provider(folders: list[str]) -> None:
    tools = tools_of(ROOT)
    if not tools.cli.is_file():
        pytest.skip("the CLI is not built here")
    path = shell_environment(tools, {"PATH": os.pathsep.join(folders)})["PATH"].split(os.pathsep)
    assert path[0] == str(tools.cli.parent)
    assert [part for part in path[1:-1] if part] == folders
    assert path[-1] == str(tools.plugins)


def test_the_scripts_start_our_plugins_wherever_they_are_run_from(
    tools: Tools, tmp_path: Path
) -> None:
    write_plugins(tools)
    (tmp_path / "engine.py").write_text("raise SystemExit('the wrong engine')\n")
    host = tools.cli.parent / "pulumi-language-python"
    answer = subprocess.run(
        [host, "--version"], cwd=tmp_path, capture_output=True, text=True, check=True
    )
    assert answer.stdout.strip() == pulumi_build.pinned_sdk(ROOT / "requirements.txt")
    provider = (tools.plugins / "pulumi-resource-databricks").read_text()
    assert f"{sys.executable} -P -m databricks_alerts.engine.providers.serve" in provider
