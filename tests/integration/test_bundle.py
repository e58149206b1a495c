"""The bundle's job does what `alerts up` does, with nothing but what a job has."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from project import PASSPHRASE, ROOT, Project
from ruamel.yaml import YAML


def test_the_jobs_task_deploys_and_keeps_its_state(project: Project, tmp_path: Path) -> None:
    project.keep_rules("COST-001", "COST-002")
    (project.directory / "bundle").mkdir()
    shutil.copy(ROOT / "bundle" / "deploy.py", project.directory / "bundle")
    text = project.settings_file.read_text()
    lines = [line for line in text.splitlines() if "  databricks:" not in line]
    project.settings_file.write_text("\n".join(lines) + "\n")
    environment = {
        "PATH": os.environ["PATH"],
        "HOME": str(tmp_path),
        "DATABRICKS_HOST": project.workspace.url,
        "DATABRICKS_TOKEN": project.workspace.token,
        "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE,
    }
    state = tmp_path / "volume"
    command = [sys.executable, "bundle/deploy.py", "--stack", "test", "--state", str(state)]
    for words in ("created", "unchanged"):
        done = subprocess.run(
            command,
            cwd=project.directory,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        assert words in done.stdout
    assert list(state.rglob("test.json"))
    assert project.sql("SELECT DISTINCT engine FROM alert_sync_metrics") == [("embedded",)]


def test_the_bundle_names_files_that_are_there() -> None:
    document = YAML(typ="safe").load((ROOT / "databricks.yml").read_text())
    jobs = document["resources"]["jobs"]
    assert set(jobs) == {"deploy_alerts", "apply_mutes"}
    for job in jobs.values():
        (task,) = job["tasks"]
        assert (ROOT / task["spark_python_task"]["python_file"]).is_file()
        keys = {item["environment_key"] for item in job["environments"]}
        assert task["environment_key"] in keys
    stacks = {path.name.split(".")[1] for path in (ROOT / "stacks").glob("Pulumi.*.yaml")}
    assert set(document["targets"]) <= stacks
    assert (ROOT / "requirements.txt").is_file()
