"""The shell of the ready-made pipelines, run by bash against a workspace."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from project import PASSPHRASE, ROOT, Project
from ruamel.yaml import YAML

FOLDER = ROOT / "pipelines"


def load(name: str) -> Any:
    return YAML(typ="safe").load((FOLDER / name).read_text(encoding="utf-8"))


def github(name: str, job: str, step: str) -> str:
    steps = load(f"github/{name}.yml")["jobs"][job]["steps"]
    (found,) = [item["run"] for item in steps if item.get("name") == step]
    return str(found)


def gitlab(job: str) -> str:
    return "\n".join(load("gitlab/alerts.gitlab-ci.yml")[job]["script"])


def azure(step: str) -> str:
    check, deploy = load("azure/azure-pipelines.yml")["stages"]
    steps = check["jobs"][0]["steps"]
    steps += deploy["jobs"][0]["strategy"]["runOnce"]["deploy"]["steps"]
    (found,) = [item["bash"] for item in steps if item.get("displayName") == step]
    return str(found)


@pytest.fixture
def run(project: Project, tmp_path: Path) -> Callable[..., int]:
    """Run a script as the runners do: bash stops at the first command that fails."""
    project.keep_rules("COST-001")
    environment = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "ALERTS_STACK": "test",
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary.md"),
        "GITHUB_SHA": "c0ffee",
        "CI_COMMIT_SHA": "c0ffee",
        "BUILD_SOURCEVERSION": "c0ffee",
        "PIPELINE_WORKSPACE": str(tmp_path),
    }

    def bash(script: str, **variables: str) -> int:
        done = subprocess.run(
            ["bash", "-e", "-o", "pipefail", "-c", script],
            cwd=project.directory,
            env={**environment, **variables},
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        print(script, done.stdout, done.stderr, sep="\n")
        return done.returncode

    return bash


def change(project: Project, value: int) -> None:
    project.sql(f"UPDATE alert_configurations SET threshold_value_double = {value}")


def test_github_gates_plans_and_deploys_what_was_approved(
    project: Project, run: Callable[..., int], tmp_path: Path
) -> None:
    assert run(github("pull-request", "gate", "Gate")) == 0
    reports = project.directory / "reports"
    names = {path.name for path in reports.iterdir()}
    assert names == {"gate.md", "gate.json", "gate.xml", "gate.sarif", "gate.html"}
    assert run(github("deploy", "plan", "Plan")) == 0
    assert run(github("deploy", "deploy", "Deploy what was approved")) == 0
    assert json.loads(project.alerts("status", "-s", "test", "--json").out)[0]["state"]

    change(project, 43)  # after the approval: another change than what was approved
    assert run(github("deploy", "deploy", "Deploy what was approved")) == 1


def test_github_comments_with_the_markdown_report(
    project: Project, run: Callable[..., int], tmp_path: Path
) -> None:
    folder = tmp_path / "bin"
    folder.mkdir()
    (folder / "gh").write_text('#!/bin/sh\necho "$@" > "$GITHUB_STEP_SUMMARY.gh"\n')
    (folder / "gh").chmod(0o755)
    (project.directory / "reports").mkdir()
    (project.directory / "reports" / "gate.md").write_text("### Alerts\n")
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    assert run(github("pull-request", "gate", "Comment"), PATH=path, NUMBER="7") == 0
    words = (tmp_path / "summary.md.gh").read_text().split()
    assert words[:3] == ["pr", "comment", "7"]
    assert words[-2:] == ["--body-file", "reports/gate.md"]
    assert (tmp_path / "summary.md").read_text() == "### Alerts\n"


def test_a_nightly_run_fails_on_drift_and_a_pull_request_does_not(
    project: Project, run: Callable[..., int], tmp_path: Path
) -> None:
    assert project.deploy().status == 0
    assert run(github("drift", "drift", "Drift")) == 0
    from databricks.sdk import WorkspaceClient

    client = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    ((alert,),) = project.sql("SELECT databricks_alert_id FROM alert_configurations")
    client.alerts_v2.trash_alert(str(alert))
    assert run(github("drift", "drift", "Drift")) == 1
    assert "**blocked**" in (tmp_path / "summary.md").read_text()
    assert run(gitlab("drift")) == 1
    assert run(azure("Gate"), BUILD_REASON="Schedule") == 1
    assert run(azure("Gate"), BUILD_REASON="PullRequest") == 0


def test_gitlab_and_azure_plan_and_deploy(
    project: Project, run: Callable[..., int], tmp_path: Path
) -> None:
    *_, plan = gitlab("plan").splitlines()  # the first line seeds all 29 rules again
    assert run(plan) == 0
    assert run(gitlab("deploy")) == 0
    change(project, 42)
    assert run(azure("Plan")) == 0
    (tmp_path / "alerts").mkdir()
    (project.directory / "reports/plan.json").rename(tmp_path / "alerts/plan.json")
    assert run(azure("Deploy")) == 0
    assert project.sql("SELECT count(*) FROM alert_sync_metrics") == [(2,)]


def test_a_gate_that_could_not_tell_stops_a_pipeline(
    project: Project, run: Callable[..., int]
) -> None:
    (project.directory / "stacks/policies.yaml").write_text("policies: {no-such: off}\n")
    assert run(github("deploy", "plan", "Gate")) == 2
