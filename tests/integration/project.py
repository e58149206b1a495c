"""A project folder of its own for a test: the real program on a schema that nobody else uses."""

from __future__ import annotations

import contextlib
import io
import json
import os
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

from databricks import sql
from databricks.sdk import WorkspaceClient

from databricks_alerts.cli import app
from databricks_alerts.local_workspace.process import Running
from databricks_alerts.packs.loader import load_pack
from databricks_alerts.packs.model import Pack

ROOT = Path(__file__).parents[2]
PASSPHRASE = "correct horse battery staple"
# The workspace is on loopback by http: the connector reads all authorities' certificates twice for
# each connection, a tenth of a second, for nothing.
NO_AUTHORITIES = {"SSL_CERT_FILE": os.devnull}


@dataclass
class Answer:
    """What a command printed, and its exit status."""

    status: int
    out: str
    err: str

    @property
    def text(self) -> str:
        """Both streams on one line, as a search wants them."""
        return " ".join((self.out + " " + self.err).split())


@dataclass
class Project:
    """A folder with Pulumi.yaml, the program and one stack `test` on the local workspace."""

    directory: Path
    workspace: Running
    schema: str

    @property
    def settings_file(self) -> Path:
        """The stack's settings."""
        return self.directory / "stacks" / "Pulumi.test.yaml"

    @property
    def state_file(self) -> Path:
        """The stack's checkpoint."""
        folder = self.directory / ".alerts/state/.pulumi/stacks/databricks-alerts"
        return folder / "test.json"

    def alerts(self, *arguments: str, env: dict[str, str] | None = None) -> Answer:
        """Run `alerts …` in this process, as the command line would."""
        out, err, status = io.StringIO(), io.StringIO(), 0
        environment = {**os.environ, **NO_AUTHORITIES, "PULUMI_CONFIG_PASSPHRASE": PASSPHRASE}
        environment |= {"COLUMNS": "200", **(env or {})}
        with (
            mock.patch("sys.argv", ["alerts", *arguments]),
            mock.patch.dict(os.environ, environment, clear=True),
            contextlib.chdir(self.directory),
            contextlib.redirect_stdout(out),
            contextlib.redirect_stderr(err),
        ):
            try:
                app.main()
            except SystemExit as stop:
                status = stop.code if isinstance(stop.code, int) else 1
        return Answer(status, out.getvalue(), err.getvalue())

    def deploy(self, *arguments: str) -> Answer:
        """`alerts up` on this stack with the embedded engine, at once: a preview takes as long."""
        return self.up("--skip-preview", *arguments)

    def up(self, *arguments: str) -> Answer:
        """`alerts up` on this stack with the embedded engine, as people run it."""
        return self.alerts("up", "-s", "test", "--yes", "--engine", "embedded", *arguments)

    def preview(self, *arguments: str) -> Answer:
        """`alerts preview` on this stack with the embedded engine."""
        return self.alerts("preview", "-s", "test", "--engine", "embedded", *arguments)

    def sql(self, statement: str) -> list[tuple[object, ...]]:
        """One statement by databricks-sql-connector, as an analyst sends it."""
        url, warehouse = self.workspace.url, self.workspace.warehouse_id
        with (
            mock.patch.dict(os.environ, NO_AUTHORITIES),
            sql.connect(
                server_hostname="127.0.0.1",
                http_path=f"/sql/1.0/warehouses/{warehouse}",
                access_token=self.workspace.token,
                _connection_uri=f"{url}/sql/1.0/warehouses/{warehouse}",
                enable_telemetry=False,
                schema=self.schema,
                catalog="main",
            ) as connection,
            connection.cursor() as cursor,
        ):
            cursor.execute(statement)
            return [tuple(row) for row in cursor.fetchall()]

    def keep_rules(self, *alert_ids: str) -> None:
        """Delete all other rules, so that a test deploys little."""
        listed = ", ".join(f"'{key}'" for key in alert_ids)
        self.sql(f"DELETE FROM alert_configurations WHERE alert_id NOT IN ({listed})")

    def set_config(self, key: str, value: str) -> None:
        """Add one line to the stack's configuration."""
        text = self.settings_file.read_text(encoding="utf-8")
        line = f"config:\n  databricks-alerts:{key}: {value}\n"
        self.settings_file.write_text(text.replace("config:\n", line, 1), encoding="utf-8")


def make_project(directory: Path, workspace: Running) -> Project:
    """A project in `directory`, its tables not made yet."""
    schema = f"gold_{uuid.uuid4().hex[:8]}"
    (directory / "stacks").mkdir(parents=True)
    (directory / "Pulumi.yaml").write_text(
        "name: databricks-alerts\nruntime: python\nstackConfigDir: stacks\n"
        "backend:\n  url: file://./.alerts/state\n"
    )
    for name in ("__main__.py", "packs"):
        (directory / name).symlink_to(ROOT / name)
    project = Project(directory, workspace, schema)
    project.settings_file.write_text(
        "config:\n"
        f"  databricks:configFile: {workspace.config_file}\n"
        "  databricks:profile: local\n"
        "  databricks-alerts:catalog: main\n"
        f"  databricks-alerts:goldSchema: {schema}\n"
        f'  databricks-alerts:warehouseId: "{workspace.warehouse_id}"\n'
        f"  databricks-alerts:parentPath: /Workspace/Shared/{schema}\n"
    )
    return project


@cache
def _pack(folder: Path) -> Pack:
    """A pack of the repository's, read once: to place its faults takes a third of a second."""
    return load_pack(folder)


@contextlib.contextmanager
def seeded_project(directory: Path, workspace: Running) -> Iterator[Project]:
    """A project whose tables hold the pack health_monitor, over views of the system tables."""
    project = make_project(directory, workspace)
    with (
        mock.patch("databricks_alerts.cli.commands.seed.is_sandbox", return_value=True),
        mock.patch(
            "databricks_alerts.cli.commands.seed.load_pack", lambda folder: _pack(folder.resolve())
        ),
    ):
        for arguments in (("init", "-s", "test"), ("seed", "health_monitor", "-s", "test")):
            answer = project.alerts(*arguments)
            assert answer.status == 0, answer.text
    yield project


def bodies(project: Project) -> dict[str, Any]:
    """The alerts of the project as the API has them, without what time does to them."""
    sdk = WorkspaceClient(profile="local", config_file=str(project.workspace.config_file))
    root = f"/Workspace/Shared/{project.schema}"
    return {
        str(alert.id): alert.as_dict() | {"update_time": ""}
        for alert in sdk.alerts_v2.list_alerts()
        if str(alert.parent_path).startswith(root)
    }


def imported(project: Project, *arguments: str) -> dict[str, dict[str, str]]:
    """What `alerts import` says of each alert, by its name."""
    answer = project.alerts("import", "-s", "test", "--json", *arguments)
    assert answer.status == 0, answer.text
    return {item["display_name"]: item for item in json.loads(answer.out)}
