"""Where a play is played: a folder with a program, and folders of the workspace of its own."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

from databricks.sdk import WorkspaceClient
from databricks.sdk.service.sql import (
    AlertV2,
    AlertV2Evaluation,
    AlertV2Operand,
    AlertV2OperandColumn,
    AlertV2OperandValue,
    ComparisonOperator,
    CronSchedule,
)
from parity_comparison import store_of
from parity_engines import PASSPHRASE

from databricks_alerts.engine.state.secrets import PassphraseSecrets, new_salt
from databricks_alerts.local_workspace.process import Running

PRELUDE = """\
import json, pathlib, pulumi
import pulumi_databricks as databricks

HOME, OTHER, WAREHOUSE = {home!r}, {other!r}, {warehouse!r}
IDS = json.loads(pathlib.Path("ids.json").read_text())
MADE = {{}}

class Group(pulumi.ComponentResource):
    def __init__(self, name):
        super().__init__("parity:index:Group", name)
        self.register_outputs({{}})

def alert(name, title=None, query="SELECT 1 AS value", folder=HOME, value=1.0,
          cron="0 0 8 * * ?", summary=None, tells=(), after=(), **options):
    evaluation = {{
        "source": {{"name": "value"}}, "comparison_operator": "GREATER_THAN",
        "empty_result_state": "OK", "threshold": {{"value": {{"double_value": value}}}},
    }}
    if tells:
        evaluation["notification"] = {{
            "subscriptions": [{{"destination_id": one.id}} for one in tells]}}
    if after:
        options["depends_on"] = [MADE[name] for name in after]
    MADE[name] = databricks.AlertV2(
        name, display_name=title or name, query_text=query, warehouse_id=WAREHOUSE,
        parent_path=folder, evaluation=evaluation, custom_summary=summary,
        schedule={{"quartz_cron_schedule": cron, "timezone_id": "UTC", "pause_status": "PAUSED"}},
        opts=pulumi.ResourceOptions(**options))
    return MADE[name]

def destination(name):
    return databricks.NotificationDestination(
        name, display_name=f"{{name}} of {{HOME}}", config={{"email": {{"addresses": ["a@b.co"]}}}})

def webhook(name, url):
    return databricks.NotificationDestination(
        name, display_name=f"{{name}} of {{HOME}}", config={{"generic_webhook": {{"url": url}}}})

def permissions(name, alert, level):
    return databricks.Permissions(name, alert_v2_id=alert.id, access_controls=[
        {{"group_name": "users", "permission_level": level}}])

def provider(name):
    return databricks.Provider(name, config_file={config_file!r}, profile="local")

"""


class Stage:
    """One folder; `write` puts a program into it, the other methods are somebody outside."""

    def __init__(self, folder: Path, workspace: Running) -> None:
        self.folder = folder
        self._workspace = workspace
        self._client = WorkspaceClient(profile="local", config_file=str(workspace.config_file))
        unique = uuid.uuid4().hex[:10]
        self.home, self.other = (f"/Workspace/Shared/parity_{unique}_{name}" for name in "ab")
        for path in (self.home, self.other):
            self._client.workspace.mkdirs(path)
        folder.mkdir(parents=True)
        (folder / "state").mkdir()
        (folder / "ids.json").write_text("{}")
        (folder / "Pulumi.yaml").write_text(
            "name: parity\nruntime: python\nbackend:\n  url: file://./state\n"
        )
        salt = new_salt(PASSPHRASE)
        url = PassphraseSecrets(salt, PASSPHRASE).encrypt("https://example.com/of-config")
        (folder / "Pulumi.test.yaml").write_text(
            f"encryptionsalt: {salt}\n"
            "config:\n"
            f"  databricks:configFile: {workspace.config_file}\n"
            "  databricks:profile: local\n"
            f"  parity:url:\n    secure: {url}\n"
        )

    def write(self, program: str) -> None:
        """Let this be the program."""
        prelude = PRELUDE.format(
            home=self.home,
            other=self.other,
            warehouse=self._workspace.warehouse_id,
            config_file=str(self._workspace.config_file),
        )
        (self.folder / "__main__.py").write_text(f"{prelude}{program}\n")

    def make(self, *names: str) -> None:
        """Make alerts by hand, as the programs would; their ids are the program's `IDS`."""
        ids = {name: self._made(name) for name in names}
        (self.folder / "ids.json").write_text(json.dumps(ids))

    def edit(self, name: str, *, display_name: str) -> None:
        """Rename a deployed alert by hand."""
        alert = self._client.alerts_v2.get_alert(self.id_of(name))
        alert.display_name = display_name
        self._client.alerts_v2.update_alert(self.id_of(name), alert, "display_name")

    def trash(self, name: str) -> None:
        """Trash a deployed alert by hand."""
        self._client.alerts_v2.trash_alert(self.id_of(name))

    def id_of(self, name: str) -> str:
        """The id of a deployed alert."""
        checkpoint = store_of(self.folder).load()
        assert checkpoint is not None
        return next(item.id for item in checkpoint.resources if item.name == name)

    def _made(self, name: str) -> str:
        answer = self._client.alerts_v2.create_alert(
            AlertV2(
                display_name=name,
                query_text="SELECT 1 AS value",
                warehouse_id=self._workspace.warehouse_id,
                parent_path=self.home,
                evaluation=AlertV2Evaluation(
                    source=AlertV2OperandColumn(name="value"),
                    comparison_operator=ComparisonOperator.GREATER_THAN,
                    threshold=AlertV2Operand(value=AlertV2OperandValue(double_value=1.0)),
                ),
                schedule=CronSchedule(quartz_cron_schedule="0 0 8 * * ?", timezone_id="UTC"),
            )
        )
        assert answer.id is not None
        return answer.id
