"""`alerts new`: what it writes, and that it never writes over anything."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from ruamel.yaml import YAML

from databricks_alerts.cli.pulumi_build import pinned_sdk
from databricks_alerts.cli.pulumi_tools import tools_of
from databricks_alerts.engine import project
from databricks_alerts.errors import ConfigurationError
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.scaffold.pack import write_pack
from databricks_alerts.scaffold.project import write_project


@pytest.mark.parametrize("name", ["first", "a", "team_2"])
def test_a_new_pack_is_a_legal_one(tmp_path: Path, name: str) -> None:
    write_pack(tmp_path, name)
    pack = load_pack(tmp_path / name)
    assert [located.rule.id for located in pack.rules] == [f"{name.upper().replace('_', '-')}-001"]
    assert len(pack.rules[0].rule.tests) == 3
    schema = json.loads((tmp_path / "rules.schema.json").read_text())
    assert {"rules", "domain", "defaults"} == set(schema["properties"])


@pytest.mark.parametrize("name", ["", "A", "1a", "a-b", "../a", "a/b", "ä", "a" * 60])
def test_a_name_that_no_pack_can_have_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ConfigurationError, match="cannot be a pack's name"):
        write_pack(tmp_path, name)
    assert list(tmp_path.iterdir()) == []


def test_nothing_is_written_over(tmp_path: Path) -> None:
    write_pack(tmp_path, "first")
    with pytest.raises(ConfigurationError, match="is there already"):
        write_pack(tmp_path, "first")
    with pytest.raises(ConfigurationError, match="is not empty"):
        write_project(tmp_path, "first", copies=False)
    with pytest.raises(ConfigurationError, match="is not empty"):
        write_project(tmp_path / "first" / "pack.yaml", "first", copies=False)


def test_a_project_is_named_after_its_folder_and_seeds_its_own_pack(tmp_path: Path) -> None:
    directory = tmp_path / "our alerts"
    write_project(directory, "costs", copies=False)
    assert project.load(directory).name == "our-alerts"
    assert YAML(typ="safe").load(directory / "databricks.yml")["bundle"]["name"] == "our-alerts"
    pipelines = "".join(
        path.read_text() for path in sorted((directory / "pipelines").rglob("*.yml"))
    )
    assert "alerts seed costs" in pipelines
    assert "health_monitor" not in pipelines
    assert "--editable" not in pipelines
    assert {path.name for path in directory.iterdir()} >= {
        *("Pulumi.yaml", "__main__.py", "components", "stacks", "packs", "pipelines"),
        *("requirements.txt", ".gitignore", "README.md"),
    }
    assert sorted(path.name for path in (directory / "pulumi-cli").iterdir()) == [
        "go.mod",
        "go.sum",
    ]
    assert pinned_sdk(directory / "requirements.txt") == tools_of(directory).version()


def test_a_pack_of_the_package_is_copied_whole(tmp_path: Path) -> None:
    write_project(tmp_path / "new", "health_monitor", copies=True)
    assert len(load_pack(tmp_path / "new" / "packs" / "health_monitor").rules) == 29


def test_a_pack_that_the_package_lacks_is_told_before_anything_is_written(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="health_monitor"):
        write_project(tmp_path / "new", "nothing", copies=True)
    assert list(tmp_path.iterdir()) == []
