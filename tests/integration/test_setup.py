"""`alerts init` on a stack that is new: by questions on a terminal, or by flags."""

from __future__ import annotations

import os
import pty
import subprocess
import sys
from pathlib import Path

import pytest
from databricks.sdk import WorkspaceClient
from databricks.sdk.service.settings import Config, EmailConfig
from project import NO_AUTHORITIES, PASSPHRASE, Answer, Project, make_project

from databricks_alerts.local_workspace import client
from databricks_alerts.local_workspace.process import Running


@pytest.fixture
def project(tmp_path: Path, local_workspace: Running) -> Project:
    return make_project(tmp_path / "project", local_workspace)


def _environment(project: Project) -> dict[str, str]:
    """Credentials by a profile, as everybody has them."""
    return {"DATABRICKS_CONFIG_FILE": str(project.workspace.config_file)}


def _on_a_terminal(project: Project, answers: str, *arguments: str) -> Answer:
    """`alerts init`, with somebody who types."""
    ours, theirs = pty.openpty()
    code = "import sys; sys.argv[0] = 'alerts'; from databricks_alerts.cli.app import main; main()"
    environment = {**os.environ, **NO_AUTHORITIES, **_environment(project), "TERM": "dumb"}
    environment.pop("PULUMI_CONFIG_PASSPHRASE", None)
    with subprocess.Popen(
        [sys.executable, "-c", code, "init", *arguments],
        cwd=project.directory,
        env=environment,
        stdin=theirs,
        stderr=theirs,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        os.close(theirs)
        os.write(ours, answers.encode())
        screen = b""
        try:
            while piece := os.read(ours, 4096):
                screen += piece
        except OSError:  # how Linux says that the other end was closed
            pass
        out, _ = process.communicate()
    os.close(ours)
    return Answer(process.returncode, out, screen.decode())


def test_a_terminal_is_asked_and_ends_with_what_to_do_next(project: Project) -> None:
    schema = f"{project.schema}_asked"
    typed = f"nobody\nlocal\n1\nmian\nmain\n{schema}\n\n\n"
    answer = _on_a_terminal(project, typed, "-s", "new", "--no-views")
    assert answer.status == 0, answer.text
    assert "no such one among the profiles" in answer.text
    assert "did you mean main?" in answer.text
    written = (project.directory / "stacks" / "Pulumi.new.yaml").read_text()
    assert written.startswith("# The stack new.")
    assert "token" not in written.replace("no token", "")
    assert written.partition("config:\n")[2].splitlines() == [
        "  databricks:profile: local",
        "  databricks-alerts:catalog: main",
        f"  databricks-alerts:goldSchema: {schema}",
        f"  databricks-alerts:warehouseId: '{project.workspace.warehouse_id}'",
        "  databricks-alerts:parentPath: /Workspace/Shared/alerts-new",
    ]
    assert f"created schema main.{schema}" in answer.out
    assert answer.out[answer.out.index("Next:") :].splitlines() == [
        "Next:",
        "  export PULUMI_CONFIG_PASSPHRASE=…    # encrypts what is secret in the state",
        "  alerts seed health_monitor -s new",
        "  alerts doctor -s new",
        "  alerts up -s new",
    ]
    again = project.alerts("init", "-s", "new", "--no-views", env=_environment(project))
    assert (again.status, "are up to date" in again.out) == (0, True), again.text


def test_who_ends_the_questions_has_changed_nothing(project: Project) -> None:
    answer = _on_a_terminal(project, "local\n\x04", "-s", "new")
    assert answer.status == 2, answer.text
    assert "no answer to 'SQL warehouse': nothing was written; --warehouse gives it" in answer.text
    assert not (project.directory / "stacks" / "Pulumi.new.yaml").exists()


def test_flags_answer_everything(project: Project) -> None:
    flags = ("--profile", "local", "--warehouse", project.workspace.warehouse_id)
    flags += ("--catalog", "main", "--schema", f"{project.schema}_flags", "--no-views")
    answer = project.alerts(
        "init", "-s", "new", *flags, "--channel", "me@example.com", env=_environment(project)
    )
    assert answer.status == 0, answer.text
    written = (project.directory / "stacks" / "Pulumi.new.yaml").read_text()
    assert "databricks-alerts:channels:\n  - me@example.com" in written
    assert "alerts up -s new" in answer.out


def test_a_host_and_a_destination_by_its_name(project: Project) -> None:
    workspace = project.workspace
    sdk = WorkspaceClient(profile="local", config_file=str(workspace.config_file))
    name = f"on call {project.schema}"
    made = sdk.notification_destinations.create(
        display_name=name, config=Config(email=EmailConfig(addresses=["a@example.com"]))
    )
    flags = ("--host", workspace.url, "--warehouse", "Local warehouse", "--channel", name)
    flags += ("--catalog", "main", "--schema", f"{project.schema}_host", "--no-views")
    token = {"DATABRICKS_TOKEN": workspace.token}
    answer = project.alerts("init", "-s", "new", *flags, env=token)
    assert answer.status == 0, answer.text
    written = (project.directory / "stacks" / "Pulumi.new.yaml").read_text()
    assert f"databricks:host: {workspace.url}\n" in written
    assert f"databricks-alerts:channels:\n  - {made.id}\n" in written
    assert workspace.token not in written


def test_a_host_takes_the_place_of_a_profile(project: Project) -> None:
    token = {"DATABRICKS_TOKEN": project.workspace.token}
    text = project.settings_file.read_text()
    config_file = f"  databricks:configFile: {project.workspace.config_file}\n"
    project.settings_file.write_text(text.replace(config_file, ""))
    answer = project.alerts(
        "init", "-s", "test", "--no-views", "--host", project.workspace.url, env=token
    )
    assert answer.status == 0, answer.text
    written = project.settings_file.read_text()
    assert "databricks:profile" not in written
    assert f"databricks:host: {project.workspace.url}" in written


def test_views_that_one_may_not_make_name_the_grant(project: Project, tmp_path: Path) -> None:
    assert project.alerts("init", "-s", "test", "--no-views").status == 0
    name = f"viewer-{project.schema}@local.test"
    made = client.add_user(project.workspace, name)
    project.sql(f"GRANT USE CATALOG ON CATALOG main TO `{name}`")
    project.sql(f"GRANT ALL PRIVILEGES ON SCHEMA main.{project.schema} TO `{name}`")
    profile = tmp_path / "databrickscfg"
    profile.write_text(f"[local]\nhost = {project.workspace.url}\ntoken = {made['token']}\n")
    text = project.settings_file.read_text()
    project.settings_file.write_text(text.replace(str(project.workspace.config_file), str(profile)))
    answer = project.alerts("init", "-s", "test")
    assert "was not made" in answer.text
    grants = [line.strip() for line in answer.err.splitlines() if line.startswith("  GRANT ")]
    assert grants, answer.text
    for grant in grants:
        project.sql(grant)  # which is a statement as it stands
    assert grants == list(dict.fromkeys(grants))


def test_without_a_terminal_every_missing_flag_is_named(project: Project) -> None:
    answer = project.alerts("init", "-s", "new", "--catalog", "main")
    assert answer.status == 2
    assert (
        "stacks/Pulumi.new.yaml does not exist (other stacks: test), and there is no terminal to "
        "ask on: give --profile NAME or --host URL, --schema, --warehouse"
    ) in answer.text


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (("--warehouse", "nope"), "--warehouse nope: no such one among the SQL warehouses; there"),
        (
            ("--catalog", "mian"),
            "--catalog mian: no such one among the catalogs; did you mean main?",
        ),
        (("--schema", "a.b"), "--schema a.b: a schema's name has"),
        (("--folder", "Shared"), "--folder Shared: a folder is written from /Workspace"),
        (("--host", "example.com"), "--host example.com: a host is written https://"),
        (("--profile", "x"), "--profile x: no such one among the profiles"),
        (("--channel", "nobody"), "--channel nobody: no such one among the notification"),
    ],
)
def test_a_wrong_flag_is_told_and_nothing_is_written(
    project: Project, flags: tuple[str, str], told: str
) -> None:
    before = project.settings_file.read_text()
    answer = project.alerts("init", "-s", "test", *flags, env=_environment(project))
    assert answer.status == 2, answer.text
    assert told in answer.text
    assert project.settings_file.read_text() == before


def test_what_is_there_keeps_its_comments_and_gets_what_it_lacks(project: Project) -> None:
    text = project.settings_file.read_text()
    open_text = "# Ours.\n" + text.replace(
        f'"{project.workspace.warehouse_id}"', '"set-the-id" # ask Ann\n  # and Ben'
    )
    project.settings_file.write_text(open_text)
    answer = project.alerts("init", "-s", "test", "--no-views")
    assert "Pulumi.test.yaml is not filled in (other stacks: none), and there is no" in answer.text
    assert "give --warehouse" in answer.text
    warehouse = ("--warehouse", project.workspace.warehouse_id)
    answer = project.alerts("init", "-s", "test", "--no-views", *warehouse)
    assert answer.status == 0, answer.text
    after = project.settings_file.read_text()
    assert after == open_text.replace("set-the-id", project.workspace.warehouse_id)


def test_the_passphrase_is_not_asked_for_twice(project: Project) -> None:
    assert PASSPHRASE  # Project.alerts has it in the environment
    answer = project.alerts(
        "init", "-s", "test", "--no-views", "--folder", f"/Workspace/Shared/{project.schema}-b"
    )
    assert answer.status == 0, answer.text
    assert "PULUMI_CONFIG_PASSPHRASE" not in answer.out
