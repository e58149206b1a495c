"""Rules go out as files and come back from them, by the command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from project import Project, bodies, imported


def exported(project: Project, kind: str, *more: str) -> dict[str, Any]:
    answer = project.alerts("export", "--to", kind, "-s", "test", "--json", *more)
    assert answer.status == 0, answer.text
    found: dict[str, Any] = json.loads(answer.out)
    return found


@pytest.mark.parametrize(
    ("kind", "file"), [("bundle", "databricks.yml"), ("terraform", "alerts.tf.json")]
)
def test_rules_leave_and_come_back_and_nothing_changes(
    project: Project, kind: str, file: str
) -> None:
    every = [str(row[0]) for row in project.sql("SELECT alert_id FROM alert_configurations")]
    kept = [key for key in every if key.endswith("-001")]
    project.keep_rules(*kept)
    assert project.deploy().status == 0
    before = bodies(project)
    assert len(before) == len(kept) > 2

    made = exported(project, kind)
    assert made["files"] == [f"export/{kind}/{file}"]
    assert made["rules"] == len(kept)
    path = project.directory / "export" / kind / file
    again = project.alerts("export", "--to", kind, "-s", "test")
    assert again.status == 2
    assert "is there already" in again.text

    there = imported(project, "--from", kind, str(path))
    assert {item["action"] for item in there.values()} == {"has a rule"}
    project.sql("DELETE FROM alert_configurations")
    project.state_file.unlink()
    new = imported(project, "--from", kind, str(path), "--write")
    assert {item["rule"] for item in new.values()} == set(kept), new
    deployed = project.deploy()
    assert deployed.status == 0, deployed.text
    assert bodies(project) == before
    ids = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    assert {str(row[0]) for row in ids} == set(before)


def test_terraform_has_imports_by_id_and_no_secret(project: Project) -> None:
    project.sql("DELETE FROM alert_configurations WHERE alert_id <> 'COST-001'")
    assert project.deploy().status == 0
    exported(project, "terraform", "--out", "tf")
    document = json.loads((project.directory / "tf" / "alerts.tf.json").read_text())
    [alert] = bodies(project)
    assert {"to": "databricks_alert_v2.COST-001", "id": alert} in document["import"]
    made = document["resource"]["databricks_notification_destination"]
    secrets = [
        text
        for item in made.values()
        for name, block in item["config"].items()
        if name != "email"
        for text in block.values()
    ]
    assert secrets
    assert all(text.startswith("${var.") for text in secrets)
    assert all(item["sensitive"] for item in document["variable"].values())


def test_a_pack_of_the_rows_seeds_them_again(project: Project) -> None:
    told = exported(project, "yaml", "--out", "packs_out/mine")
    assert told["rules"] == 29
    assert not [item for item in told["unsaid"] if "left out" in item["why"]], told["unsaid"]
    ours = "alert_id, alert_name, severity, alert_query_template, threshold_operator, tags['team']"
    before = project.sql(f"SELECT {ours} FROM alert_configurations ORDER BY alert_id")
    project.sql("DELETE FROM alert_configurations")
    project.sql("DELETE FROM notification_destinations")
    (project.directory / "packs").unlink()
    Path(project.directory / "packs_out").rename(project.directory / "packs")
    answer = project.alerts("seed", "mine", "-s", "test")
    assert answer.status == 0, answer.text
    assert project.sql(f"SELECT {ours} FROM alert_configurations ORDER BY alert_id") == before


def test_what_cannot_be_is_told(project: Project) -> None:
    answer = project.alerts("import", "-s", "test", "--from", "bundle")
    assert answer.status == 2
    assert "give --from and the files" in answer.text
    answer = project.alerts("import", "-s", "test", "--from", "bundle", "absent.yml")
    assert answer.status == 2
    assert "cannot read absent.yml" in answer.text
    answer = project.alerts("export", "--to", "yaml", "-s", "test", "--out", "No Name")
    assert answer.status == 2
    assert "cannot be a pack's name" in answer.text
    project.sql("UPDATE alert_configurations SET severity = 'LOUD' WHERE alert_id = 'COST-001'")
    answer = project.alerts("export", "--to", "yaml", "-s", "test")
    assert answer.status == 1
    assert "COST-001: severity is 'LOUD'" in answer.text
    told = exported(project, "bundle")
    assert told["rules"] == 0  # nothing is deployed, so destinations have no ids yet
    assert {"COST-001"} <= {item["key"] for item in told["unsaid"]}
