"""States go to the pulumi CLI and come back. Skipped where `make pulumi` has not built it."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from databricks_alerts.cli.pulumi_tools import shell_environment, tools_of
from databricks_alerts.engine.state import secrets
from databricks_alerts.engine.state.backend import open_backend
from databricks_alerts.engine.state.checkpoint import Checkpoint, encode
from databricks_alerts.engine.state.history import UpdateRecord
from databricks_alerts.engine.state.resource import ResourceState
from databricks_alerts.engine.state.stack import StackStore
from databricks_alerts.engine.values import Secret

TOOLS = tools_of(Path(__file__).parents[3])
pytestmark = [
    pytest.mark.real_engine,
    pytest.mark.skipif(
        not TOOLS.cli.is_file(),
        reason="the real engine is not built: `make pulumi` builds it where Go is",
    ),
]

ROOT = "urn:pulumi:dev::proj::pulumi:pulumi:Stack::proj-dev"
COMPONENT = "urn:pulumi:dev::proj::my:index:Thing::thing"


class Cli:
    """The pulumi CLI in a project of its own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "Pulumi.yaml").write_text("name: proj\nruntime: yaml\n")
        self.salt = secrets.new_salt("pw")
        (folder / "Pulumi.dev.yaml").write_text(f"encryptionsalt: {self.salt}\n")

    def __call__(self, *arguments: str) -> str:
        environment = {
            **shell_environment(TOOLS, os.environ),
            "HOME": str(self.folder),
            "PULUMI_HOME": str(self.folder / "home"),
            "PULUMI_BACKEND_URL": f"file://{self.folder}",
            "PULUMI_CONFIG_PASSPHRASE": "pw",
        }
        done = subprocess.run(
            ["pulumi", "--non-interactive", *arguments],
            cwd=self.folder,
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert done.returncode == 0, done.stderr + done.stdout
        return done.stdout

    def store(self) -> StackStore:
        backend = open_backend(f"file://{self.folder}", self.folder, {})
        return backend.stack("proj", "dev", passphrase="pw", salt=self.salt)


@pytest.fixture
def cli(tmp_path: Path) -> Cli:
    return Cli(tmp_path)


def save(cli: Cli) -> StackStore:
    store = cli.store()
    inputs = {"text": "Ä <b>\u2028", "n": 3, "half": 2.5, "list": [None, True], "s": Secret([1])}
    store.save(
        Checkpoint(
            "proj",
            "dev",
            [
                ResourceState(ROOT, "pulumi:pulumi:Stack", False, outputs={"s": Secret("x")}),
                ResourceState(
                    COMPONENT,
                    "my:index:Thing",
                    False,
                    inputs=inputs,
                    parent=ROOT,
                    property_dependencies={"text": []},
                    resource_hooks={"afterCreate": ["h"]},
                    created="2026-01-01T00:00:00Z",
                    modified="2026-01-01T00:00:00.5Z",
                ),
            ],
            secrets=store.new_secrets(),
        )
    )
    return store


def test_the_cli_exports_what_the_engine_saved(cli: Cli) -> None:
    store = save(cli)
    assert json.loads(cli("stack", "export", "-s", "dev")) == store.export()
    shown = json.loads(cli("stack", "export", "-s", "dev", "--show-secrets"))
    assert (
        shown["deployment"]["resources"]
        == store.export(show_secrets=True)["deployment"]["resources"]
    )


def test_the_cli_lists_the_stack_and_its_history(cli: Cli) -> None:
    save(cli).add_history(
        UpdateRecord(
            "update",
            1,
            2,
            "succeeded",
            "why",
            config={"proj:a": "b"},
            resource_changes={"create": 2},
        )
    )
    assert json.loads(cli("stack", "ls", "--json"))[0]["resourceCount"] == 2
    (update,) = json.loads(cli("stack", "history", "-s", "dev", "--json"))
    assert (update["kind"], update["message"], update["result"]) == ("update", "why", "succeeded")
    assert update["config"] == {"proj:a": {"value": "b", "secret": False}}


def test_what_the_cli_imported_is_written_back_as_it_is(cli: Cli) -> None:
    store = save(cli)
    exported = cli.folder / "export.json"
    exported.write_text(json.dumps(store.export()))
    cli("stack", "import", "-s", "dev", "--file", str(exported))
    written = (cli.folder / ".pulumi/stacks/proj/dev.json").read_bytes()
    again = store.load()
    assert again is not None
    # The import escapes <, > and & as HTML would need; its updates do not.
    assert encode(again) == json.loads(written)
    assert again.resources[1].inputs["s"] == Secret([1])


def test_the_cli_respects_the_engines_lock_and_cancels_it(cli: Cli) -> None:
    store = save(cli)
    with store.lock():
        assert len(store.locks()) == 1
        cli("cancel", "-s", "dev", "--yes")
        assert store.locks() == []
