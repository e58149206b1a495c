"""The engine on a real backend: passphrases, salts, locks, other stacks, interrupted state."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from engine_world import World, write_project

from databricks_alerts.engine import DeploymentOptions, DeploymentResult, Engine
from databricks_alerts.engine.errors import LockError, SecretsError
from databricks_alerts.engine.project import load
from databricks_alerts.engine.stack_storage import StackStorage

pytestmark = pytest.mark.slow

PROGRAM = """
a = Thing("a", name="a", token=pulumi.Output.secret("hush"))
pulumi.export("id", a.id)
pulumi.export("token", pulumi.Output.secret("hush"))
"""


def run(
    directory: Path,
    world: World,
    operation: str = "up",
    stack: str = "dev",
    passphrase: str | None = "pass",
) -> DeploymentResult:
    engine = Engine(
        directory,
        stack,
        backend_url=f"file://{directory}",
        passphrase=passphrase,
        provider_loader=world.load,
    )
    result: DeploymentResult = getattr(engine, operation)(DeploymentOptions(), lambda event: None)
    return result


@pytest.fixture
def project(tmp_path: Path) -> Path:
    write_project(tmp_path, PROGRAM)
    return tmp_path


def state_file(project: Path, stack: str = "dev") -> Path:
    return project / ".pulumi" / "stacks" / "proj" / f"{stack}.json"


def test_a_preview_of_a_new_stack_writes_nothing(project: Path) -> None:
    before = sorted(project.iterdir())
    assert run(project, World(), "preview").succeeded
    assert sorted(path for path in project.iterdir() if path.name != "__pycache__") == before


def test_up_writes_a_salt_and_an_encrypted_state_that_the_next_run_reads(project: Path) -> None:
    world = World()
    assert run(project, world).succeeded
    text = state_file(project).read_text()
    assert "hush" not in text
    assert '"ciphertext":"v1:' in text
    assert "encryptionsalt: v1:" in (project / "Pulumi.dev.yaml").read_text()
    assert run(project, world).changes == {"same": 2}
    assert not list((project / ".pulumi" / "locks").rglob("*.json"))


def test_a_wrong_passphrase_stops_before_anything(project: Path) -> None:
    world = World()
    run(project, world)
    before = state_file(project).read_bytes()
    world.calls.clear()
    with pytest.raises(SecretsError):
        run(project, world, passphrase="wrong")
    assert state_file(project).read_bytes() == before
    assert not world.calls


def test_a_locked_stack_is_left_alone(project: Path) -> None:
    world = World()
    run(project, world)
    storage = StackStorage(load(project), "dev", f"file://{project}", "pass")
    with storage.locked(), pytest.raises(LockError):
        run(project, world)
    assert run(project, world, "preview").succeeded


def test_a_stack_reads_another_ones_outputs(project: Path) -> None:
    world = World()
    run(project, world, stack="base")
    write_project(
        project,
        """
base = pulumi.StackReference("organization/proj/base")
pulumi.export("theirs", base.get_output("id"))
pulumi.export("token", base.get_output("token"))
""",
    )
    result = run(project, world)
    assert result.succeeded, result.diagnostics
    assert result.outputs["theirs"] == "id-1"
    assert repr(result.outputs["token"]) == "Secret([secret])"


def test_history_tells_each_update(project: Path) -> None:
    world = World()
    run(project, world)
    run(project, world, "destroy")
    files = sorted((project / ".pulumi" / "history" / "proj" / "dev").glob("*.history.json"))
    records = [json.loads(file.read_text()) for file in files]
    assert [(item["kind"], item["result"]) for item in records] == [
        ("update", "succeeded"),
        ("destroy", "succeeded"),
    ]
    assert records[0]["resourceChanges"] == {"create": 2}
