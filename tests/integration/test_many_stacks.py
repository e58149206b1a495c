"""One command for several stacks, and the packs' own tests by a command."""

from __future__ import annotations

import shutil

import pytest
from project import Project

from databricks_alerts.cli.many import many
from databricks_alerts.errors import ConfigurationError


@pytest.mark.parametrize(
    ("line", "found"),
    [
        ("preview -s dev", None),
        ("preview", None),
        ("preview -s dev -s prod --diff", (["dev", "prod"], ["preview", "--diff"])),
        ("gate --stack=dev --stack=dev -s prod", (["dev", "prod"], ["gate"])),
        ("up --yes -s a -s b", (["a", "b"], ["up", "--yes"])),
    ],
)
def test_stacks_named_more_than_once_are_several(line: str, found: object) -> None:
    assert many(line.split()) == found


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("destroy -s a -s b", "can do that, not destroy"),
        ("up -s a -s b", "pass --yes"),
        ("gate --all-stacks -s a", "exclude each other"),
    ],
)
def test_what_several_stacks_cannot_do_is_said(line: str, message: str) -> None:
    with pytest.raises(ConfigurationError, match=message):
        many(line.split())


def test_all_stacks_are_previewed_with_one_summary(project: Project) -> None:
    project.keep_rules("COST-001")
    broken = project.settings_file.with_name("Pulumi.broken.yaml")
    shutil.copy(project.settings_file, project.settings_file.with_name("Pulumi.other.yaml"))
    broken.write_text("config:\n  databricks-alerts:catalogue: main\n")
    answer = project.alerts("validate", "--all-stacks")
    assert answer.status == 2
    assert "broken wrong configuration" in answer.text
    assert "other ok" in answer.text
    assert "test ok" in answer.text
    assert "databricks-alerts:catalogue is not a setting" in answer.text
    broken.unlink()
    answer = project.alerts("preview", "--all-stacks", "--engine", "embedded")
    assert answer.status == 0, answer.text
    assert answer.text.count("to create") == 2


def test_a_packs_tests_run_by_a_command(project: Project) -> None:
    answer = project.alerts("test", "health_monitor", "-s", "test", "--rule", "COST-001")
    assert answer.status == 0, answer.text
    assert "cases passed" in answer.text
